"""The figures of a run by name, out of what reports are given."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from harness.protocols.report import ReportData
from harness.results import Leaderboard
from harness.results.columns import as_columns
from reports.figures.agreement import plot_agreement
from reports.figures.critical_difference import plot_critical_difference
from reports.figures.distributions import plot_distributions, scores_of_set
from reports.figures.trade_offs import plot_trade_off


def distributions(report: ReportData, set_name: str | None, metric: str | None) -> Iterator[Figure]:
    """Scores image by image: one figure for each set and metric."""
    scores = as_columns(report.data.scores)
    for board in _boards(report, set_name, metric):
        values = scores_of_set(scores, board.set or "", board.metric)
        order = [row.restorer for row in board.rows]
        unit = report.data.run.metric(board.metric).unit
        yield from _some(
            plot_distributions(values, board.metric, unit, board.higher_is_better, order)
        )


def critical_differences(
    report: ReportData, set_name: str | None, metric: str | None
) -> Iterator[Figure]:
    """Critical-difference diagrams: one for each leaderboard."""
    for item in report.critical_differences:
        if set_name in (None, item.set) and metric in (None, item.metric):
            yield from _some(plot_critical_difference(item))


def trade_offs(report: ReportData, set_name: str | None, metric: str | None) -> Iterator[Figure]:
    """Quality against cost, and perception against distortion: some for each set."""
    units = {name: card.unit for name, card in report.data.run.metrics.items()}
    for item in report.trade_offs:
        if set_name in (None, item.set) and metric in (None, item.x, item.y):
            yield from _some(plot_trade_off(item, units))


def agreement(report: ReportData, set_name: str | None, _metric: str | None) -> Iterator[Figure]:
    """Whether metrics agree: one heat map for each set."""
    for name in dict.fromkeys(item.set for item in report.agreements):
        if set_name in (None, name):
            here = [item for item in report.agreements if item.set == name]
            yield from _some(plot_agreement(here))


def _boards(report: ReportData, set_name: str | None, metric: str | None) -> Iterator[Leaderboard]:
    for board in report.leaderboards:
        if board.set and set_name in (None, board.set) and metric in (None, board.metric):
            yield board


def _some(figure: Figure | None) -> Iterator[Figure]:
    if figure is not None:
        yield figure
