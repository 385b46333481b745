"""The history of many runs as one page.

Steps first, then a chart with its numbers for each set and metric.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from harness.atomic import atomic_file
from harness.results import History, Trend
from reports.history.charts import chart, short_names
from reports.pivot import grouped
from reports.wording import arrow, number, signed

_FOLDER = Path(__file__).parent


class HistoryPage:
    """One file that opens from disk: styles and charts are inside it, and it runs no script."""

    name: ClassVar[str] = "html"

    def write(self, history: History, out: Path) -> Path:
        """Writes the page."""
        text = render(history)
        with atomic_file(out, pipes=True) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
        return out


def render(history: History) -> str:
    """Fills the template; everything that is not our own style is escaped."""
    from markupsafe import Markup

    from reports.html.render import environment

    style = (_FOLDER / "static" / "history.css").read_text(encoding="utf-8")
    steps = [
        (trend, before, point, signed(point.step, _places(trend)))
        for trend in history.trends
        for before, point in trend.steps()
    ]
    steps.sort(key=lambda step: (not step[2].worse, -history.runs.index(step[2].run)))
    template = environment(_FOLDER / "templates").get_template("history.html")
    return template.render(
        style=Markup(style),  # noqa: S704 - our own file
        benchmark=history.trends[-1].benchmark if history.trends else "",
        runs=history.runs,
        names=short_names(history.runs),
        left_out=history.left_out,
        steps=steps,
        worse=sum(bool(point.worse) for _, _, point, _ in steps),
        # what changed is worth seeing first
        panels=sorted(_panels(history), key=lambda panel: not panel["stepped"]),
    )


def _panels(history: History) -> Iterator[dict[str, object]]:
    groups = grouped(history.trends, lambda trend: (trend.set, trend.metric))
    for (set_name, metric), trends in groups.items():
        yield {
            "set": set_name,
            "metric": metric,
            "unit": trends[0].unit,
            "arrow": arrow(trends[0].higher_is_better),
            "rows": [
                {"restorer": trend.restorer, "n": trend.n, "cells": _cells(trend, history.runs)}
                for trend in trends
            ],
            "chart": chart(trends, history.runs),
            "stepped": any(True for trend in trends for _ in trend.steps()),
        }


def _cells(trend: Trend, runs: Sequence[str]) -> list[tuple[str, float | None] | None]:
    """The value of each run, and the step that begins there."""
    cells = {p.run: (number(p.value, _places(trend)), p.step) for p in trend.points}
    return [cells.get(run) for run in runs]


def _places(trend: Trend) -> int:
    return 2 if trend.unit in ("dB", "points") else 4
