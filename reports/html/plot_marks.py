"""What a page needs to make a plot answer: where its points lie, what they are, where they lead."""

import json
import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from harness.protocols.report import ReportData
from harness.results import TradeOff
from reports.figures.distributions import shown_dots, shown_restorers
from reports.figures.style import svg_places
from reports.figures.trade_offs import shown_points
from reports.html.cells import with_unit
from reports.html.places import Places
from reports.wording import count, number, plain, seconds

_COSTS = {
    "seconds": lambda value: f"{seconds(value)} s",
    "parameters": lambda value: f"{count(value)} parameters",
    "peak_mib": lambda value: f"{number(value, 0)} MiB",
}


def trade_off_marks(figure: Figure, item: TradeOff, report: ReportData, places: Places) -> str:
    """The points of a trade-off as JSON: place, name, page, words, whether it is on the front."""
    points = shown_points(item)
    marks = [
        {
            "x": x,
            "y": y,
            "name": plain(point.restorer),
            "link": places.restorer(point.restorer),
            "words": ", ".join(
                _worded(value, name, report)
                for value, name in ((point.y, item.y), (point.x, item.x))
            ),
            "front": point.pareto,
        }
        for point, (x, y) in zip(
            points, svg_places(figure, [(p.x, p.y) for p in points]), strict=True
        )
    ]
    return json.dumps(marks)


def _worded(value: float, name: str, report: ReportData) -> str:
    return _COSTS[name](value) if name in _COSTS else f"{name} {with_unit(value, name, report)}"


def dot_marks(
    figure: Figure,
    scores: Mapping[str, Sequence[tuple[float, str]]],
    order: Sequence[str],
    where: tuple[str, str],
    report: ReportData,
    places: Places,
) -> str:
    """The dots of a distribution as JSON; those whose image has a page lead there.

    Args:
        figure: The plot.
        scores: Restorer -> its scores with their images.
        order: Restorers as the plot was given them.
        where: Set and metric.
        report: The run.
        places: Where pages lie.
    """
    set_name, metric = where
    values = {name: [value for value, _ in found] for name, found in scores.items()}
    names = shown_restorers(values, order)
    dots = [
        (name, value, image, len(names) - row)
        for row, name in enumerate(names)
        for value, image in shown_dots([pair for pair in scores[name] if math.isfinite(pair[0])])
    ]
    at = svg_places(figure, [(value, row) for _, value, _, row in dots])
    return json.dumps(
        [
            {
                "x": x,
                "y": y,
                "name": plain(name),
                "image": plain(image),
                "link": places.image(set_name, image),
                "words": with_unit(value, metric, report),
            }
            for (name, value, image, _), (x, y) in zip(dots, at, strict=True)
        ]
    )
