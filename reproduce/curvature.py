"""How good is appendix C's recursion? Eq. 27 against the exact diagonal of the Gauss-Newton matrix.

That matrix is J' H J: J = dx / dw are the derivatives of F6's 84 states, H the Hessian of the loss
in those states. On the way from its diagonal to the recursion two things are dropped: by eq. 23
what lies between connections that share a weight, by eq. 27 what lies between units of a layer.
Trains the network of 1998, and writes curvature.json and .md.

On two cores it takes 5 minutes.
"""

import argparse
import copy
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.markdown import Markdown
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from paper_lenet5 import LeNet5, MAPLoss, MSELoss, diagonal_curvature
from paper_lenet5.files import write_whole
from paper_lenet5.layers import squash
from paper_lenet5.losses import Loss
from paper_lenet5.recipe import CURVATURE_MEMORY, CurvatureMemory, Recipe
from paper_lenet5.recursion import forward
from paper_lenet5.sdlm import SUBSAMPLING
from paper_lenet5.training import Session

from .rows import datasets
from .rows.row import Record
from .running.record import describe, machine, to_json, versions
from .writing import options

LAYERS = ("c1", "s2", "c3", "s4", "c5", "f6")
RECIPE = Recipe()
PATTERNS_AT_ONCE = 4
"""The Jacobians of so many, 84 x 68,084 in float64 each, take 180 MB; all in all some 1.5 GB."""


class Comparison(NamedTuple):
    """The exact diagonal of `loss` on one side; on the other the recursion, and how it is used."""

    title: str
    loss: Loss
    output_curvature: float | None = None
    memory: CurvatureMemory = "latest"


COMPARISONS = {
    "eq8": Comparison("Eq. 8", MSELoss()),
    "recipe": Comparison("As in training: what the next pass takes for the curvature", RECIPE.loss,
                         RECIPE.output_curvature, RECIPE.curvature_memory),
    # A larger j than the recipe's 10: less of the curvature at F6 is that of the rubbish class.
    "eq9": Comparison("Eq. 9, j = 20, recursion from the diagonal of H", MAPLoss(20.0)),
    "later-code": Comparison("Eq. 9, j = 20, recursion from the constant 2 of the later code",
                             MAPLoss(20.0), 2.0),
}  # fmt: skip


class Exact(NamedTuple):
    """The exact curvature for one loss, {parameter: tensor of its shape}, mean over the patterns."""

    diagonal: dict[str, Tensor]
    """The diagonal of the Gauss-Newton matrix: eq. 22 without second derivatives of the network."""
    unshared: dict[str, Tensor]
    """What eq. 23 leaves of it: nothing that lies between connections that share the parameter."""


def f6_hessian(loss: Loss, f6: Tensor, centers: Tensor) -> tuple[Tensor, Tensor]:
    """H of each pattern as `multiple` I + `rows`' `rows`, which is never negative.

    f6 (N, 84), centers (10, 84) to multiple (N,) and rows (N, R, 84). Eq. 8: 2 I, R = 0. Eq. 9:
    2 p_rubbish I + Cov_p[2 (x - w_i)], p the posterior over ten classes and rubbish, whose gradient
    is 0 in place of 2 (x - w_i); R = 11 rows sqrt(p_i) (gradient of i - mean gradient). The loss's
    factor goes with every 2.
    """
    twice = 2 * loss.factor
    if isinstance(loss, MSELoss):
        return f6.new_full((len(f6),), twice), f6.new_zeros(len(f6), 0, f6.shape[1])
    differences = f6.unsqueeze(1) - centers  # (N, 10, 84)
    penalties = loss.factor * differences.square().sum(2)
    p = torch.softmax(-nn.functional.pad(penalties, (0, 1), value=loss.j), 1)  # (N, 11)
    gradients = nn.functional.pad(twice * differences, (0, 0, 0, 1))  # (N, 11, 84)
    mean = (p.unsqueeze(2) * gradients).sum(1, keepdim=True)
    return twice * p[:, -1], p.sqrt().unsqueeze(2) * (gradients - mean)


def exact_curvature(model: LeNet5, images: Tensor, losses: Sequence[Loss]) -> list[Exact]:
    """What `Exact` says for each loss, over images (P, 1, 32, 32); no constants in place of H.

    J by reverse mode, 84 backward passes per pattern: some 0.1 s on one core, in float64.
    """
    parameters = {name: p.detach() for name, p in model.named_parameters()}

    def f6(parameters: dict[str, Tensor], added: dict[str, Tensor], image: Tensor) -> Tensor:
        """The states (84,) for an image (1, 32, 32), with `added` in every layer's weighted sums."""
        x = image.unsqueeze(0)
        for name in LAYERS:
            layer, x = getattr(model, name), x.movedim(1, -1) if name == "f6" else x
            own = {key: parameters[f"{name}.{key}"] for key, _ in layer.named_parameters()}
            x = squash(functional_call(layer, own, x) + added[name])
        return x.flatten()

    jacobians = vmap(jacrev(f6, argnums=(0, 1)), (None, None, 0))
    rules = SUBSAMPLING[RECIPE.coefficient_input]
    exact = [Exact({}, {}) for _ in losses]
    for some in images.split(PATTERNS_AT_ONCE):
        states = {name: x.detach() for name, x in model.states(some).items()}
        inputs = dict(zip(LAYERS, [some, *states.values()][:-1], strict=True))
        inputs["f6"] = inputs["f6"].movedim(1, -1)
        nothing = {name: torch.zeros_like(states[name][:1]) for name in LAYERS}
        of_parameters, of_sums = jacobians(parameters, nothing, some)
        for loss, (diagonal, unshared) in zip(losses, exact, strict=True):
            hessian = f6_hessian(loss, states["f6"].flatten(1), model.rbf.centers)
            for name, jacobian in of_parameters.items():
                at_parameters = _diagonal(jacobian, *hessian).sum(0) / len(images)
                diagonal[name] = diagonal.get(name, 0) + at_parameters
            for name, x in inputs.items():
                layer = dict(getattr(model, name).named_parameters(prefix=name))
                sums = forward(getattr(model, name), x, rules).states
                at_sums = _diagonal(of_sums[name], *hessian).view_as(sums)
                of_layer = torch.autograd.grad(sums, list(layer.values()), at_sums)  # eq. 23, 25
                for key, h in zip(layer, of_layer, strict=True):
                    unshared[key] = unshared.get(key, 0) + h / len(images)
    return exact


def _diagonal(jacobian: Tensor, multiple: Tensor, rows: Tensor) -> Tensor:
    """The diagonal of J' H J, pattern by pattern: J (N, 84, ...) to (N, ...), a sum of squares."""
    flat = jacobian.flatten(2)
    diagonal = multiple.unsqueeze(1) * flat.square().sum(1) + (rows @ flat).square().sum(1)
    return diagonal.view(len(jacobian), *jacobian.shape[2:])


Compared = dict[str, Any]
"""What `compare` finds, as results/curvature.json has it."""


def compare(recursion: Tensor, exact: Tensor, unshared: Tensor, mu: float) -> Compared:
    """How near `recursion` comes to `exact`, over all their elements, which are positive.

    `sharing` and `units` are the medians of the two factors of the ratio recursion / exact: what
    eq. 23 drops, and what eq. 27 drops (and a wrong start makes). `steps` is the ratio of eq. 21's
    step sizes, recursion to exact.
    """
    recursion, exact, unshared = recursion.flatten(), exact.flatten(), unshared.flatten()
    ratio, steps = recursion / exact, (mu + exact) / (mu + recursion)
    low, middle, high = torch.quantile(ratio, ratio.new_tensor([0.05, 0.5, 0.95])).tolist()
    ranks = torch.stack([h.argsort().argsort().double() for h in (recursion, exact)])
    return {
        "parameters": len(exact),
        "cosine": torch.cosine_similarity(recursion, exact, 0).item(),
        "rank_correlation": torch.corrcoef(ranks)[0, 1].item(),
        "ratio": {"5%": low, "median": middle, "95%": high},
        "sharing": torch.quantile(unshared / exact, 0.5).item(),
        "units": torch.quantile(recursion / unshared, 0.5).item(),
        "steps": {"smallest": steps.min().item(), "median": torch.quantile(steps, 0.5).item(),
                  "largest": steps.max().item()},
        "recursion": {"median": recursion.median().item(), "largest": recursion.max().item(),
                      "below_mu": (recursion < mu).double().mean().item()},
        "exact": {"median": exact.median().item(), "largest": exact.max().item(),
                  "below_mu": (exact < mu).double().mean().item()},
    }  # fmt: skip


def measure_curvature(session: Session, patterns: int) -> dict[str, dict[str, Compared]]:
    """Make every comparison in float64: {comparison: {parameter tensor, or "all": `compare` of it}}.

    The patterns are those that training measures the curvature on before the session's next pass.
    """
    number = len(session.records) + 1
    inputs, labels, order = session.patterns.of_pass(number)
    some = session.curvature_patterns(number, order, patterns)
    images, labels = inputs[some].double(), labels[some]
    model = copy.deepcopy(session.model).double()
    if not isinstance(model, LeNet5):
        raise ValueError(f"expected a session of LeNet5, got one of {type(model).__name__}")
    losses = list({comparison.loss for comparison in COMPARISONS.values()})
    exact = dict(zip(losses, exact_curvature(model, images, losses), strict=True))
    measured = {}
    for key, (_, loss, output_curvature, memory) in COMPARISONS.items():
        recursion = diagonal_curvature(
            model, images, labels, loss, output_curvature, RECIPE.coefficient_input
        )
        for name, new in recursion.items():
            kept = session.curvature.get(name, new)
            recursion[name] = CURVATURE_MEMORY[memory](kept, new, number)
        diagonal, unshared = exact[loss]
        measured[key] = {
            name: compare(h, diagonal[name], unshared[name], RECIPE.mu)
            for name, h in recursion.items()
        }
        everything = [
            torch.cat([of[name].flatten() for name in recursion])
            for of in (recursion, diagonal, unshared)
        ]
        measured[key]["all"] = compare(everything[0], everything[1], everything[2], RECIPE.mu)
    return measured


CELLS: dict[str, Callable[[Compared], str]] = {
    "Recursion / exact: median over the tensor; cosine of the two": lambda m: (
        f"{m['ratio']['median']:.2g}; {m['cosine']:.3f}"
    ),
    "Recursion / exact: 5 % to 95 %": lambda m: "{5%:.2g} to {95%:.2g}".format(**m["ratio"]),
    "Medians of its factors: what eq. 23 drops (sharing) * what eq. 27 drops (units)": lambda m: (
        f"{m['sharing']:.2g} * {m['units']:.2g}"
    ),
    "Step size, recursion / exact: median (smallest to largest)": lambda m: (
        "{median:.2g} ({smallest:.2g} to {largest:.2g})".format(**m["steps"])
    ),
}


def reading(networks: Sequence[Record]) -> str:
    """Two sentences, with numbers of the first and of the last network."""
    first, last = networks[0], networks[-1]

    def below(network: Record) -> str:
        c3, c1 = (network["comparisons"]["eq8"][f"{layer}.weight"] for layer in ("c3", "c1"))
        return (
            f"{c3['ratio']['median']:.2g} and {c1['ratio']['median']:.2g} of the exact diagonal "
            f"after {network['passes']} passes (weight sharing alone: {c3['sharing']:.2g} and "
            f"{c1['sharing']:.2g})"
        )

    steps = ", ".join(
        f"{last['comparisons']['recipe'][f'{layer}.weight']['steps']['median']:.2g}"
        for layer in ("f6", "c5", "c3", "c1")
    )
    return (
        "With eq. 8 the recursion is exact in F6 and C5; in the weights of C3 and C1 its median is "
        f"{below(first)}, and {below(last)}. With the curvature that training uses, the median "
        f"step sizes after {last['passes']} passes are {steps} times those of the exact diagonal "
        "in the weights of F6, C5, C3 and C1."
    )


NOTES = """\
One network, trained as the paper's; all comparisons are made on it, before training (0) and after so
many passes (columns). Where training's memory or the constant of the later code takes part, it is in
the second of the two factors.
"""


def markdown(record: Record, cells: Sequence[str] = tuple(CELLS)) -> str:
    """The reading, then for each comparison one table of each of the named kinds of cells."""
    networks = record["networks"]
    lines = ["# Appendix C's recursion against the exact Gauss-Newton diagonal", "",
             reading(networks), "",
             f"{record['dataset']['title']}, seed {record['seed']}, {record['patterns']} patterns, "
             f"mu = {record['recipe']['mu']}. {NOTES.strip()}"]  # fmt: skip
    for key, (title, *_) in COMPARISONS.items():
        lines += ["", f"## {title}"]
        for about in cells:
            rows = [["", *(str(network["passes"]) for network in networks)],
                    ["---", *["---:"] * len(networks)]]  # fmt: skip
            for tensor in networks[0]["comparisons"][key]:
                row = [CELLS[about](network["comparisons"][key][tensor]) for network in networks]
                rows.append([tensor, *row])
            lines += ["", f"{about}.", "", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = options.parser("curvature", __doc__)
    parser.add_argument("--passes", type=int, nargs="+", default=[0, 1, 10, 20], metavar="N",
                        help="measure after so many passes (default: 0 1 10 20)")  # fmt: skip
    parser.add_argument("--patterns", type=int, default=RECIPE.curvature_patterns,
                        help="how many to measure on (default: 500, as training does)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    args.passes = sorted(set(args.passes))
    if args.passes[0] < 0 or args.passes[-1] > len(RECIPE.schedule):
        parser.error(f"--passes must lie in 0 ... {len(RECIPE.schedule)}")
    if args.patterns < 1 or args.seed < 0:
        parser.error("--patterns must be at least 1, and --seed at least 0")
    return args


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """Train the network, compare after the passes that are asked for, and write both files."""
    args, console, started = arguments(argv), Console(), time.perf_counter()
    torch.set_num_threads(1)
    dataset = datasets.load(args.data)
    session = RECIPE.session(dataset.train, dataset.test, args.seed)
    passes = session.passes()
    measured = []
    for number in range(args.passes[-1] + 1):
        if number > 0:
            next(passes)
        if number not in args.passes:
            continue
        began = time.perf_counter()
        comparisons = measure_curvature(session, args.patterns)
        seconds = time.perf_counter() - began
        measured.append({"passes": number, "test_errors": session.errors(dataset.test),
                         "seconds": seconds, "comparisons": comparisons})  # fmt: skip
        console.print(f"After {number} passes: measured in {seconds:.0f} s.", highlight=False)
    record = {
        "recipe": describe(RECIPE),
        "seed": args.seed,
        "patterns": args.patterns,
        "dataset": {"name": dataset.name, "title": dataset.title, "sha256": dataset.sha256},
        "networks": measured,
        "seconds": time.perf_counter() - started,
        "versions": versions(),
        "machine": machine(),
    }
    write_whole(args.out / "curvature.json", to_json(record).encode())
    write_whole(args.out / "curvature.md", markdown(record).encode())
    console.print(Markdown(markdown(record, cells=tuple(CELLS)[:1])))
    console.print(f"Written, quantiles and step sizes with it: {args.out}/curvature.md and .json.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
