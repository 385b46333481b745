"""What the history of many runs holds: trends with their steps."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run of one trend.

    Attributes:
        run: What the user called the run: its folder or file.
        started: ISO 8601.
        value: Mean over the images that all runs of the trend have in common.
        step: How far the level from this run on lies from the level before it, where a step begins
            here.
        worse: Whether that step is in the wrong direction; `None` without one.
        changes: What else is different from the run before, where a step begins: versions, commit,
            hardware.
    """

    run: str
    started: str
    value: float
    step: float | None = None
    worse: bool | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """One restorer, set and metric over runs, oldest first; `n` images are common to all."""

    benchmark: str
    set: str
    metric: str
    restorer: str
    unit: str
    higher_is_better: bool
    n: int
    points: tuple[TrendPoint, ...]

    def steps(self) -> Iterator[tuple[TrendPoint, TrendPoint]]:
        """The last run before each step, and the run that introduced it."""
        for before, point in zip(self.points, self.points[1:], strict=False):
            if point.step is not None:
                yield before, point


@dataclass(frozen=True, slots=True)
class History:
    """Many runs.

    Attributes:
        trends: In the order of the last run.
        runs: Names of the runs that were used, oldest first.
        left_out: Why others, or parts of them, were not.
    """

    trends: tuple[Trend, ...]
    runs: tuple[str, ...]
    left_out: tuple[str, ...]
