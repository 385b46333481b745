"""How far a command is, on standard error: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Never, Self

from harness.cli import output
from harness.results import Cell
from harness.running.progress import Progress

if TYPE_CHECKING:
    from tqdm import tqdm

MANY_PAGES = 100
"""A report of fewer pages is written before anybody wonders."""

LINES = 20
"""A log has about so many, of a command of any size."""

BURST_SECONDS = 0.1
"""What comes so soon after the first piece has come with it: chunks bring their cells at once."""

PACE_SECONDS = 1.0
"""A rate is told of no less time than this."""


class _Shown:
    """Counts pieces of work.

    Args:
        unit: What is counted.
        quiet: Say nothing.
    """

    def __init__(self, unit: str, *, quiet: bool) -> None:
        self._unit, self._quiet = unit, quiet
        self._done = self._total = self._first = self._timed = 0
        self._since: float | None = None
        self._last = 0.0
        self._bar: tqdm[Never] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _begin(self, total: int, done: int = 0, *, meanwhile: str = "") -> None:
        """Begins to count; `meanwhile` is what happens until the first piece is done."""
        self._total, self._done, self._first = total, done, done
        if not self._quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total,
                initial=done,
                desc=meanwhile or None,
                unit=self._unit,
                dynamic_ncols=True,
                smoothing=0,  # the rate is that since the first piece
            )
        elif meanwhile and done < total:
            self.note(f"{_now()} [{done}/{total}] {meanwhile}")

    def note(self, text: str) -> None:
        """Says something between the pieces."""
        if self._bar is not None:
            self._bar.write(output.printable(text), file=sys.stderr)
        elif not self._quiet:
            output.say(text)

    def _count(
        self,
        line: str,
        *,
        telling: bool = False,
        label: str = "",
        timed: bool = True,
        started: bool = False,
    ) -> None:
        """Counts one piece.

        Args:
            line: What a log says of it.
            telling: Whether the line is shown in any case.
            label: What a bar is headed with.
            timed: Whether it took its time, and was not there already.
            started: Whether workers were started for it: their time is not that of pieces.
        """
        self._done += 1
        first = timed and self._since is None
        early, pause = self._clock(first=first, timed=timed, started=started)
        if self._bar is not None:
            if label:
                self._bar.set_description_str(output.printable(label), refresh=False)
            if early or not timed:
                self._bar.initial += 1
            if first:
                self._bar.start_t = self._bar.last_print_t = time.time()
            self._bar.start_t += pause
            self._bar.update()
            if telling:
                self.note(line)
            return
        step = max(1, (self._total - self._first) // LINES)
        due = self._done == self._total or (self._done - self._first) % step == 0
        if telling or due:
            self.note(f"{_now()} [{self._done}/{self._total}]{self._pace()} {line}")

    def _clock(self, *, first: bool, timed: bool, started: bool) -> tuple[bool, float]:
        """Whether a piece came without taking its time, and how long workers took to start."""
        now = time.monotonic()
        if first:  # the clock begins here: what started workers took says nothing of the rest
            self._since = now
        pause = now - self._last if started and timed and not first else 0.0
        if self._since is not None:
            self._since += pause
        self._last = now
        early = timed and (started or now - (self._since or now) < BURST_SECONDS)
        self._timed += timed and not early
        return early, pause

    def _pace(self) -> str:
        """How fast it goes since the first piece, and how long the rest will take."""
        spent = time.monotonic() - (self._since or math.inf)
        if not self._timed or spent < PACE_SECONDS or self._done == self._total:
            return ""
        rate = self._timed / spent
        left = (self._total - self._done) / rate
        return f" {rate:.2g} {self._unit}s/s, {_duration(left)} left;"


def _now() -> str:
    return time.strftime("%H:%M:%S")


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class CellProgress(_Shown, Progress):
    """Tells of the cells of a run as they finish.

    Args:
        quiet: Say nothing.
        verbose: A line for every cell, not for failures alone.
        first: What happens before the first cell is done.
        meanwhile: Called in a thread of its own once the first cell is done.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        verbose: bool = False,
        first: str = "starting workers",
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        super().__init__("cell", quiet=quiet)
        self._verbose, self._meanwhile, self._before = verbose, meanwhile, first
        self._seen: set[str] = set()

    def start(self, total: int, done: int = 0) -> None:
        """Begins to count."""
        self._begin(total, done, meanwhile=self._before)

    def advance(self, cell: Cell, note: str) -> None:
        """Counts one cell."""
        if self._meanwhile is not None and note != "reused":
            Thread(target=self._meanwhile).start()
            self._meanwhile = None
        line = f"{cell.restorer} on {cell.set}/{cell.image}: {note}"
        telling, timed = self._verbose or note.startswith("failed"), note != "reused"
        started = timed and cell.restorer not in self._seen
        self._seen |= {cell.restorer} if timed else set()
        self._count(line, telling=telling, label=cell.restorer, timed=timed, started=started)


class PageProgress(_Shown):
    """Tells how far a report is, once it takes more than a moment.

    Args:
        quiet: Say nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        super().__init__("page", quiet=quiet)

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` pages are written."""
        if total >= MANY_PAGES:
            if not self._total:
                self._begin(total)
            self._count("pages of the report")


class ImageProgress(_Shown):
    """Tells how far the scoring of image files is.

    Args:
        quiet: Say nothing.
    """

    def __init__(self, *, quiet: bool) -> None:
        super().__init__("image", quiet=quiet)

    def start(self, total: int, done: int) -> None:
        """Begins to count where `done` images of `total` need nothing."""
        self._begin(total, done, meanwhile="loading the metrics")

    def advance(self, name: str) -> None:
        """Counts one image."""
        self._count(name)
