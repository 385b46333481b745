"""Progress of a run: a bar on a terminal, plain lines otherwise."""

import sys
from typing import Never, Self

from tqdm import tqdm

from harness.cli import output
from harness.results import Cell
from harness.running.progress import Progress


class CellProgress(Progress):
    """Tells of cells as they finish, on standard error.

    Args:
        quiet: Say nothing.
        verbose: A line for every cell, not for failures alone.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet, self.verbose = quiet, verbose
        self.done = self.total = 0
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def start(self, total: int) -> None:
        """Begins to count."""
        self.total = total
        if not self.quiet and sys.stderr.isatty():
            self._bar = tqdm(total=total, unit="cell", dynamic_ncols=True)

    def note(self, text: str) -> None:
        """Says something between the cells."""
        if not self.quiet:
            output.say(text)

    def advance(self, cell: Cell, note: str) -> None:
        """Counts one cell."""
        self.done += 1
        line = output.printable(f"{cell.restorer} on {cell.set}/{cell.image}: {note}")
        telling = self.verbose or note.startswith("failed")
        # a log has about twenty lines, of a run of any size
        due = self.done == self.total or self.done % max(1, self.total // 20) == 0
        if self._bar is not None:
            self._bar.set_description_str(output.printable(cell.restorer), refresh=False)
            self._bar.update()
            if telling:
                self._bar.write(line, file=sys.stderr)
        elif not self.quiet and (telling or due):
            output.say(f"[{self.done}/{self.total}] {line}")
