"""The plots of one set's page, each with the words that say what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.protocols import ReportData
from reports.figures.distributions import draw_distributions
from reports.figures.trade_offs import draw_trade_off
from reports.html.scores import Scores
from reports.pivot import SetTable

_FRONT = "Filled and joined: no other restorer is at least as good in both."
_COSTS = {"seconds": "seconds an image", "parameters": "the number of parameters", "peak_mib": "peak memory"}


def plots(report: ReportData, table: SetTable, scores: Scores, salt: str) -> list[dict[str, Any]]:
    """Draws a set's plots; those without enough points are left out. `salt` keeps their ids apart."""
    from markupsafe import Markup

    drawn = [*_trade_offs(report, table, salt), *_distributions(report, table, scores, salt)]
    # matplotlib has escaped every name in them
    return [{"svg": Markup(svg), "title": title, "words": words} for svg, title, words in drawn if svg]  # noqa: S704


def _unit(report: ReportData, metric: str) -> str:
    return str(report.data.run.metrics.get(metric, {}).get("unit") or "")


def _trade_offs(report: ReportData, table: SetTable, salt: str) -> Iterator[tuple[str, str, str]]:
    units = {name: _unit(report, name) for name in report.data.run.metrics}
    for item in report.trade_offs:
        if item.set == table.set:
            svg = draw_trade_off(item, units, f"{salt}-{item.kind}-{item.x}")
            quality = f"Quality ({item.y}) against {_COSTS.get(item.x, item.x)}."
            title = f"Perception ({item.y}) against distortion ({item.x})." if item.x not in _COSTS else quality
            yield svg, title, _FRONT


def _distributions(report: ReportData, table: SetTable, scores: Scores, salt: str) -> Iterator[tuple[str, str, str]]:
    values = scores.sets.get(table.set or "")
    if values and table.boards:
        board = table.boards[0]
        order = [line.restorer for line in table.lines]
        unit = _unit(report, board.metric)
        svg = draw_distributions(values, board.metric, unit, board.higher_is_better, order, f"{salt}-distributions")
        yield (
            svg,
            f"{board.metric} of each image.",
            "A dot for each image; the box holds the middle half, its line is the median.",
        )
