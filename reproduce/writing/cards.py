"""What publish sends: a folder for each network, with its card.

Each network is a repository of its own. That is what users of the Hub expect: one repository is one
`from_pretrained`, one card with one model-index, one count of downloads, and tags of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from paper_lenet5.lenet5 import LeNet5
from paper_lenet5.modern import ModernNet
from paper_lenet5.preprocessing import BLACK, WHITE
from paper_lenet5.pretrained import Pretrained

from ..measures.statistics import error_of, percent
from ..rows.recipes import LENET5, LENET5_DISTORTIONS, MODERN, NOISE
from ..rows.row import AnyRow, Record
from ..running.errors import NotWhole
from ..running.record import to_json
from ..running.runs import Runs, recorded

TAG = f"v{version('paper-lenet5')}"
SPACE = "lenet5"
"""The name of the demo on the Hub."""
_HERE = Path(__file__).parent


class NotReady(Exception):
    """Something that has to be published is not there; the message says what."""


@dataclass(frozen=True)
class Published:
    """A network that is published: that of seed 0 of a row."""

    repo: str
    """The repository's name on the Hub."""
    row: AnyRow
    kind: type[Pretrained]
    about: str
    smallest: bool = True
    """Whether the smallest score wins, or the largest."""


PUBLISHED = (
    Published("lenet5-1998", LENET5, LeNet5,
            "LeNet-5 as it was printed in 1998: scaled tanh, trainable subsampling, the connection "
            "table of C3, a Euclidean RBF output layer on stylised bitmaps, trained one pattern at a "
            "time by stochastic diagonal Levenberg-Marquardt."),
    Published("lenet5-1998-distortions", LENET5_DISTORTIONS, LeNet5,
            "LeNet-5 as it was printed in 1998, trained with random planar affine distortions "
            "(section III-B): nine of each training pattern beside the original."),
    Published("lenet5-1998-noise", NOISE, LeNet5,
            "LeNet-5 as it was printed in 1998, trained with 10 % of the pixels of each pattern "
            "inverted (section III-E, Fig. 13), anew in every pass. The errors are on clean patterns."),
    Published("lenet5-size-modern", MODERN[-1], ModernNet,
            "Not of 1998: what a network with no more parameters than LeNet-5 does by today's means. "
            "Batch normalisation, residual blocks, global average pooling, trained with distortions.",
            smallest=False),
)  # fmt: skip


def model_folder(network: Published, namespace: str, runs: Runs, folder: Path) -> None:
    """Write config.json, model.safetensors and README.md. Raises NotReady."""
    try:
        records = recorded(network.row, runs)
    except NotWhole as error:
        raise NotReady(str(error)) from error
    if network.row.name not in network.kind.shipped:
        raise NotReady(f"there are no weights named {network.row.name} in the package")
    if not records or records[0]["seed"] != 0:
        raise NotReady(f"{runs.folder} has no record of seed 0 of {network.row.name}")
    if network.kind.shipped[network.row.name] != records[0]["weights_sha256"]:
        raise NotReady(f"the weights in the package are not those of {records[0]['name']}")
    folder.mkdir(parents=True, exist_ok=True)
    card(network, namespace, records).save(folder / "README.md")
    network.kind.from_pretrained(network.row.name).save_pretrained(folder)


def card(network: Published, namespace: str, records: Sequence[Record]) -> ModelCard:
    """The card of the first record's network, with model-index. All numbers are the records'."""
    first, over_seeds = records[0], error_of(records)
    data = first["dataset"]
    title = network.row.title[0].upper() + network.row.title[1:]
    error, mean = round(percent(first), 4), round(float(over_seeds["test_error"]), 4)
    spread = {name: round(float(over_seeds[name]), 4) for name in ("test_sd", "ci_low", "ci_high")}
    on_mnist: dict[str, Any] = {"task_type": "image-classification", "dataset_type": "ylecun/mnist",
                "dataset_name": "MNIST", "dataset_config": "mnist", "dataset_split": "test"}  # fmt: skip
    results = [
        EvalResult(metric_type="accuracy", metric_value=round(100 - error, 4),
                   metric_name="Accuracy (%)", **on_mnist),
        EvalResult(metric_type="test_error", metric_value=error, metric_name="Test error (%)",
                   **on_mnist),
        EvalResult(metric_type="test_error_mean", metric_value=mean,
                   metric_name=f"Test error (%), mean of {len(records)}", **on_mnist,
                   metric_args={"n": len(records), **(spread if len(records) > 1 else {})}),
    ]  # fmt: skip
    made: ModelCard = ModelCard.from_template(
        ModelCardData(
            license="mit", library_name="paper-lenet5", pipeline_tag="image-classification",
            tags=sorted({*(network.kind._hub_mixin_info.model_card_data.tags or ()), "digits"}),
            datasets=["ylecun/mnist"], metrics=["accuracy"],
            model_name=title, eval_results=results,
        ),
        template_path=str(_HERE / "card.md"),
        repo=f"{namespace}/{network.repo}", tag=TAG, title=title, about=network.about,
        seed=first["seed"], error=f"{error:.2f}", errors=first["test_errors"],
        test_patterns=f"{data['test_patterns']:,}", n=len(records), mean=f"{mean:.3f}",
        sd=f"{spread['test_sd']:.3f}", low=f"{spread['ci_low']:.3f}", high=f"{spread['ci_high']:.3f}",
        paper_error=network.row.paper_error,
        train_error=f"{100 * first['train_errors'] / data['train_patterns']:.2f}",
        parameters=f"{first['parameters']:,}", multiply_adds=f"{first['multiply_adds']:,}",
        module=network.kind.__module__.split(".")[-1], network=network.kind.__name__,
        smallest=network.smallest, answer="argmin" if network.smallest else "argmax",
        meaning="penalties, the smallest wins" if network.smallest else "the largest wins",
        white=WHITE, black=BLACK, passes=len(first["passes"]),
        train_patterns=f"{data['train_patterns']:,}", seconds=f"{first['seconds']:.0f}",
        processor=first["machine"]["processor"], torch=first["versions"]["torch"],
        recipe=to_json(first["recipe"]).strip(),
    )  # fmt: skip
    return made
