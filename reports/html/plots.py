"""The plots of one set's page, each with the words that say what it shows."""

from collections.abc import Iterator, Sequence
from itertools import islice

from markupsafe import Markup

from harness.protocols.report import ReportData
from harness.results import TradeOff
from reports.figures.agreement import plot_agreement
from reports.figures.critical_difference import plot_critical_difference
from reports.figures.distributions import plot_distributions
from reports.figures.style import as_svg
from reports.figures.trade_offs import plot_trade_off
from reports.html.places import Places
from reports.html.plot_marks import dot_marks, trade_off_marks
from reports.html.scores import Scores
from reports.pivot import SetTable
from reports.wording import p_value

Drawn = tuple[str, str, str, str, str]
"""Kind, SVG, title, the words below it, and what its points are (JSON), where a script knows."""

MOST_PLOTS = 48
"""Plots of all sets together, for a plot takes as long as a large table.

With more sets than that leaves room for, each page has the first plots of our order, but
`LEAST_PLOTS` at least.
"""

LEAST_PLOTS = 4

MOST_ON_INDEX = 250_000
"""Characters of plots on the index, which stays below 2 MB with them."""

_FIRST = ("quality-seconds", "perception-distortion")
_FRONT = "Filled and joined: no other restorer is at least as good in both."
_HALVES = (
    "Kendall's τ: above the diagonal between the orders of the restorers, below it between those "
    "within an image."
)
_NO_ZERO = "Those without weights are left out: a logarithm has no zero."
_COSTS = {
    "seconds": "seconds an image",
    "parameters": "the number of parameters",
    "peak_mib": "peak memory",
}


def plots(
    report: ReportData, table: SetTable, scores: Scores, places: Places, tables: int
) -> list[dict[str, str]]:
    """Draws the plots of one of `tables` sets: those that have enough points."""
    salt = places.sets.get(table.set, "plots")
    most = max(LEAST_PLOTS, MOST_PLOTS // tables)
    drawn = islice(
        (plot for plot in _all_plots(report, table, scores, places, salt) if plot[1]), most
    )
    found = []
    for kind, svg, title, words, marks in drawn:
        escaped = Markup(svg)  # noqa: S704  # by matplotlib, every name in it
        found.append({"kind": kind, "svg": escaped, "title": title, "words": words, "marks": marks})
    return found


def index_plots(
    drawn: Sequence[tuple[SetTable, Sequence[dict[str, str]]]], places: Places
) -> list[dict[str, object]]:
    """The first two trade-offs of each set, for the index, as many as it has room for."""
    found: list[dict[str, object]] = []
    room = MOST_ON_INDEX
    for table, figures in drawn:
        first = [figure for figure in figures if figure["kind"] == "points"][:2]
        room -= sum(len(figure["svg"]) + len(figure["marks"]) for figure in first)
        if first and (room > 0 or not found):
            link = places.set(table.set)
            found.append({"set": table.set or "all sets", "link": link, "figures": first})
    return found


def _all_plots(
    report: ReportData, table: SetTable, scores: Scores, places: Places, salt: str
) -> Iterator[Drawn]:
    """Every plot, those that say most first; each is drawn when it is asked for."""
    here = [item for item in report.trade_offs if item.set == table.set]
    yield from _trade_offs(report, [item for item in here if item.kind in _FIRST], places, salt)
    yield from _ranks(report, table, salt)
    yield from _distributions(report, table, scores, places, salt)
    agreements = [item for item in report.agreements if item.set == table.set]
    heat = as_svg(plot_agreement(agreements), f"{salt}-agreement")
    yield "heat", heat, "Do the metrics agree?", _HALVES, ""
    yield from _trade_offs(report, [item for item in here if item.kind not in _FIRST], places, salt)


def _trade_offs(
    report: ReportData, items: Sequence[TradeOff], places: Places, salt: str
) -> Iterator[Drawn]:
    units = {name: card.unit for name, card in report.data.run.metrics.items()}
    for item in items:
        figure = plot_trade_off(item, units)
        svg = as_svg(figure, f"{salt}-{item.kind}-{item.x}")
        title = (
            f"Quality ({item.y}) against {_COSTS[item.x]}."
            if item.x in _COSTS
            else f"Perception ({item.y}) against distortion ({item.x})."
        )
        words = f"{_FRONT} {_NO_ZERO}" if item.x == "parameters" else _FRONT
        marks = trade_off_marks(figure, item, report, places) if figure else ""
        yield "points", svg, title, words, marks


def _distributions(
    report: ReportData, table: SetTable, scores: Scores, places: Places, salt: str
) -> Iterator[Drawn]:
    found = scores.sets.get(table.set or "")
    if found:
        values = {name: [value for value, _ in pairs] for name, pairs in found.items()}
        board, order = table.boards[0], [line.restorer for line in table.lines]
        unit, own = report.data.run.metric(board.metric).unit, f"{salt}-distributions"
        figure = plot_distributions(values, board.metric, unit, board.higher_is_better, order)
        svg = as_svg(figure, own)
        words = "A dot for each image; the box holds the middle half, its line is the median."
        where = table.set or "", board.metric
        marks = dot_marks(figure, found, order, where, report, places) if figure else ""
        yield "boxes", svg, f"{board.metric} of each image.", words, marks


def _ranks(report: ReportData, table: SetTable, salt: str) -> Iterator[Drawn]:
    for item in report.critical_differences:
        if (item.set, item.metric) == (table.set, table.boards[0].metric):
            p = "" if item.friedman_p is None else f" Friedman p {p_value(item.friedman_p)}."
            words = (
                "A bar joins neighbours that are not told apart, by the p of the leaderboard: that "
                f"of mean scores, corrected over all pairs.{p}"
            )
            title = f"Critical differences by {item.metric}, over {item.n} images."
            svg = as_svg(plot_critical_difference(item), f"{salt}-ranks")
            yield "ranks", svg, title, words, ""
