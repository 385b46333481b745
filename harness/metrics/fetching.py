"""Fetches what metrics want, when somebody asks for it: each file from its own public source.

A file's SHA-256 is kept when it comes, and checked whenever the file has changed since. Where its
address or name tells the hash (torch's, CLIP's), the first one is checked as well.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.atomic import atomic_file
from harness.errors import InputError, UnavailableError
from harness.metrics.downloads import HUB, WantedFile
from harness.plugins.kinds import MetricClass, SetMetricClass, any_metric
from harness.zoo import cache_folder

if TYPE_CHECKING:
    from harness.sets.transfer import Told

FACE = "https://huggingface.co"
"""Where `HF_ENDPOINT` leads elsewhere."""

_IN_NAME = re.compile(r"-([0-9a-f]{8})\.pth$")
_IN_ADDRESS = re.compile(r"/clip/models/([0-9a-f]{64})/")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file that came.

    Attributes:
        size: Bytes.
        changed: When it was last changed, in nanoseconds, as of when it was hashed last.
    """

    sha256: str
    size: int
    changed: int


def wanted_by(name: str) -> tuple[WantedFile, ...]:
    """The files that a metric wants; none for one that wants none, or cannot be had in this way."""
    ask = getattr(any_metric(name), "wanted", None)
    return tuple(ask()) if ask else ()


def state_of(cls: MetricClass | SetMetricClass) -> str:
    """`present`, `fetchable` or `not supported`: whether a metric is here, or can be got here."""
    if cls.missing() is None:
        return "present"
    ask = getattr(cls, "wanted", None)
    files = tuple(ask()) if ask else ()
    return "fetchable" if files and fetchable(files) else "not supported"


def fetchable(files: Iterable[WantedFile]) -> bool:
    """Whether each is one file; whole repositories of Hugging Face are language models."""
    return all(
        not file.source.startswith(HUB) or file.source.removeprefix(HUB).count("/") > 1
        for file in files
    )


def absent(names: Iterable[str]) -> list[WantedFile]:
    """The files that metrics want and that are not here, each once.

    Raises:
        UnavailableError: One wants what is not fetched in this way.
    """
    found = dict.fromkeys(file for name in names for file in wanted_by(name) if not file.is_here())
    for file in found:
        if not fetchable([file]):
            raise UnavailableError(f"{file.source} is a whole repository: {file.how_to_get()}")
    return list(found)


def address(file: WantedFile) -> str:
    """Where a file is downloaded from."""
    place = os.environ.get("HF_ENDPOINT", FACE).rstrip("/")
    if file.source.startswith(HUB):
        owner, repository, name = file.source.removeprefix(HUB).split("/", 2)
        return f"{place}/{owner}/{repository}/resolve/main/{name}"
    return file.source.replace(FACE, place, 1) if file.source.startswith(FACE) else file.source


def size(file: WantedFile) -> int | None:
    """Bytes of a file: as it came once, or as its server says; `None` where it does not."""
    from harness.sets.transfer import size_of  # what talks to servers is imported when asked for

    known = _ledger().get(file.source)
    return known.size if known else size_of(address(file))


_DOCUMENTED = {
    "alexnet-owt-7be5be79.pth": 233.1, "vgg16-397923af.pth": 527.8, "vgg19-dcbb9e9d.pth": 548.1,
    "resnet18-f37072fd.pth": 44.7, "resnet34-b627a593.pth": 83.3, "resnet50-19c8e357.pth": 97.8,
    "resnet50-0676ba61.pth": 97.8, "pt_inception-2015-12-05-6726825d.pth": 95.6,
}  # fmt: skip
"""MB that torchvision and pytorch-fid document of their weights."""


def megabytes(cls: MetricClass | SetMetricClass) -> tuple[float, int]:
    """What fetching a metric brings, without asking anybody.

    Returns:
        MB of the absent files whose size is known: they came once, or it is documented; and how
        many there are besides.
    """
    ask, known = getattr(cls, "wanted", tuple), _ledger()
    found = []
    for file in ask():
        if not file.is_here():
            row, name = known.get(file.source), file.source.rpartition("/")[2]
            found.append(row.size / 1e6 if row else _DOCUMENTED.get(name))
    sizes = [value for value in found if value is not None]
    return sum(sizes), len(found) - len(sizes)


def fetch(file: WantedFile, told: Told | None = None) -> Path:
    """Downloads a file to where the library that wants it looks.

    Args:
        file: One that is `fetchable`.
        told: Called with the bytes that are here, and how many there are; Hugging Face's files,
            which their own library fetches, have its progress bar.

    Raises:
        UnavailableError: Its source cannot be reached; the same call goes on from there.
        InputError: What came is another file than before, or than its name promises. It is thrown
            away.
    """
    from harness.sets.transfer import transfer

    if file.source.startswith(HUB):
        path = _from_hub(file)
    else:
        path = file.place()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        whole = path.with_name(f"{path.name}.unchecked")
        transfer(address(file), partial, whole, told)
        _check_or_remove(file, whole)
        whole.replace(path)
    _keep(file, path)
    return path


def check(file: WantedFile) -> None:
    """Refuses a file that is not the one that was fetched; what the user put there is theirs.

    Raises:
        InputError: It has changed since.
    """
    known, path = _ledger().get(file.source), file.find()
    if known is None or path is None:
        return
    found = path.stat()
    if (found.st_size, found.st_mtime_ns) != (known.size, known.changed):
        _require(file, path, known.sha256)
        _keep(file, path)


def _check_or_remove(file: WantedFile, path: Path) -> None:
    known = _ledger().get(file.source)
    try:
        _require(file, path, known.sha256 if known else _promised(file))
    except InputError:
        path.unlink()
        raise


def _require(file: WantedFile, path: Path, sha256: str) -> None:
    from harness.plugins.fingerprints import file_hash  # `restobench list` needs no hashes

    seen = file_hash(path)
    if not seen.startswith(sha256):
        raise InputError(
            f"{path} has SHA-256 {seen[:16]}..., expected {sha256[:16]}...: {file.source} has "
            "changed, or the file is damaged; delete it and fetch it again"
        )


def _promised(file: WantedFile) -> str:
    """The hash, or what it begins with, that an address tells; empty where it tells none.

    Names of other hosts look alike, and nothing says that they mean the same.
    """
    if found := _IN_ADDRESS.search(file.source):
        return found[1]
    named = _IN_NAME.search(file.source)
    return named[1] if named and "//download.pytorch.org/" in file.source else ""


def _from_hub(file: WantedFile) -> Path:
    """By Hugging Face's own library, whose cache has a layout of its own."""
    from huggingface_hub import hf_hub_download

    owner, repository, name = file.source.removeprefix(HUB).split("/", 2)
    place = os.environ.get("HF_ENDPOINT", FACE)
    try:
        path = Path(hf_hub_download(f"{owner}/{repository}", name, endpoint=place))
    except Exception as error:  # its own types, and those of what is below it
        why = " ".join(str(error).split())[:300]
        raise UnavailableError(f"{address(file)} cannot be downloaded: {why}") from error
    known = _ledger().get(file.source)
    if known:
        _require(file, path, known.sha256)
    return path


def _ledger_path() -> Path:
    return cache_folder() / "metrics.json"


def _ledger() -> dict[str, Known]:
    """Source -> what is known of the file that came from there."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        content = json.loads(_ledger_path().read_bytes())
        return {source: Known(**row) for source, row in content.items()}
    return {}


def _keep(file: WantedFile, path: Path) -> None:
    from harness.plugins.fingerprints import file_hash

    found = path.stat()
    known = {**_ledger(), file.source: Known(file_hash(path), found.st_size, found.st_mtime_ns)}
    _ledger_path().parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(_ledger_path()) as partial:
        rows = {source: asdict(row) for source, row in known.items()}
        partial.write_text(json.dumps(rows, indent=1), encoding="utf-8")
