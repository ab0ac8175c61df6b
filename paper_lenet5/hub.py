"""Files of a repository on the Hugging Face Hub, from the cache first."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

PATIENCE = 10
"""Seconds to wait for the Hub's first response."""
_NAME = re.compile(r"\w[\w.-]*/\w[\w.-]*", re.ASCII)


class WeightsUnavailable(OSError):
    """The weights are not on this machine and could not be fetched; the message says what to do."""


@dataclass
class Repository:
    """A model repository at one branch, tag or commit, and how to get at it."""

    name: str
    """Its owner and its name, as in owner/name."""
    revision: str | None = None
    """A branch, a tag or a commit; None stands for the branch main."""
    force_download: bool = False
    local_files_only: bool = False
    cache_dir: str | Path | None = None
    token: str | bool | None = None

    commit: str | None = None
    """The commit of the first file asked for: the others are taken from the same one."""

    remedy: ClassVar[str] = "fetch it again with force_download=True"

    @staticmethod
    def names(text: str) -> bool:
        """Whether the text has the form owner/name."""
        return _NAME.fullmatch(text) is not None

    def path(self, file: str) -> Path:
        """Where the file lies in the cache, which it is fetched into if need be.

        The Hub is asked only for what is not in the cache. Raises WeightsUnavailable.
        """
        revision = self.commit or self.revision
        path = try_to_load_from_cache(self.name, file, self.cache_dir, revision)
        if not isinstance(path, str) or self.force_download:
            path = self._fetched(file, revision)
        self.commit = Path(path).parent.name
        return Path(path)

    def _fetched(self, file: str, revision: str | None) -> str:
        """Where the file lies once the Hub has been asked for it. Raises WeightsUnavailable."""
        if self.local_files_only:
            raise WeightsUnavailable(
                f"{self} has no {file} in the cache {self._cache}, and local_files_only=True "
                "forbids to fetch it: leave that out once"
            )
        try:
            # This fails at once where there is no internet; a download tries for 23 s.
            HfApi(token=self.token).model_info(self.name, revision=revision, timeout=PATIENCE)
            return hf_hub_download(
                self.name,
                file,
                revision=revision,
                cache_dir=self.cache_dir,
                force_download=self.force_download,
                token=self.token,
            )
        except Exception as error:  # of any kind: the client's, its HTTP library's, the disk's
            raise WeightsUnavailable(self._reason(error, file)) from error

    def __str__(self) -> str:
        return self.name if self.revision is None else f"{self.name} at {self.revision}"

    @property
    def _cache(self) -> Path:
        return Path(self.cache_dir or constants.HF_HUB_CACHE)

    def _reason(self, error: Exception, file: str) -> str:
        """One sentence: what went wrong, and what to do."""
        hub = constants.ENDPOINT
        if isinstance(error, RepositoryNotFoundError):
            return (
                f"There is no folder and no repository {self.name} on {hub}, or it is private: "
                "check the name, and log in with `hf auth login` if it is private"
            )
        if isinstance(error, RevisionNotFoundError):
            return (
                f"{self.name} has no branch, tag or commit {self.revision!r}: see those it has at "
                f"{hub}/{self.name}/tree/main"
            )
        if isinstance(error, EntryNotFoundError) and isinstance(error, HfHubHTTPError):
            return (
                f"{self} has no {file}, so it is no network that paper_lenet5 saved (it loads "
                "safetensors and never a pickle): choose another repository"
            )
        if isinstance(error, OfflineModeIsEnabled):
            return (
                f"{self} is not in the cache {self._cache}, and HF_HUB_OFFLINE forbids to ask the "
                "Hub: unset it once, or load a network of the package"
            )
        if isinstance(error, HfHubHTTPError) and error.response is not None:
            status = error.response.status_code
            if status in (401, 403):
                return f"{hub} refuses the token (status {status}): log in with `hf auth login`"
            return f"{hub} answers with status {status} for {self}: try again later"
        return (
            f"{self} is not in the cache {self._cache}, and fetching it from {hub} failed "
            f"({type(error).__name__}: {' '.join(str(error).split())}): check the connection, or load "
            "a network of the package"
        )
