"""The demo on ZeroGPU, which starts no program without a function for the GPU: an empty one does."""

import runpy

import spaces  # before PyTorch, or it refuses to work


@spaces.GPU  # type: ignore[untyped-decorator]
def nothing() -> None:
    """A network of 60,000 weights is as fast without."""


if __name__ == "__main__":
    runpy.run_path("app.py", run_name="__main__")
