"""The history of many runs as one SVG file: a panel for each set and metric."""

from pathlib import Path
from typing import ClassVar

from harness.atomic import atomic_file
from harness.results import History
from reports.pivot import grouped

_MARKS = "os^Dv"


def _mark(place: int) -> str:
    return _MARKS[place % len(_MARKS)]


class HistoryPlot:
    """A line for each restorer, a ring where a step begins."""

    name: ClassVar[str] = "svg"

    def write(self, history: History, out: Path) -> Path:
        """Draws a panel for each set and metric."""
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        panels = grouped(history.trends, lambda trend: (trend.set, trend.metric))
        figure = Figure(figsize=(8, 3.2 * max(len(panels), 1)), layout="constrained")
        FigureCanvasSVG(figure)
        columns = figure.subplots(max(len(panels), 1), squeeze=False)
        for axes, ((set_name, metric), trends) in zip(columns[:, 0], panels.items(), strict=False):
            for place, trend in enumerate(trends):
                places = [history.runs.index(point.run) for point in trend.points]
                values = [point.value for point in trend.points]
                [line] = axes.plot(
                    places, values, marker=_mark(place), label=_plain(trend.restorer)
                )
                marked = zip(places, values, trend.points, strict=True)
                stepped = [(x, y) for x, y, point in marked if point.step]
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
        with atomic_file(out, pipes=True) as partial:
            figure.savefig(partial, format="svg", metadata={"Date": None})
        return out


def _plain(text: str) -> str:
    """Text that matplotlib leaves alone.

    Names come from elsewhere: `$` would start mathematics, a leading `_` hide the name from the
    legend.
    """
    return " " * text.startswith("_") + text.replace("$", r"\$")
