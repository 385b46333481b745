"""Keeps pyiqa, torch hub, timm and Hugging Face from downloading.

Each file they want is recorded, and refused.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

URL_DOWNLOADERS = (
    "torch.hub.download_url_to_file",
    "pyiqa.utils.download_util.download_url_to_file",
    "timm.models._hub.download_url_to_file",
    "urllib.request.urlopen",
)
HUB_DOWNLOADER = "timm.models._hub.hf_hub_download"
HUB = "hf://"


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

    def is_here(self) -> bool:
        """Whether the file is where the library looks."""
        return self.find() is not None

    def place(self) -> Path:
        """Where the library looks for a file of a URL."""
        return hub_folder() / self.target

    def find(self) -> Path | None:
        """The file, where it is."""
        if not self.source.startswith(HUB):
            return self.place() if self.place().is_file() else None
        folder, _, name = self._in_hub()
        return next(folder.glob(f"snapshots/*/{name or '*'}"), None)

    def how_to_get(self) -> str:
        """One clause that says what to fetch, and where it belongs."""
        if not self.source.startswith(HUB):
            return f"get {self.source} and put it at {self.place()}"
        folder, repository, name = self._in_hub()
        command = f"hf download {repository} {name}".rstrip()
        return f"run `{command}`, which puts it into {folder}"

    def _in_hub(self) -> tuple[Path, str, str]:
        """For Hugging Face: the repository's folder in the cache, its name, and the file's."""
        owner, repository, *name = self.source.removeprefix(HUB).split("/", 2)
        home = os.environ.get("HF_HOME") or _caches() / "huggingface"
        cache = os.environ.get("HF_HUB_CACHE") or Path(home, "hub")
        folder = Path(cache, f"models--{owner}--{repository}")
        return folder, f"{owner}/{repository}", "".join(name)


def hub_folder() -> Path:
    """What `torch.hub.get_dir` says, without importing torch."""
    return Path(os.environ.get("TORCH_HOME") or _caches() / "torch").expanduser() / "hub"


def _caches() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def wanted_url(url: object, target: object = None) -> WantedFile:
    """Describes a download of `download_url_to_file`.

    Or of `urlopen` (CLIP's loader), which is told no target.
    """
    source = str(getattr(url, "full_url", url))
    name = source.rpartition("/")[2].partition("?")[0]
    return WantedFile(source, f"clip/{name}" if target is None else str(target))


@contextmanager
def replaced(stand_ins: Mapping[str, object]) -> Iterator[None]:
    """While it is entered, other objects have the places of those with these dotted names."""
    from unittest.mock import patch

    with ExitStack() as stack:
        for name, stand_in in stand_ins.items():
            stack.enter_context(patch(name, stand_in))
        yield


def refuse(record: Callable[[WantedFile], object]) -> AbstractContextManager[None]:
    """While it is entered, files that are in the caches are read, and nothing is downloaded.

    Args:
        record: Called with each file that is not in a cache; the library that wanted it gets an
            `OSError`.
    """
    import timm.models._hub

    from_cache: Callable[..., object] = timm.models._hub.hf_hub_download

    def refuse_url(url: object, target: object = None, *_rest: object, **_more: object) -> NoReturn:
        record(wanted_url(url, target))
        raise OSError(f"{url} is not here, and nothing is downloaded")

    def refuse_file(repo_id: str, filename: str, *rest: object, **more: object) -> object:
        try:
            return from_cache(repo_id, filename, *rest, **more)
        except Exception:
            record(WantedFile(f"{HUB}{repo_id}/{filename}"))
            raise

    return replaced(
        {
            **dict.fromkeys(URL_DOWNLOADERS, refuse_url),
            HUB_DOWNLOADER: refuse_file,
            "huggingface_hub.constants.HF_HUB_OFFLINE": True,
        }
    )
