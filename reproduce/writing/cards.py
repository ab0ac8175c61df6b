"""What publish sends: a folder for each network, with its card.

Each network is a repository of its own. That is what users of the Hub expect: one repository is one
`from_pretrained`, one card with one model-index, one count of downloads, and tags of its own.
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from paper_lenet5.lenet5 import LeNet5
from paper_lenet5.modern import ModernNet
from paper_lenet5.preprocessing import BLACK, WHITE
from paper_lenet5.pretrained import CONFIG_FILE, Pretrained

from ..measures.statistics import error_of, percent
from ..rows.recipes import BEST, EXPLAINS, LENET5, LENET5_DISTORTIONS, NOISE, SDNN
from ..rows.row import AnyRow, Record
from ..rows.today import MODERN
from ..running.errors import NotWhole
from ..running.record import to_json
from ..running.runs import Runs, recorded
from . import as_onnx

TAG = f"v{version('paper-lenet5')}"
SPACE = "lenet5"
"""The name of the demo on the Hub."""
MODELING = "modeling_lenet5.py"
"""What transformers runs."""
_HERE = Path(__file__).parent


class NotReady(Exception):
    """Something that has to be published is not there; the message says what."""


@dataclass(frozen=True)
class Published:
    """A network that is published: that of seed 0 of a row."""

    row: AnyRow
    kind: type[Pretrained]
    about: str
    smallest: bool = True
    """Whether the smallest score wins, or the largest."""
    strings: bool = False
    """Whether it reads lines of digits, with a class for the blank between them."""

    @property
    def repo(self) -> str:
        """The repository's name on the Hub: that of the weights in the package."""
        return self.row.name


PUBLISHED = (
    Published(LENET5, LeNet5,
            "LeNet-5 as it was printed in 1998: scaled tanh, trainable subsampling, the connection "
            "table of C3, a Euclidean RBF output layer on stylised bitmaps, trained one pattern at a "
            "time by stochastic diagonal Levenberg-Marquardt."),
    Published(LENET5_DISTORTIONS, LeNet5,
            "LeNet-5 as it was printed in 1998, trained with random planar affine distortions "
            "(section III-B): nine of each training pattern beside the original."),
    Published(EXPLAINS[0], LeNet5,
            "LeNet-5 as it was printed in 1998, trained with eq. 8 with ½, a loss that a rule chose on "
            "held-out images: of all readings of the paper that were tried it comes nearest to the two "
            "test errors and the training curve that are printed."),
    Published(BEST[1], LeNet5,
            "LeNet-5 as it was printed in 1998, trained with eq. 9 with ½ and j = 5, and random planar "
            "affine distortions: of all readings of the paper that were tried the one with the fewest "
            "errors on held-out images."),
    Published(NOISE, LeNet5,
            "LeNet-5 as it was printed in 1998, trained with 10 % of the pixels of each pattern "
            "inverted (section III-E, Fig. 13), anew in every pass. The errors are on clean patterns."),
    Published(MODERN[-1], ModernNet,
            "Not of 1998: what a network with no more parameters than LeNet-5 does by today's means. "
            "Batch normalisation, residual blocks, global average pooling, trained with distortions.",
            smallest=False),
    Published(SDNN, LeNet5,
            "LeNet-5 as it was printed in 1998, for lines of digits (section VII): trained on the digit "
            "between two others, with an eleventh class for the blank, and swept over the line. The "
            "errors are on single digits between others.",
            strings=True),
)  # fmt: skip


def model_folder(network: Published, namespace: str, source: str, runs: Runs, folder: Path) -> None:
    """Write the weights, also as ONNX, what describes them, and README.md. Raises NotReady."""
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
    card(network, namespace, source, records).save(folder / "README.md")
    network.kind.from_pretrained(network.row.name).save_pretrained(folder)
    try:
        content = _as_onnx(network)
    except ImportError as error:
        raise NotReady(f"ONNX is missing ({error}): pip install onnx onnxscript") from error
    (folder / "onnx").mkdir(exist_ok=True)
    (folder / "onnx/model.onnx").write_bytes(content)
    if not network.strings:
        _for_transformers(network, folder)


def _for_transformers(network: Published, folder: Path) -> None:
    """What `pipeline("image-classification")` needs beside the weights."""
    shutil.copyfile(_HERE / MODELING, folder / MODELING)
    module, names = MODELING.removesuffix(".py"), _classes(network)
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8")) | {
        "model_type": "paper-lenet5",
        "id2label": dict(enumerate(names)),
        "label2id": {name: number for number, name in enumerate(names)},
        "auto_map": {"AutoConfig": f"{module}.DigitConfig",
                     "AutoModelForImageClassification": f"{module}.DigitClassifier"},
    }  # fmt: skip
    processor = {
        "image_processor_type": "DigitProcessor",
        "auto_map": {"AutoImageProcessor": f"{module}.DigitProcessor"},
    }
    for name, content in ((CONFIG_FILE, config), ("preprocessor_config.json", processor)):
        (folder / name).write_bytes(json.dumps(content, indent=2).encode() + b"\n")


def _classes(network: Published) -> list[str]:
    return [*map(str, range(10)), *(["blank"] if network.strings else [])]


@cache
def _as_onnx(network: Published) -> bytes:
    model = network.kind.from_pretrained(network.row.name)
    digest = network.kind.shipped[network.row.name]
    return as_onnx.exported(model, _classes(network), network.smallest, digest)


def card(network: Published, namespace: str, source: str, records: Sequence[Record]) -> ModelCard:
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
            tags=sorted(
                {*(network.kind._hub_mixin_info.model_card_data.tags or ()), "digits", "mnist"}
            ),
            datasets=["ylecun/mnist"], metrics=["accuracy"],
            model_name=title, eval_results=results,
        ),
        template_path=str(_HERE / "card.md"),
        repo=f"{namespace}/{network.repo}", source=source, strings=network.strings,
        demo=f"https://huggingface.co/spaces/{namespace}/{SPACE}", install=_install(source),
        siblings=[f"{namespace}/{other.repo}" for other in PUBLISHED if other is not network],
        tag=TAG, title=title, about=network.about,
        seed=first["seed"], error=f"{error:.2f}", errors=first["test_errors"],
        test_patterns=f"{data['test_patterns']:,}", n=len(records),
        mean=f"{over_seeds['test_error']:.3f}", sd=f"{over_seeds['test_sd']:.3f}",
        low=f"{over_seeds['ci_low']:.3f}", high=f"{over_seeds['ci_high']:.3f}",
        paper_error=network.row.paper_error,
        train_error=f"{100 * first['train_errors'] / data['train_patterns']:.2f}",
        parameters=f"{first['parameters']:,}", multiply_adds=f"{first['multiply_adds']:,}",
        module=network.kind.__module__.split(".")[-1], network=network.kind.__name__,
        smallest=network.smallest, answer="argmin" if network.smallest else "argmax",
        output="penalties" if network.smallest else "scores",
        extreme="min" if network.smallest else "max",
        meaning="penalties, the smallest wins" if network.smallest else "the largest wins",
        white=WHITE, black=BLACK, passes=len(first["passes"]),
        train_patterns=f"{data['train_patterns']:,}", seconds=f"{first['seconds']:.0f}",
        processor=first["machine"]["processor"], torch=first["versions"]["torch"],
        recipe=to_json(first["recipe"]).strip(),
    )  # fmt: skip
    return made


def _install(source: str) -> str:
    """The line that installs the package from where the code is."""
    return f'pip install "paper-lenet5 @ git+{source.removesuffix(".git")}"'
