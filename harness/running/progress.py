"""Who is told how far a run is."""

from harness.results import Cell


class Progress:
    """Told of every cell; here nobody, for others to inherit."""

    def start(self, total: int, done: int = 0) -> None:
        """The run holds so many cells.

        Args:
            total: Those that are done already included.
            done: Those of them that nothing more is told of.
        """

    def note(self, text: str) -> None:
        """Something that a reader of the log would ask about."""

    def advance(self, cell: Cell, note: str) -> None:
        """A cell is done: `reused`, `done`, or what failed."""
