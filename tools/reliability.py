"""Kills, faults, bits and clusters: what the commands stand, in results/robustness/reliability.*

    python -m tools.reliability [kills] [faults] [bits] [cluster] [cost]

Each part is measured anew where it is named, all where none is. A quarter of an hour of one core, half
of it for 50 kills. A full disk and a read-only one are small tmpfs, which only root may mount.
"""

import argparse
import json
import math
import os
import pickle
import random
import statistics
import subprocess
import tempfile
import threading
import time
import zlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
from rich.console import Console

from paper_lenet5.files import write_whole
from reproduce import table1
from reproduce.baselines import networks
from reproduce.baselines.minibatch import MinibatchRecipe
from reproduce.rows import datasets
from reproduce.rows.recipes import LENET5, TABLE_1
from reproduce.rows.row import Row
from reproduce.running.errors import RunsFailed
from reproduce.running.record import machine, to_json, versions
from reproduce.running.runs import Runs, recorded
from reproduce.running.sweep import runs_of, sweep
from tests.doubles import killed
from tests.doubles.killed import Child, contents
from tests.doubles.loopback import Cluster, kill, wait_for
from tests.doubles.poison import dies
from tools.digests import PROCESSORS, digests

QUIET = Console(quiet=True)


# --- kills ----------------------------------------------------------------------------------------


def kills(folder: Path) -> dict:
    """50 kills, a quarter each aimed at training, writing, rendering and any moment."""
    return killed.kill_again_and_again(folder, 50, random.Random(1998))


# --- faults ---------------------------------------------------------------------------------------


@contextmanager
def small_disk(folder: Path, size: str):
    """A file system of that size, mounted there."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def remount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def fault(out: Path, *options: str) -> dict:
    """What the command says, and whether every file that was there is as it was."""
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file() and p.name != ".lock"}
    command = Child(out, *options)
    status = command.wait()
    records = {p for p in before if p.parent == out / "runs"}
    return {
        "exit_status": status,
        "said": command.printed.replace(str(out), "results").split("\n")[-3:-1],
        "passes_begun": len(command.passes),
        "records_as_they_were": all(p.exists() and p.read_bytes() == before[p] for p in records),
    }


def faults(folder: Path) -> dict:
    """Each fault, then the same command once it is mended, against an undisturbed one."""
    expected = killed.undisturbed(folder / "undisturbed")
    found = {}

    def mended(out: Path) -> bool:
        return Child(out).wait() == 0 and contents(out) == expected

    if os.geteuid() == 0:
        out = folder / "full"
        with small_disk(out, "1300k"):
            found["a full disk"] = fault(out)
            remount(out, "size=20m")
            found["a full disk"]["mended"] = mended(out)
            remount(out, "ro")
            found["a read-only folder"] = fault(out)
            remount(out, "rw")
            found["a read-only folder"]["mended"] = mended(out)
    else:
        found["a full disk, a read-only folder"] = {"skipped": "needs root, for mount"}

    out = folder / "two"
    commands = [Child(out, *killed.COMMAND, "--jobs", "1") for _ in range(2)]
    statuses = [command.wait() for command in commands]
    passes = [of_one for command in commands for of_one in command.passes]
    found["two commands at once"] = {
        "exit_statuses": statuses,
        "passes_begun_by_each": [len(command.passes) for command in commands],
        "passes_begun_twice": len(passes) - len(set(passes)),
        "mended": contents(out) == expected,
    }

    path = out / "runs" / "mlp-mnist-sample-smoke-seed1.json"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found["a truncated record"] = fault(out)
    path.unlink()
    found["a truncated record"]["mended"] = mended(out)

    command = Child(out := folder / "checkpoint")
    command.wait_for("training", 12)
    command.kill()
    path = max((out / "runs" / "unfinished").glob("*.safetensors"), key=lambda p: p.stat().st_size)
    path.write_bytes(path.read_bytes()[:-1000])
    found["a truncated checkpoint"] = fault(out)
    path.write_bytes(b"")
    found["a truncated checkpoint"]["mended"] = mended(out)
    return found


# --- bits -----------------------------------------------------------------------------------------

COMPARED = ("lenet5-1998", "lenet5-1998-distortions", "lenet5-1998-noise", "lenet5-textbook",
            "modern", "mlp", "linear")  # fmt: skip
ROWS = (*COMPARED, "lenet5-1998-eq8", "lenet5-sdnn", "lenet5-tanh-average")


def bits(folder: Path) -> dict:
    """The same seed with other --jobs, and on a processor that is made to look older."""
    here = digests(1, ROWS)
    found = {
        "rows": len(here),
        "other_with_jobs_3": differing(here, digests(3, ROWS)),
        "processors": {},
    }
    for processor, environment in PROCESSORS.items():
        there = digests(1, COMPARED, **environment, NUMBA_CACHE_DIR=str(folder / processor))
        found["processors"][processor] = {
            "same_bits": [row for row in there if there[row] == here[row]],
            "other": {row: [here[row][1], there[row][1]] for row in differing(there, here)},
        }
    return found


def differing(one: dict, other: dict) -> list[str]:
    return [row for row in one if one[row] != other[row]]


# --- clusters -------------------------------------------------------------------------------------


def cluster(folder: Path) -> dict:
    """A worker killed, one that joins late, the scheduler lost, a run that no worker survives."""
    corner = datasets.smoke(datasets.sample())
    work = runs_of([LENET5, next(row for row in TABLE_1 if row.name == "mlp")], 3, corner)
    sweep(work, Runs(folder / "here"), QUIET)
    expected, found = contents(folder / "here"), {}

    def during(name: str, workers: int, event, work=work) -> None:
        """The event happens once the first record is there."""
        out, said, started = folder / name, "", time.monotonic()
        with Cluster(workers) as of_name:
            waiting = threading.Thread(
                target=lambda: (
                    wait_for(lambda: any((out / "runs").glob("*.json")), 300),
                    event(of_name),
                )
            )
            waiting.start()
            try:
                sweep(work, Runs(out), QUIET, dask=of_name.address)
            except (RunsFailed, OSError) as error:
                said = str(error)
            waiting.join()
        recorded = contents(out)
        found[name] = {
            "records": len(list((out / "runs").glob("*.json"))), "of": len(work), "said": said,
            "seconds": round(time.monotonic() - started),
            "bits_as_here": all(expected.get(k) == v for k, v in recorded.items()
                                if k.startswith("runs/") and "unfinished" not in k),
        }  # fmt: skip

    during("a worker killed", 2, lambda c: kill(c.processes[1]))
    during("a worker that joins late", 1, lambda c: c.join())
    during("the scheduler lost", 2, lambda c: kill(c.scheduler))
    sweep(work, Runs(folder / "the scheduler lost"), QUIET)
    found["the scheduler lost"]["mended"] = all(
        contents(folder / "the scheduler lost").get(k) == v for k, v in expected.items()
    )
    poison = runs_of([Row("poison", "poison", MinibatchRecipe(dies, passes=1))], 1, corner)
    during("a run that always dies", 2, lambda c: None, poison + work)
    return found


def cost(folder: Path) -> dict:
    """What a run costs beside its training: CPU time, which does not depend on what else runs."""
    corner = datasets.smoke(datasets.sample())
    tiny = Row("tiny", "tiny", MinibatchRecipe(networks.textbook, passes=1, steps=1))
    n = 200
    before = time.process_time()
    sweep(runs_of([tiny], n, corner), Runs(folder / "here"), QUIET, jobs=1)
    here = (time.process_time() - before) / n
    with Cluster(2) as of_cost:
        warm_up = runs_of([replace(tiny, name="warm")], 20, corner)
        sweep(warm_up, Runs(folder / "there"), QUIET, dask=of_cost.address)
        scheduler, *workers = map(cpu_of, of_cost.processes)
        before, wall = time.process_time(), time.monotonic()
        sweep(runs_of([tiny], n, corner), Runs(folder / "there"), QUIET, dask=of_cost.address)
        client, wall = (time.process_time() - before) / n, (time.monotonic() - wall) / n
        after_scheduler, *after_workers = map(cpu_of, of_cost.processes)
    worker = (sum(after_workers) - sum(workers)) / n
    record = json.loads(next((folder / "here" / "runs").glob("*.json")).read_text(encoding="utf-8"))
    of_lenet5 = Path("results/runs/lenet5-1998-seed0.json").read_text(encoding="utf-8")
    for seed in range(1000):  # a table of a thousand runs
        text = json.dumps(json.loads(of_lenet5) | {"seed": seed})
        (folder / "many" / "runs").mkdir(parents=True, exist_ok=True)
        (folder / "many" / "runs" / f"lenet5-1998-seed{seed}.json").write_text(
            text, encoding="utf-8"
        )
    before = time.process_time()
    table1.write(Runs(folder / "many"), "mnist", folder / "many")
    rendering = time.process_time() - before
    return {
        "runs": n, "local_s": here, "dask_client_s": client, "dask_worker_s": worker,
        "dask_scheduler_s": (after_scheduler - scheduler) / n, "dask_wall_s": wall,
        "table_of_1000_records_s": rendering, "training_s": record["seconds"],
    }  # fmt: skip


def cpu_of(process: subprocess.Popen) -> float:
    """Seconds of the process and its children."""
    family = [psutil.Process(process.pid)]
    family += family[0].children(recursive=True)
    return sum(sum(member.cpu_times()[:2]) for member in family)


# --- the page -------------------------------------------------------------------------------------


def markdown(found: dict) -> str:
    """reliability.md."""
    lines = ["# What the commands stand", ""]
    about = found["machine"]
    lines += [
        f"Measured by `python -m tools.reliability` on {about['processor']}, {about['cores']} cores, "
        f"Python {found['versions']['python']}, torch {found['versions']['torch']}, numba "
        f"{found['versions']['numba']}, on a corner of the 5,000-digit sample, where a run takes a "
        "second or two.",
        "",
    ]
    if "kills" in found:
        k = found["kills"]
        hit = ", ".join(f"{n} {doing}" for doing, n in k["kills"].items())
        lines += [
            "## Kill -9",
            "",
            f"`reproduce.table1`, two runs at a time, killed {sum(k['kills'].values())} times and "
            f"started again each time. What it was doing: {hit} (*neither*: starting, or in between).",
            "",
            "| | |",
            "| --- | ---: |",
            f"| commands that came to their end | {k['commands_completed']} |",
            "| of these not byte for byte what an undisturbed one leaves, times aside "
            f"| {len(k['different_from_undisturbed'])} |",
            f"| passes begun | {k['passes_begun']} |",
            f"| passes lost | {k['passes_lost']} |",
            f"| most that one run lost in one kill | {k['most_lost_by_a_run_in_a_kill']} |",
            f"| passes repeated that were on record | {k['recorded_passes_repeated']} |",
            "",
        ]
    if "faults" in found:
        lines += [
            "## Faults",
            "",
            "| fault | exit status | said | passes begun | records as they were "
            "| ends as undisturbed, once mended |",
            "| --- | --- | --- | ---: | --- | --- |",
        ]
        for name, f in found["faults"].items():
            if "skipped" in f:
                lines.append(f"| {name} | skipped: {f['skipped']} | | | | |")
            elif "said" in f:
                said = " ".join(f["said"])
                lines.append(
                    f"| {name} | {f['exit_status']} | {said} | {f['passes_begun']} "
                    f"| {yes(f['records_as_they_were'])} | {yes(f['mended'])} |"
                )
            else:
                each = " and ".join(map(str, f["passes_begun_by_each"]))
                status = " and ".join(map(str, f["exit_statuses"]))
                lines.append(
                    f"| {name} | {status} | | {each}, {f['passes_begun_twice']} of them twice | | "
                    f"{yes(f['mended'])} |"
                )
        lines.append("")
    if "bits" in found:
        b = found["bits"]
        other = ", ".join(b["other_with_jobs_3"]) or "none"
        lines += [
            "## Bits",
            "",
            f"{b['rows']} rows, seed 0, with `--jobs 1` and `--jobs 3`; other weights: {other}.",
            "",
            "The same seed where Numba, PyTorch, oneDNN and MKL are told that the processor is an older "
            "one:",
            "",
            "| processor | same bits | other bits: errors of 500, here and there |",
            "| --- | --- | --- |",
        ]
        for processor, of in b["processors"].items():
            others = ", ".join(f"{row} ({a}, {c})" for row, (a, c) in of["other"].items())
            lines.append(f"| {processor} | {', '.join(of['same_bits'])} | {others} |")
        lines.append("")
    if "cluster" in found:
        lines += [
            "## Clusters",
            "",
            "A scheduler and two workers on loopback (one, where a second joins late). The event comes "
            "when the first record is there.",
            "",
            "| event | records | said | bits as on one machine |",
            "| --- | --- | --- | --- |",
        ]
        for name, c in found["cluster"].items():
            said = " ".join(c["said"].split())
            if "mended" in c:
                said += f"; the same command then completed the rest: {yes(c['mended'])}"
            lines.append(
                f"| {name} | {c['records']} of {c['of']} | {said} | {yes(c['bits_as_here'])} |"
            )
        lines.append("")
    if "cost" in found:
        c = {k: v * 1000 for k, v in found["cost"].items() if k.endswith("_s")}
        lines += [
            "## Cost of a run beside its training",
            "",
            f"{found['cost']['runs']} runs of one step each; milliseconds of CPU time for one run.",
            "",
            "| | ms |",
            "| --- | ---: |",
            f"| here, all of it: network, evaluation, record, weights | {c['local_s']:.0f} |",
            f"| Dask: the worker, the same and the way to and fro | {c['dask_worker_s']:.0f} |",
            f"| Dask: the machine that gives the command | {c['dask_client_s']:.0f} |",
            f"| Dask: the scheduler | {c['dask_scheduler_s']:.0f} |",
            f"| a table of 1,000 records, once | {c['table_of_1000_records_s']:.0f} |",
            "",
            *on_paper(found["cost"]),
        ]
    return "\n".join(lines)


def on_paper(costs: dict, runs: int = 10_000, machines: int = 100) -> list[str]:
    """What the measured costs come to for a sweep that we cannot make."""
    seconds = statistics.mean(r["seconds"] for r in recorded(LENET5, Runs("results")))
    worker = costs["dask_worker_s"] - costs["local_s"]
    lines = [
        f"## {runs:,} runs on {machines} machines, on paper",
        "",
        f"LeNet-5 (1998), {seconds:.0f} s a run, over Dask; worked out from the costs above.",
        "",
        "| cores of a machine | training, in whole waves | + what Dask costs a worker "
        "| scheduler's core is busy | the commanding machine's |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for cores in (2, 16):
        waves = math.ceil(runs / (machines * cores))
        wall = waves * (seconds + worker)
        lines.append(
            f"| {cores} | {waves} × {seconds:.0f} s = {waves * seconds / 60:.1f} min "
            f"| {wall / 60:.1f} min | {100 * runs * costs['dask_scheduler_s'] / wall:.0f} % "
            f"| {100 * runs * costs['dask_client_s'] / wall:.0f} % |"
        )
    most = seconds / costs["dask_scheduler_s"]
    data = zlib.compress(pickle.dumps({"mnist": datasets.load()}), 1)
    return [
        *lines,
        "",
        f"To this come, once: {len(data) / 1e6:.0f} MB of data to each machine "
        f"({machines * len(data) / 125e6:.0f} s at 1 Gbit/s), some seconds to compile on each, and "
        f"{runs / 1000 * costs['table_of_1000_records_s']:.0f} s for the last table. One scheduler "
        f"keeps up with some {most:,.0f} threads; more, or machines that do not reach each other, are a "
        "matter for `--shard`, which has no such limit.",
        "",
    ]


def yes(is_so: bool) -> str:
    return "yes" if is_so else "**no**"


PARTS = {"kills": kills, "faults": faults, "bits": bits, "cluster": cluster, "cost": cost}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--out", type=Path, default=Path("results/robustness"), help="where to")
    args = parser.parse_args()
    path = args.out / "reliability.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in args.parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = PARTS[name](Path(folder))
        print(name, json.dumps(found[name], indent=1))
        found |= {"machine": machine(), "versions": versions()}
        write_whole(path, to_json(found).encode())
        write_whole(path.with_suffix(".md"), markdown(found).encode())


if __name__ == "__main__":
    main()
