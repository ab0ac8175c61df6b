"""Publish the trained networks, their cards and the demo on the Hugging Face Hub.

Each network becomes a model repository NAMESPACE/NAME, the demo a Space NAMESPACE/lenet5: of Gradio
where the account may have one, else on ZeroGPU, else the page that runs in the browser by itself.
Whatever has not changed makes no commit, and a command that failed half-way goes on when it is given
again. Log in with `hf auth login`, or set HF_TOKEN.

On two cores it takes seconds, and an upload.
"""

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from huggingface_hub import HfApi, logging

from .running.runs import Runs
from .writing import options
from .writing.cards import PUBLISHED, SPACE, TAG, NotReady, model_folder
from .writing.sending import Failed, Repository, check_token, send, send_first, staying
from .writing.space import KINDS, pages_folder, space_folder

TRAJECTORIES = "lenet5-1998-trajectories"
"""The name of the repository with the weights of every pass."""


def models(
    namespace: str, source: str, runs: Runs, out: Path, say: Callable[[str], None]
) -> tuple[list[Repository], bool]:
    """The folder of every network that can be published, under `out`; and whether those are all."""
    ready, complete = [], True
    for network in PUBLISHED:
        repository = Repository("model", f"{namespace}/{network.repo}", out / network.repo)
        try:
            model_folder(network, namespace, source, runs, repository.folder)
            ready.append(repository)
        except NotReady as reason:
            complete = False
            say(f"{repository}: cannot be published, {reason}")
    return ready, complete


def spaces(args: argparse.Namespace, models: Sequence[Repository], out: Path) -> list[Repository]:
    """The demo's folder for every kind of Space that is wanted. Raises NotReady."""
    names, tree = [model.folder.name for model in models], args.tree or options.clone()
    made = []
    for kind in {"auto": [*KINDS], "none": []}.get(args.space, [args.space]):
        folder = out / kind
        space_folder(kind, args.namespace, names, args.source, tree, folder)
        made.append(Repository("space", f"{args.namespace}/{SPACE}", folder, kind))
    return made


def show(repository: Repository) -> None:
    """What would be sent."""
    folder = repository.folder
    print(f"{repository}: would be sent, with tag {TAG}, from {folder}")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        print(f"{path.stat().st_size:12,}  {path.relative_to(folder)}")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = options.described("publish", __doc__)
    option = parser.add_argument
    option("--namespace", required=True, help="a user or an organisation on the Hub")
    option("--source", required=True, metavar="URL", help="where the code is, for the cards")
    option(
        "--space",
        choices=["auto", *KINDS, "none"],
        default="auto",
        help="what the demo becomes (default: the first of gradio, zerogpu, static that may be had)",
    )
    option(
        "--trajectories",
        type=options.folder,
        metavar="FOLDER",
        help=f"send the folder that reproduce.trajectories wrote as well, as {TRAJECTORIES}",
    )
    option(
        "--pages",
        type=options.folder,
        metavar="FOLDER",
        help="write the page that needs no server to a folder as well, for GitHub Pages",
    )
    option("--private", action="store_true", help="new repositories are seen by their owner alone")
    option("--dry-run", action="store_true", help="write all of it to a folder and send nothing")
    option("--out", type=options.folder, default=Path("build/hub"),
           help="that folder; its models and spaces are written anew (default: build/hub)")  # fmt: skip
    option("--results", type=Path, help="folder of the records (default: that of this clone)")
    option("--tree", type=Path, help="where app.py and the package lie (default: this clone)")
    args = parser.parse_args(argv)
    if not re.fullmatch(r"\w[\w.-]*", args.namespace, re.ASCII):
        parser.error(
            f"--namespace must be the name of a user or organisation, not {args.namespace!r}"
        )
    if not re.fullmatch(r"https?://[^\s/]+/\S+", args.source):
        parser.error(
            f"--source must be the address of a repository, https://…, not {args.source!r}"
        )
    return args


def send_all(models: Sequence[Repository], demo: Sequence[Repository], private: bool) -> bool:
    """Send the networks, and the demo as what it may be; returns whether all of it is there."""
    api, left = HfApi(), [*models, *demo[:1]]
    try:
        check_token(api)
    except Failed as failure:
        print(f"Nothing was sent: {failure}", file=sys.stderr)
        return False
    complete = True
    while left:
        repository = left.pop(0)
        try:
            if repository.kind:
                print(send_first(api, staying(api, demo), private, print), flush=True)
            else:
                print(send(api, repository, private), flush=True)
        except Failed as failure:
            complete = False
            print(failure, file=sys.stderr)
            if failure.hopeless:
                for other in left:
                    print(f"{other}: not tried", file=sys.stderr)
                break
    return complete


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """0 if everything is published and was not only tried, else 1."""
    args = arguments(argv)
    runs = Runs(args.results or options.clone() / "results")
    logging.set_verbosity_error()  # that nothing has changed is said below
    with nullcontext(args.out) if args.dry_run else tempfile.TemporaryDirectory() as out:
        for folder in ("models", "spaces"):
            shutil.rmtree(Path(out, folder), ignore_errors=True)
        ready, complete = models(args.namespace, args.source, runs, Path(out, "models"), print)
        try:
            demo = spaces(args, ready, Path(out, "spaces"))
        except NotReady as reason:
            demo, complete = [], False
            print(f"space {args.namespace}/{SPACE}: cannot be published, {reason}")
        if args.trajectories:
            name = f"{args.namespace}/{TRAJECTORIES}"
            ready.append(Repository("model", name, args.trajectories))
        if args.pages:
            pages_folder(args.pages)
            print(f"{args.pages}: the page without a server; GitHub Pages shows that folder")
        if args.dry_run:
            for repository in [*ready, *demo]:
                show(repository)
            return int(not complete)
        complete &= send_all(ready, demo, args.private)
    if not complete:
        print("Not everything is published. The same command goes on.", file=sys.stderr)
    return int(not complete)


if __name__ == "__main__":
    sys.exit(main())
