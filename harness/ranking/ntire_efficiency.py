"""The score of the NTIRE challenge on efficient super-resolution (2025): time, operations, weights against a base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.errors import InputError
from harness.ranking.ballots import Ballots
from harness.results import RunData
from harness.statistics.resampling import Floats, resample_counts

WEIGHTS = (0.7, 0.15, 0.15)
"""Of seconds, operations and parameters."""


@dataclass(frozen=True, slots=True)
class Efficiency:
    """Scores, lower is better; the base has e^2.

    Attributes:
        restorers: Those whose seconds, operations and parameters are known.
        scores: (restorers,).
        resampled: (restorers, RESAMPLES): with the seconds of other images.
        images: How many images all of them were timed on.
    """

    restorers: tuple[str, ...]
    scores: Floats
    resampled: Floats
    images: int


def ntire_score(seconds: Floats, flops: Floats, parameters: Floats) -> Floats:
    """0.7 exp(2 t) + 0.15 exp(2 F) + 0.15 exp(2 P), each relative to the base; lower is better.

    Args:
        seconds: Ratios to the base, of any shape.
        flops: Likewise.
        parameters: Likewise.
    """
    parts = zip(WEIGHTS, (seconds, flops, parameters), strict=True)
    return np.asarray(sum(weight * np.exp(2 * ratio) for weight, ratio in parts))


def efficiencies(data: RunData, item: Ballots, base: str | None) -> Efficiency | None:
    """Scores the restorers of a task over the images on which all of them were timed.

    The challenge admits only networks that reach its PSNR; here the leaderboards say who does.

    Args:
        data: The run.
        item: The task's ballots.
        base: The restorer to compare with; it must know its operations and parameters.

    Returns:
        `None` where the base did not run on the task.

    Raises:
        InputError: No base, an unknown one, or one that counts no operations or no parameters.
    """
    if base not in data.run.restorers:
        raise InputError(
            f"ntire-efficiency compares with a base: --versus is {base!r}; expected one of "
            f"{', '.join(data.run.restorers)}"
        )
    if base not in item.entrants:
        return None
    sets = {table.set for table in item.tables}
    seconds: dict[str, dict[tuple[str, str], float]] = {}
    flops: dict[str, dict[tuple[str, str], float]] = {}
    for timing in data.timings:
        if timing.cell.set in sets and timing.flops is not None:
            key = timing.cell.set, timing.cell.image
            seconds.setdefault(timing.cell.restorer, {})[key] = timing.seconds
            flops.setdefault(timing.cell.restorer, {})[key] = timing.flops
    weights = {name: data.run.restorers[name].get("parameters") for name in seconds}
    names = sorted(name for name in seconds if weights[name])
    if base not in names:
        raise InputError(
            f"--versus {base} has no count of operations or of parameters; take a network that "
            "has both"
        )
    common = sorted(set.intersection(*(set(seconds[name]) for name in names)))
    if not common:
        return None
    return _score(
        names, base, common, seconds, flops, {name: float(weights[name] or 0) for name in names}
    )


def _score(
    names: list[str],
    base: str,
    common: list[tuple[str, str]],
    seconds: dict[str, dict[tuple[str, str], float]],
    flops: dict[str, dict[tuple[str, str], float]],
    weights: dict[str, float],
) -> Efficiency:
    place = names.index(base)
    times = np.array([[seconds[name][key] for key in common] for name in names])
    work = np.array([sum(flops[name][key] for key in common) for name in names])
    size = np.array([weights[name] for name in names])
    fixed = work / work[place], size / size[place]
    boot = times @ resample_counts((len(common),))
    ratios = times.sum(axis=1) / times[place].sum(), boot / boot[place]
    scores = ntire_score(ratios[0], *fixed)
    resampled = ntire_score(ratios[1], fixed[0][:, None], fixed[1][:, None])
    return Efficiency(tuple(names), scores, resampled, len(common))
