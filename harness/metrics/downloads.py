"""Keeps pyiqa, torch hub, timm and Hugging Face from downloading: each file they want is recorded, and refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

DOWNLOADERS = ("torch.hub", "pyiqa.utils.download_util", "timm.models._hub")
"""Modules that hold a `download_url_to_file` of their own."""


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A weight file that a library looks for, and downloads when it is not there.

    Attributes:
        source: A URL, `hf://OWNER/REPOSITORY/FILE`, or `hf://OWNER/REPOSITORY` for all of it.
        target: Where it belongs: a path in torch's hub folder, or an absolute one. Empty for
            Hugging Face's files, which have a cache of their own.
    """

    source: str
    target: str = ""

    def path(self) -> Path:
        """The file's place, or for Hugging Face the repository's folder in the cache."""
        if not self.source.startswith("hf://"):
            return hub_folder() / self.target
        hub = (
            os.environ.get("HF_HUB_CACHE")
            or Path(os.environ.get("HF_HOME") or _caches() / "huggingface") / "hub"
        )
        owner, repository = self._parts()[:2]
        return Path(hub) / f"models--{owner}--{repository}"

    def is_here(self) -> bool:
        """Whether the file is where the library looks."""
        if not self.source.startswith("hf://"):
            return self.path().is_file()
        name = "/".join(self._parts()[2:]) or "*"
        return any(self.path().glob(f"snapshots/*/{name}"))

    def how_to_get(self) -> str:
        """One clause that says what to fetch, and where it belongs."""
        if not self.source.startswith("hf://"):
            return f"get {self.source} and put it at {self.path()}"
        owner, repository, *name = self._parts()
        command = " ".join(["hf", "download", f"{owner}/{repository}", *name])
        return f"run `{command}`, which puts it into {self.path()}"

    def _parts(self) -> list[str]:
        return self.source.removeprefix("hf://").split("/", 2)


def hub_folder() -> Path:
    """What `torch.hub.get_dir` says, without importing torch."""
    return Path(os.environ.get("TORCH_HOME") or _caches() / "torch").expanduser() / "hub"


def _caches() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def wanted_url(url: Any, target: Any = None) -> WantedFile:
    """Describes a download of `download_url_to_file`, or of `urlopen` (CLIP's loader), which is told no target."""
    source = str(getattr(url, "full_url", url))
    name = source.rpartition("/")[2].partition("?")[0]
    return WantedFile(source, str(target) if target is not None else f"clip/{name}")


@contextmanager
def refuse(record: Callable[[WantedFile], Any]) -> Iterator[None]:
    """While it is entered, files that are in the caches are read, and nothing is downloaded.

    Args:
        record: Called with each file that is not in a cache; the library that wanted it gets an
            `OSError`.
    """
    from unittest.mock import patch

    import huggingface_hub.constants
    import timm.models._hub

    def refuse_url(url: Any, target: Any = None, *_rest: Any, **_more: Any) -> NoReturn:
        record(wanted_url(url, target))
        raise OSError(f"{url} is not here, and nothing is downloaded")

    from_cache = timm.models._hub.hf_hub_download

    def refuse_hub(repo_id: str, filename: str, *rest: Any, **more: Any) -> Any:
        try:
            return from_cache(repo_id, filename, *rest, **more)
        except Exception:
            record(WantedFile(f"hf://{repo_id}/{filename}"))
            raise

    def refuse_open(url: Any, *_rest: Any, **_more: Any) -> NoReturn:
        refuse_url(url)

    with ExitStack() as stack:
        for module in DOWNLOADERS:
            stack.enter_context(patch(f"{module}.download_url_to_file", refuse_url))
        stack.enter_context(patch("urllib.request.urlopen", refuse_open))
        stack.enter_context(patch("timm.models._hub.hf_hub_download", refuse_hub))
        stack.enter_context(patch.object(huggingface_hub.constants, "HF_HUB_OFFLINE", True))
        yield
