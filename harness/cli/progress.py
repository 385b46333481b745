"""How far a command is, on standard error: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Never, Self

from harness.cli import output
from harness.results import Cell
from harness.running.progress import Progress

if TYPE_CHECKING:
    from tqdm import tqdm

LINES = 20
"""A log has about so many, of a command of any size."""


class _Shown:
    """Counts pieces of work.

    Args:
        unit: What is counted.
        quiet: Say nothing.
    """

    def __init__(self, unit: str, *, quiet: bool) -> None:
        self._unit, self._quiet = unit, quiet
        self._done = self._total = self._first = 0
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _begin(self, total: int, done: int = 0) -> None:
        self._total, self._done, self._first = total, done, done
        if not self._quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, unit=self._unit, dynamic_ncols=True)

    def note(self, text: str) -> None:
        """Says something between the pieces."""
        if self._bar is not None:
            self._bar.write(output.printable(text), file=sys.stderr)
        elif not self._quiet:
            output.say(text)

    def _count(self, line: str, *, telling: bool = False, label: str = "") -> None:
        """Counts one piece; `telling` is a line that is shown in any case."""
        self._done += 1
        if self._bar is not None:
            if label:
                self._bar.set_description_str(output.printable(label), refresh=False)
            self._bar.update()
            if telling:
                self.note(line)
            return
        step = max(1, (self._total - self._first) // LINES)
        due = self._done == self._total or (self._done - self._first) % step == 0
        if telling or due:
            self.note(f"[{self._done}/{self._total}] {line}")


class CellProgress(_Shown, Progress):
    """Tells of the cells of a run as they finish.

    Args:
        quiet: Say nothing.
        verbose: A line for every cell, not for failures alone.
        meanwhile: Called in a thread of its own once the first cell is done.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        super().__init__("cell", quiet=quiet)
        self._verbose, self._meanwhile = verbose, meanwhile

    def start(self, total: int) -> None:
        """Begins to count."""
        self._begin(total)

    def advance(self, cell: Cell, note: str) -> None:
        """Counts one cell."""
        if self._meanwhile is not None and note != "reused":
            Thread(target=self._meanwhile).start()
            self._meanwhile = None
        line = f"{cell.restorer} on {cell.set}/{cell.image}: {note}"
        telling = self._verbose or note.startswith("failed")
        self._count(line, telling=telling, label=cell.restorer)


class ImageProgress(_Shown):
    """Tells how far the scoring of image files is.

    Args:
        quiet: Say nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        super().__init__("image", quiet=quiet)

    def start(self, total: int, done: int) -> None:
        """Begins to count where `done` images of `total` need nothing."""
        self._begin(total, done)

    def advance(self, name: str) -> None:
        """Counts one image."""
        self._count(name)
