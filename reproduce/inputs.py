"""Images made the network's input in all usual ways: the error on MNIST's test digits, or the refusal.

The usual transforms of torchvision, arrays of other libraries, our own `transforms()`, each followed by
`classify`, and by other ways to an answer. Writes inputs.json and .md.

On two cores it takes a minute.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import Image
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor
from torchvision import transforms as tv

from paper_lenet5 import LeNet5, preprocess
from paper_lenet5.preprocessing import BLACK, WHITE

from .rows import datasets
from .running.record import versions
from .writing import options, tables

OURS = LeNet5.transforms()


class Way(NamedTuple):
    """One way from stored images to an answer."""

    made: str
    """How the input is made, in words."""
    of: Callable[[Tensor], Any]
    """It, of images uint8 (N, 28, 28)."""
    through: bool = False
    """Whether `transforms()` comes behind."""


def each(*steps: Any) -> Callable[[Tensor], Tensor]:
    """What transforms of torchvision make of the images, one by one, from Pillow's on."""
    made = tv.Compose(steps)
    return lambda images: torch.stack([made(Image.fromarray(one.numpy())) for one in images])


MNIST_MEAN = tv.Normalize(0.1307, 0.3081)
HALF = tv.Normalize(0.5, 0.5)
LEVELS = tv.Normalize(-WHITE / (BLACK - WHITE), 1 / (BLACK - WHITE))
WAYS = (
    Way("images of Pillow, `transform=` of a dataset", each(OURS)),
    Way("uint8 (N, 28, 28)", lambda images: images, True),
    Way("uint8 (N, 1, 28, 28)", lambda images: images[:, None], True),
    Way("an array (N, 28, 28, 1), as Keras has it", lambda images: images.numpy()[..., None], True),
    Way("floats 0 … 255 (N, 784), as scikit-learn has them", lambda i: i.double().flatten(1), True),
    Way("ToTensor: 255ths of 1", each(tv.ToTensor()), True),
    Way("ToTensor, Normalize(0.1307, 0.3081)", each(tv.ToTensor(), MNIST_MEAN), True),
    Way("ToTensor, Normalize(0.5, 0.5)", each(tv.ToTensor(), HALF), True),
    Way("ToTensor, Resize(32): levels in between", each(tv.ToTensor(), tv.Resize(32)), True),
    Way("dark ink on bright paper", lambda images: 255 - images, True),
    Way("Resize(32) in place of the margin", each(tv.Resize(32), OURS)),
    Way("`preprocess`", preprocess),
    Way(f"Pad(2), ToTensor, Normalize({LEVELS.mean:.3g}, {LEVELS.std:.3g})",
        each(tv.Pad(2), tv.ToTensor(), LEVELS)),
    Way("ToTensor", each(tv.ToTensor())),
    Way("ToTensor, Pad(2)", each(tv.ToTensor(), tv.Pad(2))),
    Way("Resize(32), ToTensor", each(tv.Resize(32), tv.ToTensor())),
    Way("ToTensor, Normalize(0.5, 0.5), Pad(2)", each(tv.ToTensor(), HALF, tv.Pad(2))),
    Way("Pad(2), ToTensor, Normalize(0.5, 0.5)", each(tv.Pad(2), tv.ToTensor(), HALF)),
    Way("ToTensor, Normalize(0.1307, 0.3081), Pad(2)", each(tv.ToTensor(), MNIST_MEAN, tv.Pad(2))),
    Way("Pad(2), ToTensor, Normalize(0.1307, 0.3081)", each(tv.Pad(2), tv.ToTensor(), MNIST_MEAN)),
    Way("PILToTensor, Pad(2), as floats 0 … 255", each(tv.PILToTensor(), tv.Pad(2), Tensor.float)),
    Way("`preprocess(255 - images)`", lambda images: preprocess(255 - images)),
)  # fmt: skip
ANSWERS: dict[str, Callable[[LeNet5, Tensor], Tensor]] = {
    "`model.classify(x)`": lambda model, x: model.classify(x),
    "`model(x).argmin(1)`": lambda model, x: model(x).argmin(1),
    "`model.logits(x).argmax(1)`": lambda model, x: model.logits(x).argmax(1),
    "`model.posterior(x).argmax(1)`, which may be none of these":
        lambda model, x: model.posterior(x).argmax(1),
    "`model(x).argmax(1)`: the largest penalty": lambda model, x: model(x).argmax(1),
}  # fmt: skip
"""Ways to an answer, from what `transforms()` gives."""


@torch.inference_mode()
def errors(answer: Callable[[Tensor], Tensor], x: Tensor, labels: Tensor) -> float:
    """How many of a hundred are answered wrongly."""
    wrong = torch.cat([answer(some) for some in x.split(1000)]) != labels
    return 100 * int(wrong.sum()) / len(labels)


def tried(model: LeNet5, way: Way, images: Tensor, labels: Tensor) -> dict[str, Any]:
    """The error, or what is said; and the error of what is refused, if it is taken all the same."""
    line: dict[str, Any] = {"input": way.made, "transforms": way.through}
    try:
        x = way.of(images)
        x = OURS(x) if way.through else x
        return line | {"error": errors(model.classify, x, labels)}
    except ValueError as error:
        line["said"] = str(error)
    try:
        taken = errors(lambda some: model.classify(some, check=False), way.of(images), labels)
    except ValueError:
        return line  # it is not even of the network's shape
    return line | {"all the same": taken}


def measured(images: Tensor, labels: Tensor) -> dict[str, Any]:
    """What becomes of the images, by the way to the input and by the way to the answer."""
    model, x = LeNet5.from_pretrained(), OURS(images)
    answers = {name: errors(partial(of, model), x, labels) for name, of in ANSWERS.items()}
    return {"inputs": [tried(model, way, images, labels) for way in WAYS], "answers": answers}


def words(results: Path) -> str:
    """The two tables of what is recorded."""
    record = json.loads((results / "inputs.json").read_text(encoding="utf-8"))
    inputs = [
        {
            "images": line["input"],
            "to": "`transforms()`" if line["transforms"] else "`classify`",
            "test error, or what is said": f"{line['error']:.2f} %"
            if "error" in line
            else line["said"],
            "taken all the same": f"{line['all the same']:.2f} %" if "all the same" in line else "",
        }
        for line in record["inputs"]
    ]
    answers = [
        {"answer": name, "test error": f"{error:.2f} %"}
        for name, error in record["answers"].items()
    ]
    training = record["training"]
    return (
        f"{tables.markdown(inputs)}\n{tables.markdown(answers)}\n"
        f"The inputs of all training images have the mean {training['mean']:.2f} and the variance "
        f"{training['variance']:.2f}; the paper has them roughly 0 and 1 (section II-B).\n"
    )


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked."""
    return options.parser("inputs", __doc__ or "").parse_args(argv)


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and write the record and its tables."""
    args, console = arguments(argv), Console(highlight=False, markup=False)
    dataset = datasets.load(args.data)
    found = measured(dataset.test.images, dataset.test.labels)
    pixels = dataset.train.inputs.double()
    training = {"mean": pixels.mean().item(), "variance": pixels.var().item()}
    record = {"dataset": dataset.name, "sha256": dataset.sha256, **found, "training": training,
              "versions": versions()}  # fmt: skip
    tables.write_measured("inputs", __doc__, record, words, args.out)
    console.print(Markdown(words(args.out)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
