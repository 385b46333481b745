"""The history of many runs as one page: steps first, then a chart with its numbers for each set and metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from harness.atomic import atomic_file
from harness.results.trends import History, Trend
from reports.history.charts import chart
from reports.wording import arrow, number, plain, signed

_FOLDER = Path(__file__).parent


class HistoryPage:
    """One file that opens from disk: styles and charts are inside it, and it runs no script at all."""

    name: ClassVar[str] = "html"

    def write(self, history: History, out: Path) -> Path:
        """Writes the page."""
        text = render(history)
        with atomic_file(out) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
        return out


def render(history: History) -> str:
    """Fills the template; everything that is not our own style is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )
    style = (_FOLDER / "static" / "history.css").read_text(encoding="utf-8")
    steps = sorted(_steps(history), key=lambda step: (not step["worse"], -step["place"]))
    return environment.get_template("history.html").render(
        style=Markup(style),  # noqa: S704 - our own file
        benchmark=history.trends[-1].benchmark if history.trends else "",
        runs=history.runs,
        names=short_names(history.runs),
        left_out=history.left_out,
        steps=steps,
        worse=sum(step["worse"] for step in steps),
        # what changed is worth seeing first
        panels=sorted(_panels(history), key=lambda panel: not panel["stepped"]),
    )


def short_names(runs: Sequence[str]) -> dict[str, str]:
    """Runs by the names of their files or folders, where those tell them apart."""
    stems = [Path(run).stem or run for run in runs]
    return dict(zip(runs, stems if len(set(stems)) == len(runs) else runs, strict=True))


def _steps(history: History) -> Iterator[dict[str, Any]]:
    for trend in history.trends:
        for before, point in trend.steps():
            yield {
                "trend": trend,
                "before": before,
                "point": point,
                "place": history.runs.index(point.run),
                "worse": bool(point.worse),
                "size": signed(point.step, _places(trend)),
            }


def _panels(history: History) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Trend]] = {}
    for trend in history.trends:
        groups.setdefault((trend.set, trend.metric), []).append(trend)
    for (set_name, metric), trends in groups.items():
        rows = []
        for trend in trends:
            points = {point.run: point for point in trend.points}
            values = [
                None
                if run not in points
                else (number(points[run].value, _places(trend)), points[run].step)
                for run in history.runs
            ]
            rows.append({"restorer": trend.restorer, "n": trend.n, "cells": values})
        yield {
            "set": set_name,
            "metric": metric,
            "unit": trends[0].unit,
            "arrow": arrow(trends[0].higher_is_better),
            "rows": rows,
            "chart": chart(trends, history.runs),
            "stepped": any(True for trend in trends for _ in trend.steps()),
        }


def _places(trend: Trend) -> int:
    return 2 if trend.unit in ("dB", "points") else 4
