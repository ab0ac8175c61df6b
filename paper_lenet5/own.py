"""Training on data of one's own, by the paper's recipe: from images to a network that is saved."""

import copy
import hashlib
import os
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from . import checkpoint
from .bitmaps import bitmaps
from .distort import FIG7_RANGES
from .files import clear
from .labelled import Labelled, labelled
from .lenet5 import LeNet5, as_codes
from .patterns import Split, generator
from .pretrained import CONFIG_FILE, WEIGHTS_FILE
from .recipe import SCHEDULE, Recipe
from .terminal import COMPILING
from .threads import one_thread
from .training import Engine, PassRecord, Session
from .transform import Transform
from .variants import random_codes

PRESENTED = 200_000
"""Patterns that a training shows, over all of its passes, where the next two numbers allow it."""
PASSES = (len(SCHEDULE), 1000)
"""How many passes there are, at least and at most: each takes some time, however few its patterns."""
SMALL = 0.00005
"""The largest rate for a network that was trained before. Larger ones, which a new network begins with,
undo what it has learned."""
TENTH = 10
"""Such a network is shown a tenth of PRESENTED."""
UNFINISHED = "training.safetensors"
"""In the folder of a network whose training is not over: what its next pass depends on."""
EVERY = 1.0
"""Seconds after which what has been trained is saved, once the pass is over."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, and what its training came to."""

    model: LeNet5
    """In eval mode; its classes are model.classes."""
    records: list[PassRecord]
    """What each pass did; its test errors are those among what was held out, or trained on if nothing
    was."""
    learned: Labelled
    held_out: Labelled
    """What was not trained on."""
    passes: int
    """How many there were to be: there are fewer records if the training was stopped."""

    def __str__(self) -> str:
        done = len(self.records)
        stopped = "" if done == self.passes else f"stopped after {done} of "
        said = (
            f"{len(self.learned.labels):,} patterns of {len(self.learned.labels.unique())} classes, "
            f"{stopped}{self.passes} {'pass' if self.passes == 1 else 'passes'}"
        )
        if done:
            wrong = self.records[-1].test_errors
            n, judged = _judged(self.learned, self.held_out)
            said += f": {wrong} of {n:,} {judged} are wrong ({100 * wrong / n:.2f} %)"
        return said


def train(
    data: Any,
    labels: Any = None,
    *,
    start: str | os.PathLike[str] | LeNet5 | None = None,
    passes: int | None = None,
    seed: int = 0,
    held_out: float = 0.1,
    codes: Any = None,
    recipe: Recipe | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: bool = True,
    engine: Engine | None = None,
) -> Trained:
    """Train a LeNet-5 on these images, by the recipe of the paper with its distortions.

    `data` and `labels` are what `labelled` takes: images as arrays or tensors and their classes, a
    dataset, or a folder with a folder of pictures for each class. The share `held_out` of each class is
    not trained on, but judged after every pass; one of each class at least is trained on. If nothing is
    held out, what is trained on is judged.

    The network is new, or one to `start` from, as `from_pretrained` names it. That keeps its classes if
    the data's are among them; else its layers are kept, and F6 learns the codes of others. Classes that
    are characters of Fig. 3 have its bitmaps as codes, all others the given `codes` (classes, 84), or
    random ones. With a `start`, the rates are those of the schedule's last passes, 0.00005 and less, and
    a tenth of the patterns is shown, so that it keeps what it knows.

    There are so many `passes` that 200,000 patterns are shown, but from 20 to 1,000; the schedule of the
    paper is stretched over them, unless another `recipe` is given, which says how the network is trained
    and not which it is; its `training_patterns` are any of those there are. Ctrl-C ends it after
    a whole pass, with what is there. With a folder `out` the network is saved there, now and then and at
    the end, and the same call goes on from there. The `engine` is the compiled pass, which needs the
    extra `train`, or `paper_lenet5.eager`, which is far slower; parameters are float32.

    Raises ValueError for data that cannot be read, a folder `out` with something else in it, a `start`
    or a `recipe` that does not fit; OSError; and FloatingPointError where the network is lost.
    """
    if recipe is not None and passes is not None:
        raise ValueError(
            "expected passes, or a recipe with an eta for each in its schedule, got both"
        )
    if recipe is not None and recipe.strings:
        raise ValueError(
            "expected a recipe without strings: a network for them has a blank, and is trained by "
            "Recipe.session"
        )
    if not 0 <= held_out < 1:
        raise ValueError(f"expected held_out from 0 to less than 1, got {held_out}")
    recipe_for(1, passes), generator(seed, "held out")  # which check them
    folder, before = None if out is None else _Folder(Path(out)), _start(start)
    codes = None if codes is None else as_codes(codes)
    engine = engine or (recipe or Recipe()).engine
    if not isinstance(engine, Engine):
        raise ValueError(
            f"expected the module paper_lenet5.eager as an engine, or compiled, got {engine!r}"
        )
    given = labelled(data, labels, _bar("reading") if progress else iter)  # last: it takes a while
    model, given = _network(given, before, codes, seed)
    learned, held = _apart(given, held_out, seed)
    recipe = _of_network(
        recipe or recipe_for(len(learned.labels), passes, trained=start is not None), model
    )
    if recipe.training_patterns is not None:  # the first ones may all be of one class
        order = torch.randperm(len(learned.labels), generator=generator(seed, "training patterns"))
        learned = learned.some(order[: recipe.training_patterns])
    splits = [Split(some.images, some.labels) for some in (learned, held) if len(some.labels)]
    session = Session(recipe, seed, splits[0], splits[-1], engine, model)
    if folder:
        folder.resume(session, _identity(session, given, held_out))
    with one_thread():
        _run(session, folder, progress, _judged(learned, held))
    model.eval()
    return Trained(model, session.records, learned, held, session.length)


def recipe_for(patterns: int, passes: int | None = None, *, trained: bool = False) -> Recipe:
    """The paper's recipe with its distortions (section III-B), its schedule stretched to the passes.

    Without a number, they are as many as show 200,000 of so many patterns, from 20 to 1,000. For a
    network that was `trained` before, the schedule is that of the last passes, from 0.00005 on, and
    20,000 patterns are shown. Raises ValueError for less than one pass.
    """
    if passes is not None and not (isinstance(passes, Integral) and passes >= 1):
        raise ValueError(f"expected at least one pass, and whole ones, got {passes}")
    etas = tuple(eta for eta in SCHEDULE if eta <= SMALL) if trained else SCHEDULE
    presented, (fewest, most) = (PRESENTED // TENTH if trained else PRESENTED), PASSES
    count = min(max(fewest, -(-presented // patterns)), most) if passes is None else passes
    schedule = tuple(etas[number * len(etas) // count] for number in range(count))
    return Recipe(schedule=schedule, distortions=FIG7_RANGES)


# --- what it is made of ---------------------------------------------------------------------------


def _start(start: str | os.PathLike[str] | LeNet5 | None) -> LeNet5 | None:
    """The network to start from, if there is one. Raises ValueError for what is none."""
    if start is None or isinstance(start, LeNet5):
        return start
    if isinstance(start, (str, os.PathLike)):
        return LeNet5.from_pretrained(start)
    raise ValueError(
        f"expected a LeNet5 to start from, or its name, got {type(start).__name__}: if that was "
        "made of one, as torch.compile does, give the LeNet5 itself"
    )


def _network(
    given: Labelled, before: LeNet5 | None, codes: Tensor | None, seed: int
) -> tuple[LeNet5, Labelled]:
    """The network before its training, and the data with the labels of its classes."""
    if before is None:
        return _new(given.classes, codes, seed), given
    if codes is None and {*given.classes} <= {*before.config.classes}:
        return copy.deepcopy(before).float().cpu().train(), given.renamed(before.config.classes)
    if not before.config.as_printed:
        raise ValueError(
            "expected the classes of the network to start from, or a network as printed, got "
            f"{before.config}"
        )
    model = _new(given.classes, codes, seed)
    layers = {n: t for n, t in before.state_dict().items() if not n.startswith("rbf.")}
    model.load_state_dict({**model.state_dict(), **layers})
    model.preprocessing = before.transforms()
    return model, given


def _new(classes: tuple[str, ...], codes: Tensor | None, seed: int) -> LeNet5:
    """A new network of these classes: with their bitmaps, if Fig. 3 has them, or with other codes."""
    if codes is None:
        try:
            bitmaps(classes)
        except ValueError:
            codes = random_codes(len(classes), generator(seed, "codes"))
    model = LeNet5(generator(seed, "parameters"), classes=classes, codes=codes)
    model.preprocessing = Transform()
    return model


def _of_network(recipe: Recipe, model: LeNet5) -> Recipe:
    """The recipe with this network in it. Raises ValueError if another than the standard one was."""
    options = ("network", "levels", "initialisation")
    own, standard = Recipe(network=model.config, levels=model.transforms().levels), Recipe()
    others = [
        option
        for option in options
        if getattr(recipe, option) not in (getattr(own, option), getattr(standard, option))
    ]
    if others:
        raise ValueError(
            f"expected a recipe with the standard {' and '.join(others)}, since the network is new and "
            "as printed, or the one to start from: others are trained by Recipe.session"
        )
    return replace(recipe, **{option: getattr(own, option) for option in options})


def _apart(given: Labelled, share: float, seed: int) -> tuple[Labelled, Labelled]:
    """What is trained on, one of each class at least, and the share that is not."""
    order = torch.randperm(len(given.labels), generator=generator(seed, "held out"))
    judged = torch.zeros(len(order), dtype=torch.bool)
    for label in given.labels.unique():
        of_class = order[given.labels[order] == label]
        judged[of_class[: min(round(share * len(of_class)), len(of_class) - 1)]] = True
    return given.some(~judged), given.some(judged)


def _judged(learned: Labelled, held_out: Labelled) -> tuple[int, str]:
    """How many patterns are judged after a pass, and what they are."""
    n = len(held_out.labels)
    return (n, "held out") if n else (len(learned.labels), "trained on")


def _run(
    session: Session, folder: "_Folder | None", progress: bool, judged: tuple[int, str]
) -> None:
    """Train the passes that are left. Ctrl-C ends it where the last whole pass had ended."""
    whole, saved = (session.state(), session.records[:]), time.monotonic()
    n, kind = judged
    bar = tqdm(total=session.length, initial=len(session.records), desc="training", unit="pass",
               disable=None if progress else True)  # fmt: skip
    try:
        with bar, _compiling_shown(session.engine, bar, progress):
            for record in session.passes():
                whole = session.state(), session.records[:]  # both, or neither if Ctrl-C comes now
                left = record.number < session.length
                if folder and left and time.monotonic() - saved > EVERY:
                    folder.save(session)
                    saved = time.monotonic()
                bar.set_postfix_str(f"{record.test_errors} of {n:,} {kind} wrong")
                bar.update()
    except KeyboardInterrupt:
        session.restore(whole[0], [asdict(record) for record in whole[1]])
    if folder and session.records:
        folder.save(session)


def _compiling_shown(engine: Engine, bar: Any, progress: bool) -> AbstractContextManager[object]:
    """Says what is being compiled, on the bar; where there is none but should be, in one line."""
    said = not progress

    def tell(name: str | None) -> None:
        nonlocal said
        if name is None:
            bar.unpause()  # the time that is left is told from passes alone
        bar.set_description(f"compiling, once: {name}" if name else "training")
        if bar.disable and not said:
            print(COMPILING, file=sys.stderr, flush=True)
            said = True

    compiled = getattr(engine, "on_compiling", None)
    return compiled(tell) if compiled else nullcontext()


def _bar(says: str) -> Any:
    """Shows on a terminal how far the items of a sequence are."""

    def counted(items: Sequence[Any]) -> Iterable[Any]:
        shown: Iterable[Any] = tqdm(items, desc=says, unit="picture", disable=None)
        return shown

    return counted


def _identity(session: Session, given: Labelled, share: float) -> str:
    """All that a training depends on, as a digest."""
    weights = [t.numpy().tobytes() for t in session.model.state_dict().values()]
    about = repr((session.recipe, session.seed, share, given.classes)).encode()
    data = [given.images.numpy().tobytes(), given.labels.numpy().tobytes()]
    return hashlib.sha256(b"".join([about, *data, *weights])).hexdigest()


class _Folder:
    """A folder with a network in training: it can be loaded, and its training can go on."""

    def __init__(self, folder: Path):
        """Raises ValueError where something else lies there."""
        self.folder, self.identity = folder, ""
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is a file: choose a folder to save the network to")
        self.unfinished = folder / UNFINISHED
        if (folder / CONFIG_FILE).exists() and not self.unfinished.exists():
            raise ValueError(
                f"{folder} has a network whose training is over: choose another folder, or start from "
                f"it (--from {folder}, in Python start=)"
            )

    def save(self, session: Session) -> None:
        """Save the network, and what the next pass depends on while there is one.

        Whenever the process is killed, there is a checkpoint beside a network whose training is not
        over: it is written before the network, and deleted after the last one.
        """
        over = len(session.records) == session.length
        if not over:
            checkpoint.save(self.unfinished, session, self.identity)
        session.model.save_pretrained(self.folder)  # type: ignore[operator]
        if over:
            self.unfinished.unlink(missing_ok=True)

    def resume(self, session: Session, identity: str) -> None:
        """Put the session where it was saved, if it was. Raises ValueError for another training."""
        self.identity = identity
        for file in (UNFINISHED, WEIGHTS_FILE, CONFIG_FILE):
            clear(self.folder / file)
        if not self.unfinished.exists():
            return
        if not checkpoint.resume(self.unfinished, session, self.identity):
            raise ValueError(
                f"{self.folder} has the beginning of another training, with other data or options: give "
                f"those again, choose another folder, or delete {self.folder}"
            )
