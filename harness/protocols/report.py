"""What a report is, and what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

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
    RunData,
    Stability,
    TradeOff,
)


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report may show: it computes no statistics and reads no store.

    Attributes:
        rows: The leaderboards as flat rows of `restobench/rank/1` (docs/results-format.md).
        behind: Every restorer against the best mean of its leaderboard.
        intervals: Whether tables that can do without show intervals and ranges of ranks.
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
    """

    data: RunData
    leaderboards: tuple[Leaderboard, ...]
    run_folder: Path
    title: str = ""
    notes: str = ""
    rows: tuple[Mapping[str, object], ...] = ()
    costs: tuple[Cost, ...] = ()
    headlines: tuple[Headline, ...] = ()
    behind: tuple[Difference, ...] = ()
    trade_offs: tuple[TradeOff, ...] = ()
    comparison: Comparison | None = None
    intervals: bool = True
    pair_tests: tuple[PairTest, ...] = ()
    critical_differences: tuple[CriticalDifference, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    stability: tuple[Stability, ...] = ()


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


@runtime_checkable
class HistoryReport(Protocol):
    """Writes one presentation of many runs. A class is registered."""

    name: ClassVar[str]

    def write(self, history: History, out: Path) -> Path:
        """Writes the history into the file `out`, whose parent exists, and returns it."""
