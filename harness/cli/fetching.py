"""Fetching on the command line: what it is, under which terms, whether it is wanted, how far it is.

`restobench zoo get` and `restobench run --fetch` share it.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Never

import click

from harness.cli import output
from harness.errors import InputError

if TYPE_CHECKING:
    from tqdm import tqdm

    from harness.metrics.downloads import WantedFile

RESTRICTED = re.compile(r"non-?commercial|research|academic|unknown|unclear", re.IGNORECASE)
EVERY_SECONDS = 5.0
_SHOWN = 5


def fetch_metrics(names: Sequence[str], *, accepted: bool, quiet: bool = False) -> None:
    """Fetches what metrics want and what is not here.

    Args:
        names: Of metrics.
        accepted: Whether their terms are accepted already; else they are asked for.
        quiet: No progress.

    Raises:
        InputError: Their terms were not accepted, or another file came than before.
        UnavailableError: A source cannot be reached.
    """
    from harness.metrics import fetching
    from harness.plugins.fingerprints import file_hash

    files = fetching.absent(names)
    if not files:
        return
    sizes = {file: fetching.size(file) for file in files}
    for file, size in sizes.items():
        output.say(f"{_size(size)}  {fetching.address(file)}")
    known = [size for size in sizes.values() if size is not None]
    total = [_size(sum(known))] if known else []
    unknown = [f"{len(files) - len(known)} of unknown size"] if len(known) < len(files) else []
    output.say(f"{output.counted(len(files), 'file')}, {' and '.join((*total, *unknown))}")
    _ask(names, accepted=accepted)
    for file in files:
        path = _fetch(file, quiet)
        sha256 = file_hash(path)
        click.echo(output.printable(f"{path} (SHA-256 {sha256[:16]}..., kept)"))


def _ask(names: Sequence[str], *, accepted: bool) -> None:
    """Shows the terms, and asks where they restrict what may be done."""
    from harness.plugins.kinds import any_metric

    terms: dict[str, list[str]] = {}
    for name in names:
        terms.setdefault(any_metric(name).card.licence or "unknown", []).append(name)
    for licence, users in terms.items():
        output.say(f"terms of {_some(users)}: {licence}")
    if accepted or not any(map(RESTRICTED.search, terms)):
        return
    if not sys.stdin.isatty():
        raise InputError(
            "these terms restrict what may be done with them: `restobench zoo get --accept-terms "
            f"{' '.join(names) if len(names) <= _SHOWN else 'NAME...'}` says that you accept them"
        )
    if not click.confirm("They restrict what may be done. Accept them, and fetch?", err=True):
        raise InputError("nothing was fetched")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"


def _fetch(file: WantedFile, quiet: bool) -> Path:
    from harness.metrics import fetching

    with _Bytes(file.source.rpartition("/")[2], quiet=quiet) as shown:
        return fetching.fetch(file, shown.tell)


class _Bytes:
    """How far a file is: a bar on a terminal, a line every few seconds otherwise."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self._name, self._quiet = output.printable(name), quiet
        self._told = time.monotonic()
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> _Bytes:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, here: int, total: int | None) -> None:
        """So many bytes are here."""
        if self._quiet:
            return
        if sys.stderr.isatty():
            if self._bar is None:
                from tqdm import tqdm

                kept = f"{self._name[:30]}"
                self._bar = tqdm(desc=kept, total=total, initial=here, unit="B", unit_scale=True)
            self._bar.update(here - self._bar.n)
        elif time.monotonic() - self._told > EVERY_SECONDS or here == total:
            self._told = time.monotonic()
            output.say(f"{self._name}: {_size(here)} of {_size(total)}")


def _size(size: float | None) -> str:
    if size is None:
        return "? MB"
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
