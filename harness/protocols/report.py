"""What a report is, and what it is given."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

from harness.results import (
    Agreement,
    Comparison,
    Cost,
    CriticalDifference,
    Difference,
    Disagreement,
    Headline,
    History,
    Leaderboard,
    PairTest,
    PeoplesVotes,
    RunData,
    SetStanding,
    Stability,
    TradeOff,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class FoundImage(NamedTuple):
    """The file of a sample's picture.

    Attributes:
        path: A PNG, or `.npy` with an `Image`.
        exact: Whether it should have the very pixels of the sample's hash, and not 8 bits of them.
    """

    path: Path
    exact: bool


FindImage = Callable[[str, str, Literal["degraded", "reference"]], FoundImage | None]
"""Finds the picture of a sample, by set, image and kind, where this machine has one."""


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report may show: it computes no statistics and reads no store.

    Attributes:
        rows: The leaderboards as flat rows of `restobench/rank/1` (docs/results-format.md).
        cost_notes: Set -> sentences that belong beside its costs: how they were measured, and who
            is not ranked by time.
        behind: Every restorer against the best mean of its leaderboard.
        policy: Over which images means are: as of `harness.ranking.leaderboards.rank_run`.
        intervals: Whether tables that can do without show intervals and ranges of ranks; `None`:
            those do that are not in the layout of papers.
        columns: Metrics and costs of tables in the layout of papers; none: the first two metrics,
            parameters and operations.
        digits: Decimal places of all means; `None`: what each metric deserves.
        overall: Whether tables show the mean over all sets of a task as well.
        comparison: The run judged against a baseline, where the user gave one.
        pair_tests: Every pair of the best 30 restorers of each leaderboard, corrected for their
            number.
        critical_differences: One diagram for each leaderboard with two restorers and images or
            more.
        agreements: Every two metrics of each set.
        disagreements: The restored images that two metrics judge most differently, set by set,
            largest first.
        stability: Orders with one image left out (each leaderboard), one metric or one set (each
            task).
        people: What people said of the run, where somebody asked them.
        progress: Told how many pages are written and how many there are, where somebody watches.
        orders: The Borda order of each task, as rows of `harness.ranking.aggregation.aggregate`.
        set_standings: How restorers stand by metrics of sets, best first, set by set.
        find_image: Finds the degraded images and references, which the run folder does not hold.
    """

    data: RunData
    leaderboards: tuple[Leaderboard, ...]
    run_folder: Path
    title: str = ""
    notes: str = ""
    rows: tuple[Mapping[str, object], ...] = ()
    costs: tuple[Cost, ...] = ()
    cost_notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    set_notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headlines: tuple[Headline, ...] = ()
    behind: tuple[Difference, ...] = ()
    trade_offs: tuple[TradeOff, ...] = ()
    comparison: Comparison | None = None
    intervals: bool | None = None
    columns: tuple[str, ...] = ()
    digits: int | None = None
    overall: bool = False
    policy: str = "common"
    pair_tests: tuple[PairTest, ...] = ()
    critical_differences: tuple[CriticalDifference, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    stability: tuple[Stability, ...] = ()
    people: PeoplesVotes | None = None
    progress: Callable[[int, int], None] | None = None
    orders: tuple[Mapping[str, object], ...] = ()
    set_standings: tuple[SetStanding, ...] = ()
    find_image: FindImage | None = None


@runtime_checkable
class Report(Protocol):
    """Writes one presentation of a run. A class is registered."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    """Suffix of the file it writes, or an empty string when it writes a folder."""

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the report.

        Args:
            report: What to show.
            out: The file or folder to write; its parent exists.

        Returns:
            The page or file that the user should open.
        """


class FigureMaker(Protocol):
    """Draws figures of a run for `Result.plot`. A function is registered."""

    def __call__(
        self, report: ReportData, set_name: str | None, metric: str | None, /
    ) -> "Iterable[Figure]":
        """Draws those of a set and metric, or of all; nothing where there is too little to show."""


@runtime_checkable
class HistoryReport(Protocol):
    """Writes one presentation of many runs. A class is registered."""

    name: ClassVar[str]

    def write(self, history: History, out: Path) -> Path:
        """Writes the history into the file `out`, whose parent exists, and returns it."""
