"""The history of many runs as one SVG file: a panel for each set and metric."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from harness.results.trends import History, Trend


class HistoryPlot:
    """A line for each restorer, a ring where a step begins."""

    name: ClassVar[str] = "svg"

    def write(self, history: History, out: Path) -> Path:
        """Draws a panel for each set and metric."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        panels: dict[tuple[str, str], list[Trend]] = {}
        for trend in history.trends:
            panels.setdefault((trend.set, trend.metric), []).append(trend)
        figure = Figure(figsize=(8, 3.2 * max(len(panels), 1)), layout="constrained")
        FigureCanvasSVG(figure)
        for axes, ((set_name, metric), trends) in zip(
            figure.subplots(max(len(panels), 1), squeeze=False)[:, 0], panels.items(), strict=False
        ):
            for trend in trends:
                places = [history.runs.index(point.run) for point in trend.points]
                values = [point.value for point in trend.points]
                [line] = axes.plot(places, values, marker=".", label=_plain(trend.restorer))
                stepped = [
                    (x, y)
                    for x, y, point in zip(places, values, trend.points, strict=True)
                    if point.step
                ]
                if stepped:
                    axes.scatter(
                        *zip(*stepped, strict=True),
                        s=90,
                        facecolors="none",
                        edgecolors=line.get_color(),
                    )
            axes.set(title=_plain(f"{set_name}: {metric}"))
            axes.set_xticks(
                range(len(history.runs)), [_plain(Path(run).stem) for run in history.runs]
            )
            axes.tick_params(axis="x", rotation=30)
            axes.legend(fontsize="small")
        figure.savefig(out, metadata={"Date": None})
        return out


def _plain(text: str) -> str:
    """Names come from elsewhere: `$` would start mathematics, a leading `_` hide the name from the legend."""
    return " " * text.startswith("_") + text.replace("$", r"\$")
