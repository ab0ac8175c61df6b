"""Trained networks: load and save them.

One way for all: the weights in the package, a folder, a repository on the Hugging Face Hub. Weights
are safetensors, never a pickle. Beside them lies a config.json with the network's options, what its
input is made by and which of its scores is the answer, the version of this form and the SHA-256 of the
weights, so that nothing damaged or foreign is taken for the network.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

import torch
from huggingface_hub import ModelCard, PyTorchModelHubMixin
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from .files import write_whole
from .hub import Repository, WeightsUnavailable
from .transform import Transform

WEIGHTS = Path(__file__).parent / "weights"
CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
FORMAT_VERSION = 1
"""The version of config.json that is written, and the only one that is read."""

OF_OTHERS = {"auto_map", "dtype", "id2label", "label2id", "model_type", "transformers_version"}
"""Entries of config.json that are for transformers, and say nothing of the network."""
IN_PLACE = (
    (b"version https://git-lfs", "a Git LFS pointer", "git lfs pull"),
    (b"<!doctype", "a web page", "download the file itself"),
    (b"<html", "a web page", "download the file itself"),
)
"""How files begin that lie where weights should, what they are, and what to do."""

CARD = """---
{{ card_data }}
---

# {{ network }}

A network saved by paper-lenet5, which rebuilds [LeNet-5](https://doi.org/10.1109/5.726791).
{%- if classes %} It tells {{ classes | length }} classes apart: {{ classes | join(", ") }}.{% endif %}
{%- if answer == "smallest" %} It gives a penalty for each class, and the **smallest** wins.
{%- elif answer %} It gives a score for each class, and the **largest** wins.{% endif %}
{% if network == "LeNet5" %}
```python
from paper_lenet5 import LeNet5

model = LeNet5.from_pretrained("OWNER/NAME")  # this repository, or a folder
x = model.transforms()(images)  # uint8 (N, 28, 28), ink 255 on paper 0
print([model.classes[answer] for answer in model.classify(x)])
```
{% endif %}"""
"""The README.md of a saved network. Its license, its data and its errors are for its owner to say."""

Answer = Literal["smallest", "largest"]
AnyNetwork = TypeVar("AnyNetwork", bound="Pretrained")


class WeightsUnusable(ValueError):
    """Weights or config.json are damaged, or of something else; the message says what to do."""


@dataclass(frozen=True)
class Folder:
    """A folder that `save_pretrained` wrote."""

    folder: Path

    remedy: ClassVar[str] = "save it again"

    def path(self, file: str) -> Path:
        """Where the file lies. Raises WeightsUnavailable."""
        if not (self.folder / file).is_file():
            raise WeightsUnavailable(
                f"{self.folder} has no {file}, so it is no network that paper_lenet5 saved (it "
                "loads safetensors and never a pickle): choose a folder of save_pretrained"
            )
        return self.folder / file


class _Described(NamedTuple):
    """What config.json, or the package, says of a network."""

    options: object
    preprocessing: Transform | None
    sha256: str | None
    """Of the weights, if it is there."""


class _Transforms:
    """A method of a network, and of its class where there is no network yet."""

    def __get__(
        self, network: "Pretrained | None", kind: "type[Pretrained]"
    ) -> Callable[[], Transform]:
        preprocessing = (kind if network is None else network).preprocessing
        if preprocessing is None:
            raise AttributeError(f"{kind.__name__} takes no images")

        def transforms() -> Transform:
            """What makes the network's input of images of any usual kind."""
            return preprocessing

        return transforms


class Pretrained(
    nn.Module,
    PyTorchModelHubMixin,
    library_name="paper-lenet5",
    pipeline_tag="image-classification",
    model_card_template=CARD,
    tags=["lenet"],
):
    """A network with `from_pretrained`, `save_pretrained` and `push_to_hub`.

    A subclass may say which dataclass of `options` describes its networks, each of which then keeps
    its own as self.config and is made by `of` from them; and what is `shipped` with the package.
    """

    architecture: ClassVar[str | None] = None
    """What config.json calls it, if not by the name of the class."""
    config: Any
    """The options of this network, where its class has any."""
    options: ClassVar[type | None] = None
    """A dataclass of strings and numbers that raises ValueError for values it does not know."""
    shipped: ClassVar[Mapping[str, str]] = {}
    """The SHA-256 of weights/NAME.safetensors by name."""
    shipped_options: ClassVar[Mapping[str, object]] = {}
    """The options of those that have not the standard ones."""
    preprocessing: Transform | None = None
    """What makes its input of images, for a network of images."""
    answer: ClassVar[Answer | None] = None
    """Which of its scores is the answer."""
    transforms = _Transforms()
    """`transforms()`, of the class or of a network, is what makes its input of images of any usual
    kind, as torchvision's weights have it."""

    @classmethod
    def of(cls: type[AnyNetwork], options: Any) -> AnyNetwork:
        """A new network with these `options`; None stands for the standard ones."""
        return cls() if options is None else cls(options)

    @classmethod
    def from_pretrained(  # type: ignore[override]  # no options of the network: config.json has them
        cls: type[AnyNetwork],
        name: str | os.PathLike[str] | None = None,
        *,
        revision: str | None = None,
        map_location: str | torch.device = "cpu",
        force_download: bool = False,
        local_files_only: bool = False,
        cache_dir: str | Path | None = None,
        token: str | bool | None = None,
    ) -> AnyNetwork:
        """The trained network of that name, in eval mode.

        `name` is one of `shipped`, by default the first, which needs no download; or a folder; or
        "owner/name", a repository on the Hub, there at a branch, tag or commit `revision`. A cached
        copy of a repository is used if there is one; `force_download=True` fetches the newest.

        Raises ValueError for a name that is none of these, WeightsUnavailable, WeightsUnusable.
        """
        name = next(iter(cls.shipped), "") if name is None else name
        in_package = name if isinstance(name, str) and name in cls.shipped else None
        is_folder = os.path.isdir(name)
        if in_package is None and os.path.isfile(name):
            raise ValueError(f"{name} is a file: give the folder that it lies in")
        if revision is not None and (in_package or is_folder):
            raise ValueError(f"{name} is no repository on the Hub: leave out the revision")
        if in_package is not None:
            described = _Described(
                cls.shipped_options.get(in_package), cls.preprocessing, cls.shipped[in_package]
            )
            path, remedy = WEIGHTS / f"{in_package}.safetensors", "install paper-lenet5 again"
        elif is_folder or Repository.names(str(name)):
            download = (revision, force_download, local_files_only, cache_dir, token)
            source = Folder(Path(name)) if is_folder else Repository(str(name), *download)
            described = cls._read_config(source.path(CONFIG_FILE), source.remedy)
            path, remedy = source.path(WEIGHTS_FILE), source.remedy
        else:
            raise ValueError(
                f"no weights named {str(name)!r} in the package ({', '.join(cls.shipped)}): give "
                'one of these, a folder that exists, or "owner/name" of a repository on the Hub'
            )
        state = _read_weights(path, described.sha256, remedy)
        with torch.random.fork_rng(devices=[]):  # to draw weights that are not kept
            network = cls._described(described.options, path.with_name(CONFIG_FILE), remedy)
        misfits = _misfits(network.state_dict(), state)
        if misfits:
            raise WeightsUnusable(f"{path} does not fit {cls.__name__} ({misfits}): {remedy}")
        network.load_state_dict(state)
        lost = [name for name, value in state.items() if not value.isfinite().all()]
        if lost:
            raise WeightsUnusable(f"{path} has values in {', '.join(lost)} that are no numbers: "
                                  "its network was lost in training, train it again")  # fmt: skip
        network.preprocessing = described.preprocessing
        return network.to(map_location).eval()

    @classmethod
    def _described(cls: type[AnyNetwork], options: object, path: Path, remedy: str) -> AnyNetwork:
        """A new network as `of` makes it. Raises WeightsUnusable where the options do not allow one."""
        try:
            return cls.of(options)
        except WeightsUnusable:
            raise
        except ValueError as error:
            raise WeightsUnusable(f"{path}: {error}; {remedy}") from None

    def _save_pretrained(self, save_directory: Path) -> None:
        """Called by the mixin's `save_pretrained`. The same weights give the same bytes."""
        # No metadata: two entries of it would come in random order.
        weights = save({name: tensor.contiguous() for name, tensor in self.state_dict().items()})
        config = {
            "architectures": [self.architecture or type(self).__name__],
            **(asdict(self.config) if self.options else {}),
            **self._images_and_answers(),
            "format_version": FORMAT_VERSION,
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
        }
        write_whole(save_directory / WEIGHTS_FILE, weights)
        write_whole(save_directory / CONFIG_FILE, json.dumps(config, indent=2).encode() + b"\n")

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """Called by the mixin where there is no README.md yet."""
        about = {"network": type(self).__name__, "answer": self.answer}
        classes = getattr(self.config, "classes", ()) if self.options else ()
        return super().generate_model_card(*args, **about, classes=classes, **kwargs)

    def _images_and_answers(self) -> dict[str, object]:
        """What config.json says of a network's input and of its answer, if it takes images."""
        if self.preprocessing is None:
            return {}
        return {"preprocessing": asdict(self.preprocessing), "answer": self.answer}

    @classmethod
    def _read_config(cls, path: Path, remedy: str) -> "_Described":
        """What config.json says of a network of this class. Raises WeightsUnusable."""
        try:
            config = json.loads(path.read_bytes())
            version, sha256 = config.pop("format_version"), config.pop("weights_sha256", None)
            network = config.pop("architectures")
        except (ValueError, RecursionError) as error:
            raise WeightsUnusable(f"{path} is not JSON ({error}): {remedy}") from None
        except (AttributeError, KeyError, TypeError):
            raise WeightsUnusable(
                f"{path} has not the entries that paper_lenet5 writes, so it is of something else: "
                "choose another folder or repository"
            ) from None
        if version != FORMAT_VERSION:
            raise WeightsUnusable(
                f"{path} has format_version {version!r}, and this paper_lenet5 reads "
                f"{FORMAT_VERSION}: pip install --upgrade paper-lenet5"
            )
        if network != [cls.architecture or cls.__name__]:
            raise WeightsUnusable(
                f"{path} is of {network}: load it with the from_pretrained of that class and not of "
                f"{cls.__name__}"
            )
        config = {name: value for name, value in config.items() if name not in OF_OTHERS}
        known = {field.name for field in fields(cls.options)} if cls.options else set()
        known |= {"preprocessing", "answer"} if cls.preprocessing else set()
        if config.keys() != known:
            raise WeightsUnusable(
                f"{path} has the options {sorted(config)} instead of {sorted(known)}: {remedy}"
            )
        try:
            preprocessing = Transform(**config.pop("preprocessing")) if cls.preprocessing else None
            if config.pop("answer", None) != cls.answer:
                raise ValueError(f"expected the {cls.answer} score as answer")
            options = cls.options(**config) if cls.options else None
        except (TypeError, ValueError) as error:
            raise WeightsUnusable(f"{path}: {error}; {remedy}") from None
        return _Described(options, preprocessing, sha256)


def _read_weights(path: Path, sha256: str | None, remedy: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name. Raises WeightsUnusable unless its digest fits.

    That is the digest of the bytes that `save` makes of the tensors, whatever program wrote the file.
    Where there is none, any tensors are taken.
    """
    content = path.read_bytes()
    for start, kind, instead in IN_PLACE:
        if content.lstrip()[: len(start)].lower() == start:
            raise WeightsUnusable(f"{path} is {kind} and not the weights: {instead}")
    digest = hashlib.sha256(content).hexdigest()
    try:
        tensors = load(content)
        fits = sha256 in (None, digest, hashlib.sha256(save(tensors)).hexdigest())
    except SafetensorError as error:
        if sha256 in (None, digest):
            raise WeightsUnusable(f"{path} is no safetensors file ({error}): {remedy}") from None
        fits = False
    if not fits:
        raise WeightsUnusable(
            f"{path} is damaged or has other weights (SHA-256 {digest[:16]}…, expected "
            f"{str(sha256)[:16]}…): {remedy}, or, if you changed them, take weights_sha256 out of "
            f"{CONFIG_FILE}"
        )
    return tensors


def _misfits(own: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> str:
    """Where the two differ in names, shapes or kinds of number, in words; else nothing."""
    words = [f"no {name}" for name in own.keys() - other.keys()]
    words += [f"an unknown {name}" for name in other.keys() - own.keys()]
    words += [
        f"{name} is {tuple(other[name].shape)} instead of {tuple(own[name].shape)}"
        for name in own.keys() & other.keys()
        if own[name].shape != other[name].shape
    ]
    words += [
        f"{name} is {other[name].dtype} instead of {own[name].dtype}"
        for name in own.keys() & other.keys()
        if own[name].is_floating_point() != other[name].is_floating_point()
    ]
    return ", ".join(sorted(words))
