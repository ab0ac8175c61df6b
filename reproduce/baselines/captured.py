"""A step of training on a GPU, recorded once as a CUDA graph and then replayed.

Networks as small as these keep a GPU waiting for Python to launch its kernels; replaying them together
takes a fraction of that time. The numbers are those of the step that was recorded.
"""

from collections.abc import Callable, Iterable
from threading import Lock

import torch
from torch import Tensor

WARM_UP = 3
"""Steps that are run one kernel at a time before one is recorded: the first ones allocate and choose."""
_RECORDING = Lock()
"""PyTorch records one graph at a time."""

Step = Callable[[Tensor, Tensor], None]
"""What is done with a batch, inputs and labels: kernels on the current stream, and nothing read back."""


class Captured:
    """`step`, replayed for all batches of the first one's shape. Call it on one stream only.

    What else it reads or changes has to stay where it is: parameters, and numbers that are tensors.
    """

    def __init__(self, step: Step, generators: Iterable[torch.Generator] = ()):
        self.step, self.generators = step, list(generators)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.batch: tuple[Tensor, Tensor] | None = None
        self.steps = 0

    def __call__(self, inputs: Tensor, labels: Tensor) -> None:
        """Take one step."""
        self.steps += 1
        if self.batch is None:
            self.batch = inputs.clone(), labels.clone()
        if self.batch[1].shape != labels.shape or self.steps <= WARM_UP:
            self.step(inputs, labels)
            return
        for kept, new in zip(self.batch, (inputs, labels), strict=True):
            kept.copy_(new)
        if self.graph is None:
            self.graph = self._recorded(*self.batch)
        self.graph.replay()

    def _recorded(self, inputs: Tensor, labels: Tensor) -> torch.cuda.CUDAGraph:
        """The graph of the step on these tensors. Recording does not run it."""
        graph = torch.cuda.CUDAGraph()
        for generator in self.generators:
            graph.register_generator_state(generator)
        stream = torch.cuda.current_stream()
        with (
            _RECORDING,
            torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"),
        ):
            self.step(inputs, labels)
        return graph
