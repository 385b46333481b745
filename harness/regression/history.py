"""The trend of every restorer and metric over runs, and the runs that introduced a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from harness.regression.measured_run import Group, MeasuredRun
from harness.results import History, Trend, TrendPoint
from harness.statistics import Floats

MIN_RUNS = 3
"""With fewer runs there is a difference, and no trend: `restobench compare` judges that."""


def trace(runs: Mapping[str, MeasuredRun], metrics: Sequence[str] = ()) -> History:
    """Makes the trends, in the order of the runs' own times.

    Only images with the same pixels in every run of a trend enter its means.

    Args:
        runs: By name; at least one.
        metrics: Only these; empty: all.

    Returns:
        The trends of what the last run has, and why runs or parts of them were left out: another
        protocol or metric version than the last run's.
    """
    ordered = sorted(runs.items(), key=lambda item: item[1].started)
    last, left_out, same = ordered[-1][1], [], {}
    for name, run in ordered:
        if run.evaluation["hash"] == last.evaluation["hash"]:
            same[name] = run
        else:
            names = run.evaluation["name"], last.evaluation["name"]
            left_out.append("{}: evaluation {}, the last run has {}".format(name, *names))
    trends = []
    for group in last.scores:
        metric = group[2]
        if metrics and metric not in metrics:
            continue
        wanted, chosen = last.metrics[metric].version, []
        for name, run in same.items():
            if group in run.scores:
                version = run.metrics[metric].version
                if version == wanted:
                    chosen.append((name, run))
                else:
                    left_out.append(
                        f"{name}: {metric} has version {version}, the last run {wanted}"
                    )
        trends.append(_trend(group, chosen))
    found = tuple(trend for trend in trends if trend is not None)
    return History(found, tuple(same), tuple(dict.fromkeys(left_out)))


def _trend(group: Group, runs: Sequence[tuple[str, MeasuredRun]]) -> Trend | None:
    restorer, set_name, metric = group

    def pixels(run: MeasuredRun) -> set[tuple[str, str, str]]:
        return {(image, item.degraded, item.reference) for image, item in run.scores[group].items()}

    common = sorted(image for image, *_ in set.intersection(*(pixels(run) for _, run in runs)))
    if not common:
        return None
    values = np.array(
        [np.mean([run.scores[group][image].value for image in common]) for _, run in runs]
    )
    card = runs[-1][1].metrics[metric]
    steps = find_steps(values, card.tolerance) if np.isfinite(values).all() else {}
    points = tuple(
        TrendPoint(
            name,
            run.started,
            float(value),
            step=steps.get(index),
            worse=(steps[index] < 0) == card.higher_is_better if index in steps else None,
            changes=tuple(changes(runs[index - 1][1], run)) if index in steps else (),
        )
        for index, ((name, run), value) in enumerate(zip(runs, values, strict=True))
    )
    where = runs[-1][1].benchmark, set_name, metric, restorer
    return Trend(*where, card.unit, card.higher_is_better, len(common), points)


def changes(before: MeasuredRun, now: MeasuredRun) -> Iterator[str]:
    """What else is different between two runs: versions, commit, hardware. Where to look for the cause of a step."""
    flat = [
        dict(_flatten({**dict(run.environment), **dict(run.hardware)})) for run in (before, now)
    ]
    for key in sorted(flat[0].keys() | flat[1].keys()):
        old, new = (side.get(key) for side in flat)
        if old != new:
            yield f"{key}: {_short(old)}, now {_short(new)}"


def _flatten(mapping: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, "" if key == "packages" else f"{prefix}{key} ")
        elif value is not None:
            yield f"{prefix}{key}", value


def _short(value: object) -> str:
    return "none" if value is None else str(value)[:60]


def find_steps(values: Floats, tolerance: float) -> dict[int, float]:
    """Where a series changes its level: optimal partitioning (PELT: Killick, Fearnhead, Eckley, JASA 2012).

    The penalty of a step is 4 log(n) times the noise's variance, which is read off the differences
    of neighbours by their median, and at least the square of the tolerance: a deterministic
    restorer has no noise.

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
    return {
        edge: float(gap) for edge, gap in zip(ends[:-1], gaps, strict=True) if abs(gap) > tolerance
    }
