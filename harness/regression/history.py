"""The trend of every restorer and metric over runs, and the runs that introduced a step."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from harness.regression.comparison import compare
from harness.regression.measured_run import Group, MeasuredRun
from harness.results import History, Trend, TrendPoint, Verdict
from harness.statistics import Floats

# with fewer runs there is a difference, and no trend
MIN_RUNS = 3


def trace(runs: Mapping[str, MeasuredRun], metrics: Sequence[str] = ()) -> History:
    """Makes the trends, in the order of the runs' own times.

    Only images with the same pixels in every run of a trend enter its means. A step of the last run
    is also what `restobench compare` with the run before it calls improved or regressed.

    Args:
        runs: By name; at least one.
        metrics: Only these; all where it is empty.

    Returns:
        The trends of what the last run has, and why others were left out: another evaluation or
        metric version.
    """
    ordered = sorted(runs.items(), key=lambda item: item[1].started)
    last = ordered[-1][1]
    same = {name: run for name, run in ordered if run.evaluation["hash"] == last.evaluation["hash"]}
    left_out = [
        f"{name}: evaluation {run.evaluation['name']}, the last run has {last.evaluation['name']}"
        for name, run in ordered
        if name not in same
    ]
    trends, judged = list[Trend](), _judged(list(same.values()))
    for group in last.scores:
        metric = group[2]
        if not metrics or metric in metrics:
            versions = {
                name: run.metrics[metric].version
                for name, run in same.items()
                if group in run.scores
            }
            wanted = last.metrics[metric].version
            left_out += [
                f"{name}: {metric} has version {version}, the last run {wanted}"
                for name, version in versions.items()
                if version != wanted
            ]
            used = {name: same[name] for name in versions if versions[name] == wanted}
            trends += _trend(group, used, judged.get(group))
    return History(tuple(trends), tuple(same), tuple(dict.fromkeys(left_out)))


def _judged(runs: Sequence[MeasuredRun]) -> dict[Group, float]:
    """By how much the last run is better or worse than the one before it, where that is told."""
    if len(runs) < 2:
        return {}
    told = compare(runs[-1], runs[-2]).of(Verdict.REGRESSED, Verdict.IMPROVED)
    return {
        (item.restorer, item.set, item.metric): item.difference
        for item in told
        if item.difference is not None
    }


def _trend(
    group: Group, runs: Mapping[str, MeasuredRun], last_step: float | None
) -> Iterator[Trend]:
    """One trend, unless no image has the same pixels in every run."""
    ordered, (restorer, set_name, metric) = list(runs.values()), group
    measured = [run.scores[group] for run in ordered]
    pixels = (
        {(image, score.degraded, score.reference) for image, score in scores.items()}
        for scores in measured
    )
    common = sorted(image for image, *_ in set.intersection(*pixels))
    if not common:
        return
    values = np.array([np.mean([scores[image].value for image in common]) for scores in measured])
    card = ordered[-1].metrics[metric]
    steps = find_steps(values, card.tolerance) if np.isfinite(values).all() else {}
    if last_step is not None and len(ordered) > 1:
        steps.setdefault(len(ordered) - 1, last_step)
    points = tuple(
        TrendPoint(
            name,
            run.started,
            float(values[index]),
            step=steps.get(index),
            worse=(steps[index] < 0) == card.higher_is_better if index in steps else None,
            changes=tuple(changes(ordered[index - 1], run)) if index in steps else (),
        )
        for index, (name, run) in enumerate(runs.items())
    )
    yield Trend(
        ordered[-1].benchmark,
        set_name,
        metric,
        restorer,
        card.unit,
        card.higher_is_better,
        len(common),
        points,
    )


def changes(before: MeasuredRun, now: MeasuredRun) -> Iterator[str]:
    """What else is different between two runs: where to look for the cause of a step.

    Versions, commit, hardware.
    """
    old, new = (dict(_flatten({**run.environment, **run.hardware})) for run in (before, now))
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            was, is_now = (str(side.get(key, "none"))[:60] for side in (old, new))
            yield f"{key}: {was}, now {is_now}"


def _flatten(mapping: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, "" if key == "packages" else f"{prefix}{key} ")
        elif value is not None:
            yield f"{prefix}{key}", value


def find_steps(values: Floats, tolerance: float) -> dict[int, float]:
    """Where a series changes its level.

    By optimal partitioning (PELT: Killick, Fearnhead, Eckley, JASA 2012). The penalty of a step is
    4 log(n) times the noise's variance, which is read off the differences of neighbours by their
    median, and at least the square of the tolerance: a deterministic restorer has no noise.

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
    levels = [float(values[start:end].mean()) for start, end in pairwise([0, *ends])]
    gaps = zip(ends[:-1], np.diff(levels).tolist(), strict=True)
    return {edge: gap for edge, gap in gaps if abs(gap) > tolerance}
