"""Progress of a run: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.results import Cell


class CellProgress:
    """Tells of cells as they finish, on standard error.

    Args:
        quiet: Say nothing.
        verbose: A line for every cell, not for failures alone.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose
        self.done = self.total = 0
        self._bar: Any = None

    def __enter__(self) -> CellProgress:
        """Starts when the run says how many cells there are."""
        return self

    def __exit__(self, *error: object) -> None:
        """Closes the bar."""
        if self._bar is not None:
            self._bar.close()

    def start(self, total: int) -> None:
        """Begins to count."""
        self.total = total
        if not self.quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="cell", dynamic_ncols=True)

    def advance(self, cell: Cell, note: str) -> None:
        """Counts one cell."""
        self.done += 1
        if self.quiet:
            return
        failed = note.startswith("failed")
        if self._bar is not None:
            self._bar.set_description_str(cell.restorer, refresh=False)
            self._bar.update()
            if failed or self.verbose:
                self._bar.write(self._line(cell, note), file=sys.stderr)
        elif (
            failed
            or self.verbose
            or self.done == self.total
            or self.done % max(1, self.total // 20) == 0
        ):
            click.echo(f"[{self.done}/{self.total}] {self._line(cell, note)}", err=True)

    @staticmethod
    def _line(cell: Cell, note: str) -> str:
        return f"{cell.restorer} on {cell.set}/{cell.image}: {note}"
