"""A training as it was after its last whole pass, in a file from which it goes on after a kill."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, safe_open

from .files import write_whole
from .training import Training


def save(path: Path, session: Training[Any], identity: object) -> None:
    """Write what the next pass depends on, the records so far, and which training that is.

    The `identity` is anything that JSON has. Raises OSError; the checkpoint before it is still there.
    """
    about = {"of": identity, "passes": [asdict(record) for record in session.records]}
    write_whole(path, safetensors.torch.save(session.state(), {"session": json.dumps(about)}))


def resume(path: Path, session: Training[Any], identity: object) -> bool:
    """Put the session where the checkpoint has it; False if that is of a training of another identity.

    Raises ValueError for a file that is not whole, OSError where there is none.
    """
    try:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["session"])
            # Copies: as long as a file is mapped to memory, Windows lets nobody replace it.
            state = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
        same, passes = bool(about["of"] == identity), about["passes"]
    except (SafetensorError, TypeError, KeyError, ValueError) as error:
        raise ValueError(f"{path} is no whole checkpoint ({error}): delete it") from error
    if same:
        session.restore(state, passes)
    return same
