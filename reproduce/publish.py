"""Publish the trained networks, their cards and the demo on the Hugging Face Hub.

Each network becomes a model repository NAMESPACE/NAME, the demo a Space NAMESPACE/lenet5. Whatever
has not changed makes no commit, and a command that failed half-way goes on when it is given again.
Log in with `hf auth login`, or set HF_TOKEN.

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
from typing import Any, Literal, NamedTuple

from huggingface_hub import HfApi, constants, logging
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

from .running.runs import Runs
from .writing import options
from .writing.cards import PUBLISHED, SPACE, TAG, NotReady, model_folder, space_folder


class Repository(NamedTuple):
    """A repository as it is to be: its kind ("model", "space"), owner/name, and what is in it."""

    kind: Literal["model", "space"]
    name: str
    folder: Path

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Failed(Exception):
    """Sending stopped; the message says where, why, and what to do."""

    def __init__(self, message: str, hopeless: bool):
        super().__init__(message)
        self.hopeless = hopeless
        """Whether the next repository would fail alike."""


def build(
    namespace: str, runs: Runs, tree: Path, out: Path, say: Callable[[str], None]
) -> tuple[list[Repository], bool]:
    """Every folder that can be made, under `out`; and whether those are all."""
    ready, complete = [], True
    for network in PUBLISHED:
        repository = Repository(
            "model", f"{namespace}/{network.repo}", out / "models" / network.repo
        )
        try:
            model_folder(network, namespace, runs, repository.folder)
            ready.append(repository)
        except NotReady as reason:
            complete = False
            say(f"{repository}: cannot be published, {reason}")
    space = Repository("space", f"{namespace}/{SPACE}", out / "spaces" / SPACE)
    try:
        space_folder(namespace, [r.folder.name for r in ready], tree, space.folder)
        ready.append(space)
    except NotReady as reason:
        complete = False
        say(f"{space}: cannot be published, {reason}")
    return ready, complete


def check_token(api: HfApi) -> None:
    """Raises Failed unless there is a token that may write, so far as the Hub tells."""
    try:
        access = api.whoami().get("auth", {}).get("accessToken", {})
    except Exception as error:
        raise Failed(reason(error), True) from error
    if access.get("role") == "read":
        raise Failed("the token may only read: make one that may write at "
                     f"{constants.ENDPOINT}/settings/tokens", True)  # fmt: skip


def send(api: HfApi, repository: Repository, private: bool) -> str:
    """Make the repository what its folder is, and tag it; returns what was done. Raises Failed."""
    kind, name, folder = repository
    where: dict[str, Any] = {"repo_id": name, "repo_type": kind}
    sdk = "gradio" if kind == "space" else None
    reached = "nothing was sent"
    try:
        existed = api.repo_exists(**where)
        api.create_repo(**where, private=private, space_sdk=sdk, exist_ok=True)
        reached = "it has its earlier content" if existed else "it was made, and is empty"
        before = api.repo_info(**where)
        api.upload_folder(
            **where,
            folder_path=folder,
            commit_message=f"paper-lenet5 {TAG}",
            delete_patterns="*" if kind == "space" else None,
        )
        reached = f"it has its new content, but no tag {TAG}"
        head = api.repo_info(**where).sha or "main"
        tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(**where).tags}
        if TAG not in tags:
            api.create_tag(**where, tag=TAG, revision=head)
    except Exception as error:  # of any kind: the client's, its HTTP library's, Xet's
        status = _status(error)
        message = f"{repository}: {reached}, because {reason(error)}"
        raise Failed(message, status not in (402, 403)) from error
    done = f"{repository}: " + ("no change" if head == before.sha else f"commit {head[:7]}")
    if tags.get(TAG, head) != head:
        done += f"; the tag {TAG} stays at {tags[TAG][:7]}: raise the version to tag what is new"
    else:
        done += f", tag {TAG}"
    if before.private != private:
        done += f"; it stays {'private' if before.private else 'public'}: its settings change that"
    return done


def reason(error: Exception) -> str:
    """What went wrong and what to do, in words."""
    hub, status = constants.ENDPOINT, _status(error)
    if isinstance(error, LocalTokenNotFoundError):
        return "there is no token: log in with `hf auth login`, or set HF_TOKEN"
    if status == 401:
        return f"{hub} does not know the token: log in with `hf auth login`, or set HF_TOKEN"
    if status == 402:
        return f"a Gradio Space needs a paid plan: see {hub}/pricing"
    if status == 403:
        return ("the token may not write there: make one that may at "
                f"{hub}/settings/tokens, and check the namespace")  # fmt: skip
    if status is not None:
        return f"{hub} answers with status {status}: try again later"
    words = " ".join(str(error).split())
    return f"{hub} cannot be reached ({type(error).__name__}: {words}): check the connection"


def _status(error: Exception) -> int | None:
    if not isinstance(error, HfHubHTTPError) or error.response is None:
        return None
    status: int = error.response.status_code
    return status


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = options.described("publish", __doc__)
    option = parser.add_argument
    option("--namespace", required=True, help="a user or an organisation on the Hub")
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
    return args


@options.in_words
def main(argv: Sequence[str] | None = None) -> int:
    """0 if everything is published and was not only tried, else 1."""
    args = arguments(argv)
    runs, tree = Runs(args.results or options.clone() / "results"), args.tree or options.clone()
    logging.set_verbosity_error()  # that nothing has changed is said below
    with nullcontext(args.out) if args.dry_run else tempfile.TemporaryDirectory() as out:
        for kind in ("models", "spaces"):
            shutil.rmtree(Path(out) / kind, ignore_errors=True)
        ready, complete = build(args.namespace, runs, tree, Path(out), print)
        if args.dry_run:
            for repository in ready:
                files = sorted(p for p in repository.folder.rglob("*") if p.is_file())
                print(f"{repository}: would be sent, with tag {TAG}, from {repository.folder}")
                for path in files:
                    print(f"{path.stat().st_size:12,}  {path.relative_to(repository.folder)}")
            return int(not complete)
        api = HfApi()
        try:
            check_token(api)
        except Failed as failure:
            print(f"Nothing was sent: {failure}", file=sys.stderr)
            return 1
        for number, repository in enumerate(ready):
            try:
                print(send(api, repository, args.private), flush=True)
            except Failed as failure:
                complete = False
                print(failure, file=sys.stderr)
                if failure.hopeless:
                    for left in ready[number + 1 :]:
                        print(f"{left}: not tried", file=sys.stderr)
                    break
    if not complete:
        print("Not everything is published. The same command goes on.", file=sys.stderr)
    return int(not complete)


if __name__ == "__main__":
    sys.exit(main())
