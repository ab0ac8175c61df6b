"""For transformers: `pipeline("image-classification", model=..., trust_remote_code=True)`.

Needs the package paper-lenet5, which finds the digit in a picture as well.
"""

from typing import Any

import torch
from transformers import PretrainedConfig, PreTrainedModel
from transformers.image_processing_utils import BaseImageProcessor, BatchFeature
from transformers.modeling_outputs import ImageClassifierOutput

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.modern import ModernNet
from paper_lenet5.pictures import read_picture


class DigitConfig(PretrainedConfig):  # type: ignore[misc]
    """config.json says by `architectures` which network it is."""

    model_type = "paper-lenet5"


class DigitClassifier(PreTrainedModel):  # type: ignore[misc]
    """One of the networks, with scores of which the largest wins."""

    config_class = DigitConfig
    main_input_name = "pixel_values"
    base_model_prefix = "network"

    def __init__(self, config: DigitConfig):
        super().__init__(config)
        modern = config.architectures == ["ModernNet"]
        with torch.device("cpu"):  # the connections of C3 are made here, and not loaded
            self.network = ModernNet() if modern else LeNet5()
        self.sign = 1 if modern else -1  # of penalties the smallest wins
        self.post_init()

    def _init_weights(self, module: torch.nn.Module) -> None:
        """All weights are loaded."""

    def forward(self, pixel_values: torch.Tensor, **_: Any) -> ImageClassifierOutput:
        """(N, 1, 32, 32) to logits (N, 10)."""
        return ImageClassifierOutput(logits=self.sign * self.network(pixel_values))


class DigitProcessor(BaseImageProcessor):  # type: ignore[misc]
    """Finds the digit in a picture of any size and colours, and fits it in as MNIST's are."""

    def preprocess(self, images: Any, **_: Any) -> BatchFeature:
        """Pictures of Pillow, one or several, to pixel_values (N, 1, 32, 32)."""
        pictures = images if isinstance(images, list) else [images]
        patterns = torch.stack([read_picture(picture) for picture in pictures])
        return BatchFeature({"pixel_values": preprocess(patterns)})
