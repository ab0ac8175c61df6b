"""What a command shows while networks train: a bar for each run, or plain lines where none fits."""

import time
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text


class Shown(Protocol):
    """A run: a name that no other has, and itself in words."""

    @property
    def name(self) -> str: ...


class Display:
    """Row, pass, error so far and time left of every run that is going on.

    On a terminal one live line each; else, in a log, one printed line per pass.
    """

    def __init__(self, console: Console):
        self.console = console
        self.live = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[error]}"),
            TextColumn("{task.fields[left]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self.started: dict[str, float] = {}
        self.tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Display":
        self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def begin(self, run: Shown) -> None:
        """A run begins, or goes on."""
        self.started[run.name] = time.perf_counter()
        self.tasks[run.name] = self.live.add_task(str(run), total=None, error="", left="")

    def after_pass(self, run: Shown, number: int, length: int, error: float, first: int) -> None:
        """Pass `number` of `length` is over; `first` is the one that this command began with."""
        per_pass = (time.perf_counter() - self.started[run.name]) / (number - first + 1)
        seconds = round(per_pass * (length - number))
        error_so_far = f"{error:.2f} % error"
        left = f"{seconds // 60}:{seconds % 60:02d} left"
        self.live.update(
            self.tasks[run.name], total=length, completed=number, error=error_so_far, left=left
        )
        if not self.console.is_terminal:
            line = f"{run}   pass {number:2d}/{length}   {error_so_far}   {left}"
            self.console.print(line, soft_wrap=True, highlight=False)

    def end(self, run: Shown, summary: str, style: str = "") -> None:
        """A run is over; one that went on elsewhere had no bar."""
        if run.name in self.tasks:
            self.live.remove_task(self.tasks.pop(run.name))
        self.console.print(Text.assemble((f"{run}   ", "bold"), (summary, style)))
