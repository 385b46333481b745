"""The trend of every restorer and metric over runs, and the runs that introduced a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.baseline import Baseline, Group

MIN_RUNS = 3
"""With fewer runs there is a difference, and no trend: `restobench compare` judges that."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """One run of one trend.

    Attributes:
        run: What the user called the run: its folder or file.
        started: ISO 8601.
        value: Mean over the images that all runs of the trend have in common.
        n: How many images these are.
        step: How far the level after this run lies from the level before it, where a step begins here.
        worse: Whether that step is in the wrong direction; `None` without one.
    """

    benchmark: str
    set: str
    metric: str
    restorer: str
    run: str
    started: str
    value: float
    n: int
    step: float | None
    worse: bool | None


def trace(runs: Mapping[str, Baseline]) -> tuple[list[Point], list[str]]:
    """Makes the trends, in the order of the runs' own times.

    Only images with the same pixels in every run of a trend enter its means.

    Args:
        runs: By name; at least one.

    Returns:
        The points, trend by trend, and why runs or parts of them were left out: another protocol or metric version than
        the last run's.
    """
    ordered = sorted(runs.items(), key=lambda item: item[1].started)
    last = ordered[-1][1]
    left_out: list[str] = []
    points: list[Point] = []
    same = []
    for name, run in ordered:
        if run.evaluation["hash"] != last.evaluation["hash"]:
            left_out.append(f"{name}: evaluation {run.evaluation['name']}, the last run has {last.evaluation['name']}")
        else:
            same.append((name, run))
    for group in last.scores:
        metric = group[2]
        chosen = []
        for name, run in same:
            if group in run.scores:
                version, wanted = run.metrics[metric]["version"], last.metrics[metric]["version"]
                if version == wanted:
                    chosen.append((name, run))
                else:
                    left_out.append(f"{name}: {metric} has version {version}, the last run {wanted}")
        points += _trend(group, chosen)
    return points, list(dict.fromkeys(left_out))


def _trend(group: Group, runs: Sequence[tuple[str, Baseline]]) -> list[Point]:
    restorer, set_name, metric = group
    final = runs[-1][1].scores[group]

    def pixels(run: Baseline) -> set[tuple[str, str, str]]:
        return {(image, item.degraded, item.reference) for image, item in run.scores[group].items()}

    common = sorted(image for image, *_ in set.intersection(*(pixels(run) for _, run in runs)))
    if not common or not all(np.isfinite(item.value) for item in final.values()):
        return []
    values = np.array([np.mean([run.scores[group][image].value for image in common]) for _, run in runs])
    card = runs[-1][1].metrics[metric]
    steps = find_steps(values, float(card["tolerance"])) if np.isfinite(values).all() else {}
    return [
        Point(
            run.benchmark, set_name, metric, restorer, name, run.started, float(value), len(common),
            step=steps.get(index), worse=_is_worse(steps.get(index), bool(card["higher_is_better"])),
        )
        for index, ((name, run), value) in enumerate(zip(runs, values, strict=True))
    ]  # fmt: skip


def _is_worse(step: float | None, higher_is_better: bool) -> bool | None:
    return None if step is None else (step < 0) == higher_is_better


def find_steps(values: Floats, tolerance: float) -> dict[int, float]:
    """Where a series changes its level: optimal partitioning (PELT: Killick, Fearnhead, Eckley, JASA 2012).

    The penalty of a step is 4 log(n) times the noise's variance, which is read off the differences of neighbours by
    their median, and at least the square of the tolerance: a deterministic restorer has no noise.


    Args:
        values: One a run.
        tolerance: Smallest difference that counts.

    Returns:
        Index of the first run after each step -> difference between the levels after and before it.
    """
    import ruptures

    if len(values) < MIN_RUNS:
        return {}
    noise = 1.4826 * float(np.median(np.abs(np.diff(values)))) / np.sqrt(2)
    penalty = max(4 * np.log(len(values)) * noise**2, tolerance**2, 1e-18)
    ends = ruptures.Pelt(model="l2", min_size=1, jump=1).fit(values[:, None]).predict(pen=penalty)
    edges = [0, *ends]
    levels = [float(values[start:end].mean()) for start, end in zip(edges, ends, strict=False)]
    gaps = np.diff(levels)
    return {edge: float(gap) for edge, gap in zip(ends[:-1], gaps, strict=True) if abs(gap) > tolerance}


def draw_history(points: Sequence[Point], path: Path) -> None:
    """Draws a plot for each set and metric as SVG: a line a restorer, a ring where a step begins."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    panels: dict[tuple[str, str], dict[str, list[Point]]] = {}
    for point in points:
        panels.setdefault((point.set, point.metric), {}).setdefault(point.restorer, []).append(point)
    runs = list(dict.fromkeys(point.run for point in sorted(points, key=lambda point: point.started)))
    figure = Figure(figsize=(8, 3.2 * max(len(panels), 1)), layout="constrained")
    FigureCanvasSVG(figure)
    for axes, ((set_name, metric), trends) in zip(
        figure.subplots(max(len(panels), 1), squeeze=False)[:, 0], panels.items(), strict=False
    ):
        for restorer, trend in trends.items():
            places = [runs.index(point.run) for point in trend]
            [line] = axes.plot(places, [point.value for point in trend], marker=".", label=_plain(restorer))
            stepped = [(place, point.value) for place, point in zip(places, trend, strict=True) if point.step]
            if stepped:
                axes.scatter(*zip(*stepped, strict=True), s=90, facecolors="none", edgecolors=line.get_color())
        axes.set(title=_plain(f"{set_name}: {metric}"))
        axes.set_xticks(range(len(runs)), [_plain(Path(run).stem) for run in runs], rotation=30, ha="right")
        axes.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None})


def _plain(text: str) -> str:
    """Names come from elsewhere: `$` would start mathematics, a leading `_` hide the name from the legend."""
    return " " * text.startswith("_") + text.replace("$", r"\$")
