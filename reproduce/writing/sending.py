"""Repositories on the Hub: made, filled, tagged; and what is said where that fails."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from huggingface_hub import HfApi, SpaceHardware, constants
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

from .cards import TAG
from .space import KINDS, kind_of

PLAN, RIGHTS = 402, 403
"""Answers of the Hub: the account's plan, or its rights and places, do not allow it."""


class Repository(NamedTuple):
    """A repository as it is to be: its type, owner/name, what is in it, the kind of a Space."""

    type: Literal["model", "space"]
    name: str
    folder: Path
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.type} {self.name}"


class Failed(Exception):
    """Sending stopped; the message says where, why, and what to do."""

    def __init__(self, message: str, status: int | None = None):
        super().__init__(message)
        self.status = status
        """What the Hub answered, if it did."""

    @property
    def hopeless(self) -> bool:
        """Whether the next repository would fail alike."""
        return self.status not in (PLAN, RIGHTS)


def check_token(api: HfApi) -> None:
    """Raises Failed unless there is a token that may write, so far as the Hub tells."""
    try:
        access = api.whoami().get("auth", {}).get("accessToken", {})
    except Exception as error:
        raise Failed(reason(error)) from error
    if access.get("role") == "read":
        raise Failed(
            "the token may only read: make one that may write at "
            f"{constants.ENDPOINT}/settings/tokens"
        )


def send(api: HfApi, repository: Repository, private: bool) -> str:
    """Make the repository what its folder is, and tag it; returns what was done. Raises Failed."""
    where: dict[str, Any] = {"repo_id": repository.name, "repo_type": repository.type}
    reached = "nothing was sent"
    try:
        existed = api.repo_exists(**where)
        if not existed:
            api.create_repo(**where, private=private, exist_ok=True, **_as_space(repository.kind))
        elif repository.kind == "zerogpu" and space_on_hub(api, repository.name) != "zerogpu":
            api.request_space_hardware(repository.name, SpaceHardware.ZERO_A10G)
        reached = "it has its earlier content" if existed else "it was made, and is empty"
        before = api.repo_info(**where)
        api.upload_folder(
            **where,
            folder_path=repository.folder,
            commit_message=f"paper-lenet5 {TAG}",
            delete_patterns="*" if repository.type == "space" else None,
        )
        reached = f"it has its new content, but no tag {TAG}"
        head = api.repo_info(**where).sha or "main"
        tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(**where).tags}
        if TAG not in tags:
            api.create_tag(**where, tag=TAG, revision=head)
    except Exception as error:  # of any kind: the client's, its HTTP library's, Xet's
        message = f"{repository}: {reached}, because {reason(error, repository.kind)}"
        raise Failed(message, _status(error)) from error
    done = f"{repository}: " + ("no change" if head == before.sha else f"commit {head[:7]}")
    if tags.get(TAG, head) != head:
        done += f"; the tag {TAG} stays at {tags[TAG][:7]}: raise the version to tag what is new"
    else:
        done += f", tag {TAG}"
    if before.private != private:
        done += f"; it stays {'private' if before.private else 'public'}: its settings change that"
    return done


def _as_space(kind: str) -> dict[str, Any]:
    """What `create_repo` has to know of a Space of that kind; nothing for a model."""
    if not kind:
        return {}
    return {"space_sdk": KINDS[kind].sdk, "space_hardware": KINDS[kind].hardware}


def space_on_hub(api: HfApi, name: str) -> str | None:
    """The kind of the Space of that name, or None where there is none yet."""
    if not api.repo_exists(name, repo_type="space"):
        return None
    sdk = api.space_info(name).sdk
    if sdk != "gradio":
        return kind_of(sdk, None)
    runtime = api.get_space_runtime(name)
    return kind_of(sdk, runtime.requested_hardware or runtime.hardware)


def staying(api: HfApi, spaces: Sequence[Repository]) -> Sequence[Repository]:
    """Of Spaces of one name, that of the kind which is there already, else all. Raises Failed."""
    try:
        there = space_on_hub(api, spaces[0].name)
    except Exception as error:  # of any kind, as in `send`
        message = f"{spaces[0]}: nothing was sent, because {reason(error)}"
        raise Failed(message, _status(error)) from error
    return [space for space in spaces if space.kind == there] or spaces


def send_first(
    api: HfApi, spaces: Sequence[Repository], private: bool, say: Callable[[str], None]
) -> str:
    """Send the first of the Spaces that the account may have; returns what was done. Raises Failed."""
    space, *others = spaces
    try:
        return f"{send(api, space, private)}; it is {KINDS[space.kind].about}"
    except Failed as failure:
        foreign = failure.status == RIGHTS and space.kind == "gradio"  # of somebody else
        if failure.hopeless or foreign or not others:
            raise
        say(f"{failure}. Tried next: {KINDS[others[0].kind].about}.")
    return send_first(api, others, private, say)


def reason(error: Exception, kind: str = "") -> str:
    """What went wrong and what to do, in words; `kind` is that of a Space."""
    hub, status = constants.ENDPOINT, _status(error)
    if isinstance(error, LocalTokenNotFoundError):
        return "there is no token: log in with `hf auth login`, or set HF_TOKEN"
    if status == 401:
        return f"{hub} does not know the token: log in with `hf auth login`, or set HF_TOKEN"
    if status == PLAN:
        return f"a Gradio Space needs a paid plan: see {hub}/pricing"
    if status == RIGHTS and kind == "zerogpu":
        return "the account has no place free on ZeroGPU, or is too young for one"
    if status == RIGHTS:
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
