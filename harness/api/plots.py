"""The figures of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import InputError
from harness.plugins.kinds import figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.protocols.report import ReportData


class Plots:
    """The figures that a report shows, as matplotlib has them: `figure.savefig("figure.pdf")`.

    pyplot knows nothing of them, so that none has to be closed.

    Args:
        report: What is shown.
    """

    def __init__(self, report: ReportData) -> None:
        self._report = report

    def __call__(
        self, name: str, *, set: str | None = None, metric: str | None = None
    ) -> list[Figure]:
        """Every figure of a kind that there is.

        Args:
            name: Of `list_figures`.
            set: Only those of this set.
            metric: Only those of this metric.

        Raises:
            UnknownNameError: No such kind.
        """
        return list(figures.get(name)(self._report, set, metric))

    def distributions(self, *, set: str | None = None, metric: str | None = None) -> Figure:
        """Scores image by image, by the first metric and set unless they are given.

        Raises:
            InputError: There is too little to show: no restorer has three scores.
        """
        return self._first("distributions", set, metric)

    def critical_differences(self, *, set: str | None = None, metric: str | None = None) -> Figure:
        """Mean ranks, and bars over restorers that are not told apart.

        Raises:
            InputError: There are fewer than three restorers.
        """
        return self._first("critical-differences", set, metric)

    def trade_offs(self, *, set: str | None = None, metric: str | None = None) -> Figure:
        """Quality against cost, or perception against distortion.

        Args:
            set: Of this set.
            metric: With this quantity on an axis: a metric, `seconds`, `peak_mib`, `parameters`.

        Raises:
            InputError: There are fewer than two restorers.
        """
        return self._first("trade-offs", set, metric)

    def agreement(self, *, set: str | None = None) -> Figure:
        """Whether metrics agree.

        Raises:
            InputError: There are fewer than three metrics.
        """
        return self._first("agreement", set, None)

    def _first(self, name: str, set_name: str | None, metric: str | None) -> Figure:
        for figure in figures.get(name)(self._report, set_name, metric):
            return figure
        where, run = [item for item in (set_name, metric) if item], self._report.data.run
        raise InputError(
            f"too little to draw {' '.join([name, *where])} of: the run has {len(run.restorers)} "
            f"restorers, the sets {', '.join(run.plan.sets)} and the metrics "
            f"{', '.join(run.plan.metrics)}"
        )
