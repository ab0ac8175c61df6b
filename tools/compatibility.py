"""What PyTorch's tools, and libraries built on it, make of LeNet-5, its losses and SDLM.

Each check is a use as their documentation shows it. Of libraries that are not installed nothing is
said anew: what is recorded of them stays. Writes results/robustness/compatibility.csv.

python -m tools.compatibility
"""

import csv
import io
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer, lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from paper_lenet5 import SDLM, LeNet5, MAPLoss, diagonal_curvature

RECORD = Path(__file__).parents[1] / "results" / "robustness" / "compatibility.csv"
WORKS = "works"
LOSS = MAPLoss(j=10.0)


class Check(NamedTuple):
    """A use of a library: it raises where it fails."""

    tool: str
    library: str
    does: str
    run: Callable[[], object]


CHECKS: list[Check] = []


def check(tool: str, does: str, library: str = "torch") -> Callable[[Callable[[], Any]], Any]:
    """What follows is a check."""

    def listed(run: Callable[[], object]) -> Callable[[], object]:
        CHECKS.append(Check(tool, library, does, run))
        return run

    return listed


def patterns(n: int = 4) -> tuple[Tensor, Tensor]:
    """Inputs (n, 1, 32, 32) and labels (n,)."""
    rng = torch.Generator().manual_seed(0)
    return torch.rand(n, 1, 32, 32, generator=rng) - 0.1, torch.arange(n) % 10


def trained_by_sdlm(lr: float = 5e-4) -> tuple[LeNet5, SDLM]:
    """A network, and its optimiser with a curvature."""
    model = LeNet5(torch.Generator().manual_seed(0))
    optimizer = SDLM(model.named_parameters(), lr)
    optimizer.set_curvature(diagonal_curvature(model, *patterns(), LOSS))
    return model, optimizer


def step(model: nn.Module, optimizer: Optimizer) -> None:
    """One step for a few patterns."""
    x, labels = patterns()
    optimizer.zero_grad()
    LOSS(model(x), labels).backward()
    optimizer.step()


# --- PyTorch --------------------------------------------------------------------------------------


@check("torch.compile(fullgraph=True)", "network and loss as one graph, and its gradients")
def compiled() -> None:
    model, (x, labels) = LeNet5(), patterns()
    whole = torch.compile(lambda x, y: LOSS(model(x), y), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(whole(x, labels), LOSS(model(x), labels))
    whole(x, labels).backward()


@check(
    "torch.compile",
    "the curvature and SDLM of a compiled network: all names begin with `_orig_mod.`",
)
def compiled_curvature() -> None:
    model = torch.compile(LeNet5(), backend="aot_eager")
    h = diagonal_curvature(model, *patterns(), LOSS)
    SDLM(model.named_parameters(), 1e-4).set_curvature(h)


@check("torch.export", "network and loss, for any number of patterns")
def exported() -> None:
    class Whole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.loss = LeNet5(), LOSS

        def forward(self, x: Tensor, labels: Tensor) -> Tensor:
            return self.loss(self.model(x), labels)

    n, whole = torch.export.Dim("n", min=2), Whole()
    program = torch.export.export(whole, patterns(), dynamic_shapes=({0: n}, {0: n}))
    x, labels = patterns(7)
    torch.testing.assert_close(program.module()(x, labels), whole(x, labels))


@check("torch.func.vmap(grad)", "the gradient of each pattern's loss")
def each_gradient() -> None:
    model, (x, labels) = LeNet5(), patterns()
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def of_one(parameters: dict[str, Tensor], x: Tensor, label: Tensor) -> Tensor:
        penalties = torch.func.functional_call(model, parameters, (x[None],))
        return LOSS(penalties, label[None])

    each = torch.func.vmap(torch.func.grad(of_one), (None, 0, 0))(parameters, x, labels)
    LOSS(model(x), labels).backward()
    for name, p in model.named_parameters():
        torch.testing.assert_close(each[name].mean(0), p.grad, rtol=1e-3, atol=1e-5)


@check('torch.device("meta")', "the network and the loss without memory; weights put in later")
def on_meta() -> None:
    with torch.device("meta"):
        model = LeNet5()
    x, labels = (t.to("meta") for t in patterns())
    assert LOSS(model(x), labels).is_meta
    model.load_state_dict(LeNet5().state_dict(), assign=True)
    model(patterns()[0])


@check("nn.DataParallel", "forward and backward; the curvature, measured on one device")
def parallel() -> None:
    model = nn.DataParallel(LeNet5())
    optimizer = SDLM(model.named_parameters(), 1e-4)
    optimizer.set_curvature(diagonal_curvature(model, *patterns(), LOSS))
    step(model, optimizer)


def under(scheduler: Callable[[Optimizer], Any], *args: Any) -> list[float]:
    """The rates of SDLM in three steps with the scheduler."""
    model, optimizer = trained_by_sdlm(1e-3)
    made, rates = scheduler(optimizer), []
    for _ in range(3):
        rates.append(optimizer.param_groups[0]["lr"])
        step(model, optimizer)
        made.step(*args)
    return rates


@check("StepLR", "the rate of SDLM")
def step_lr() -> None:
    assert under(lambda o: lr_scheduler.StepLR(o, 2, 0.1)) == [1e-3, 1e-3, 1e-4]


@check("LambdaLR", "the rate of SDLM, pass by pass as the paper has it")
def lambda_lr() -> None:
    factors = (1, 0.4, 0.2)
    rates = under(lambda o: lr_scheduler.LambdaLR(o, lambda k: factors[min(k, 2)]))
    assert rates == [1e-3 * factor for factor in factors]


@check("ReduceLROnPlateau", "the rate of SDLM")
def on_plateau() -> None:
    assert under(lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0), 1.0)[-1] < 1e-3


@check("OneCycleLR(cycle_momentum=False)", "the rate of SDLM")
def one_cycle() -> None:
    rates = under(lambda o: lr_scheduler.OneCycleLR(o, 1e-3, total_steps=9, cycle_momentum=False))
    assert rates[0] < rates[1]


@check("OneCycleLR", "with its default, which cycles a momentum")
def one_cycle_with_momentum() -> None:
    under(lambda o: lr_scheduler.OneCycleLR(o, 1e-3, total_steps=9))


# --- libraries ------------------------------------------------------------------------------------


def loader() -> DataLoader[Any]:
    return DataLoader(TensorDataset(*patterns(8)), batch_size=4)


@check("Lightning", "a fit by SDLM, with StepLR and LearningRateMonitor", "lightning")
def lightning() -> None:
    import lightning as of_lightning
    from lightning.pytorch.callbacks import LearningRateMonitor
    from lightning.pytorch.loggers import CSVLogger

    class Digits(of_lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model, self.optimizer = trained_by_sdlm()

        def training_step(self, batch: Any, index: int) -> Tensor:
            return LOSS(self.model(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return [self.optimizer], [lr_scheduler.StepLR(self.optimizer, 1)]

    with tempfile.TemporaryDirectory() as folder:
        of_lightning.Trainer(
            max_epochs=2, accelerator="cpu", enable_progress_bar=False, default_root_dir=folder,
            enable_model_summary=False, logger=CSVLogger(folder), log_every_n_steps=1,
            callbacks=[LearningRateMonitor()],
        ).fit(Digits(), loader())  # fmt: skip


@check("skorch", "a fit with the loss, criterion__j=10, by Adam", "skorch")
def skorch() -> None:
    from skorch import NeuralNet

    x, labels = patterns(8)
    NeuralNet(
        LeNet5, criterion=MAPLoss, criterion__j=10.0, optimizer=torch.optim.Adam, max_epochs=1,
        train_split=None, verbose=0,
    ).fit(x.numpy(), labels.numpy())  # fmt: skip


@check("skorch", "a fit by SDLM, which needs the parameters' names", "skorch")
def skorch_by_sdlm() -> None:
    from skorch import NeuralNet

    x, labels = patterns(8)
    NeuralNet(
        LeNet5, criterion=MAPLoss, criterion__j=10.0, optimizer=SDLM, max_epochs=1,
        train_split=None, verbose=0,
    ).fit(x.numpy(), labels.numpy())  # fmt: skip


@check("accelerate", "prepare, and a step by SDLM", "accelerate")
def accelerated() -> None:
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=True)
    model, optimizer, batches = accelerator.prepare(*trained_by_sdlm(), loader())
    for x, labels in batches:
        optimizer.zero_grad()
        accelerator.backward(LOSS(model(x), labels))
        optimizer.step()


@check("accelerate", "init_empty_weights", "accelerate")
def empty_weights() -> None:
    from accelerate import init_empty_weights

    with init_empty_weights():
        assert LeNet5().c1.weight.is_meta


@check("captum", "integrated gradients of a penalty", "captum")
def attributed() -> None:
    from captum.attr import IntegratedGradients

    x, labels = patterns()
    assert IntegratedGradients(LeNet5()).attribute(x, target=labels).shape == x.shape


@check("torchinfo", "the table of layers and parameters", "torchinfo")
def summarised() -> None:
    from torchinfo import summary

    assert summary(LeNet5(), (1, 1, 32, 32), verbose=0).trainable_params == 60_000


# --- the record -----------------------------------------------------------------------------------


def outcome(run: Callable[[], object]) -> str:
    """ "works", or what the tool says: the first sentence of its error."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            run()
        except Exception as error:
            return f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
    return WORKS


def installed(library: str) -> str | None:
    """Its version, if it is here."""
    try:
        return version(library).partition("+")[0]
    except PackageNotFoundError:
        return None


def recorded() -> dict[tuple[str, str], dict[str, str]]:
    """The lines of the record, by tool and use."""
    if not RECORD.exists():
        return {}
    with RECORD.open(newline="", encoding="utf-8") as file:
        return {(line["tool"], line["does"]): line for line in csv.DictReader(file)}


def lines() -> Iterator[dict[str, str]]:
    """A line for each check: of today where its library is installed, else the recorded one."""
    known = recorded()
    for tool, library, does, run in CHECKS:
        found = installed(library)
        if found:
            yield {"tool": tool, "does": does, "outcome": outcome(run), "library": library,
                   "version": found}  # fmt: skip
        elif (tool, does) in known:
            yield known[tool, does]


def main() -> int:
    """Try everything and write the record; the exit status is 1 where a line is not as it was."""
    before, after = recorded(), list(lines())
    with RECORD.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(after[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(after)
    for line in after:
        print("{tool}: {does}: {outcome}".format(**line))
    as_before = (before.get((line["tool"], line["does"]), line) for line in after)
    changed = [line for line, old in zip(after, as_before, strict=True)
               if line["outcome"] != old["outcome"]]  # fmt: skip
    return int(bool(changed))


if __name__ == "__main__":
    sys.exit(main())
