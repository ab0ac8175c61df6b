"""What a command shows while networks train: a bar for each run, or plain lines where none fits."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from paper_lenet5.compiled import on_compiling
from paper_lenet5.terminal import COMPILING


class Shown(Protocol):
    """A run as it is shown: by a name that no other has, by title and seed, and by itself in words."""

    @property
    def name(self) -> str:
        """A name that no other run has."""

    @property
    def title(self) -> str:
        """What is trained, in words."""

    @property
    def seed(self) -> int:
        """The seed, which is shown even where there is no room for all of the title."""


class _Time(ProgressColumn):
    """The time that is left; while that is not known, the time that has passed."""

    def render(self, task: Task) -> Text:
        """The time as a cell of the task's line."""
        return Text(task.fields["left"] or f"{task.elapsed or 0:.0f} s")


@contextmanager
def compiling_shown(console: Console) -> Iterator[None]:
    """Show only what is being compiled, in a command that has no `Display`."""
    status, said = console.status(""), False

    def tell(name: str | None) -> None:
        nonlocal said
        if name is None:
            status.stop()
            return
        status.update(f"{COMPILING} {name}")
        status.start()
        if not console.is_terminal and not said:
            console.print(COMPILING)
            said = True

    with on_compiling(tell):
        yield


class Display:
    """Shows row, pass, error so far and time left of every run that is going on.

    On a terminal one live line each; else, in a log, one printed line per pass. While the pass is
    compiled there is a line for that.
    """

    def __init__(self, console: Console):
        self.console = console
        self.live = Progress(
            TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True)),
            TextColumn("{task.fields[seed]}"),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("{task.fields[error]}"),
            _Time(),
            console=console,
            disable=not console.is_terminal,
            expand=True,
        )
        self.started: dict[str, float] = {}
        self.tasks: dict[str, TaskID] = {}
        self.passed: set[str] = set()
        self.compiles: TaskID | None = None
        self.said = False
        self.told = on_compiling(self.compiling)

    def __enter__(self) -> "Display":
        self.live.start()
        self.told.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.told.__exit__(None, None, None)
        self.live.stop()

    def compiling(self, name: str | None) -> None:
        """Show that the function of this name is compiled next; None says that there is no other."""
        if name is None:
            if self.compiles is not None:
                self.live.remove_task(self.compiles)
                self.compiles = None
                now = time.perf_counter()  # what is left is told from passes alone
                self.started |= {run: now for run in self.started if run not in self.passed}
            return
        if self.compiles is None:
            title = "Compiling, once"
            self.compiles = self.live.add_task(title, total=None, seed="", error="", left="")
            if not self.console.is_terminal and not self.said:
                self.console.print(COMPILING)
                self.said = True
        self.live.update(self.compiles, advance=1, error=name)

    def say(self, sentence: str) -> None:
        """Print a line above the bars."""
        self.console.print(sentence, soft_wrap=True, highlight=False)

    def begin(self, run: Shown) -> None:
        """Show a run that begins, or goes on, or begins anew elsewhere."""
        if run.name in self.tasks:
            self.live.remove_task(self.tasks[run.name])
        self.started[run.name] = time.perf_counter()
        self.tasks[run.name] = self.live.add_task(
            run.title, total=None, seed=f"seed {run.seed}", error="", left=""
        )

    def after_pass(self, run: Shown, number: int, length: int, error: float, first: int) -> None:
        """Show that pass `number` of `length` is over; the command began with pass `first`."""
        self.passed.add(run.name)
        per_pass = (time.perf_counter() - self.started[run.name]) / (number - first + 1)
        seconds = round(per_pass * (length - number))
        error_so_far = f"{error:.2f} % error"
        left = f"{seconds // 60}:{seconds % 60:02d} left"
        self.live.update(
            self.tasks[run.name], total=length, completed=number, error=error_so_far, left=left
        )
        if not self.console.is_terminal:
            self.say(f"{run}   pass {number:2d}/{length}   {error_so_far}   {left}")

    def end(self, run: Shown, summary: str, style: str = "") -> None:
        """Show that a run is over; one that went on elsewhere had no bar."""
        if run.name in self.tasks:
            self.live.remove_task(self.tasks.pop(run.name))
        self.console.print(Text.assemble((f"{run}   ", "bold"), (summary, style)))
