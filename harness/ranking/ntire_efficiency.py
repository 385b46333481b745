"""The score of the NTIRE challenge on efficient super-resolution (2025).

Time, operations and weights of each restorer against those of a base.
"""

from collections.abc import Container, Mapping, Sequence

import numpy as np

from harness.errors import InputError
from harness.ranking.ballots import Ballots
from harness.ranking.ranks import Order
from harness.results import RunData, Spent
from harness.statistics import Floats
from harness.statistics.resampling import percentile_order, resample_counts

# of seconds, operations and parameters
WEIGHTS = (0.7, 0.15, 0.15)


def ntire_score(seconds: Floats, flops: Floats, parameters: Floats) -> Floats:
    """0.7 exp(2 t) + 0.15 exp(2 F) + 0.15 exp(2 P), each relative to the base; lower is better.

    Args:
        seconds: Ratios to the base, of any shape.
        flops: Likewise.
        parameters: Likewise.
    """
    parts = zip(WEIGHTS, (seconds, flops, parameters), strict=True)
    return np.asarray(sum(weight * np.exp(2 * ratio) for weight, ratio in parts))


def efficiency_order(data: RunData, item: Ballots, base: str | None) -> Order | None:
    """Orders the restorers of a task by their cost, over the images on which all were timed.

    The challenge admits only networks that reach its PSNR; here the leaderboards say who does.

    Args:
        data: The run.
        item: The task's ballots.
        base: The restorer to compare with; it must know its operations and parameters.

    Returns:
        Restorers whose seconds, operations and parameters are known; lower is better, and the base
        has e^2. `None` where the base did not run on the task, or no image is common to all.

    Raises:
        InputError: No base, an unknown one, or one that counts no operations or no parameters.
    """
    known = data.run.restorers
    if base not in known:
        raise InputError(
            f"ntire-efficiency compares with a base: --versus is {base!r}; expected one of "
            f"{', '.join(known)}"
        )
    if base not in item.entrants:
        return None
    costs = _costs(data, {table.set for table in item.tables})
    if base not in costs:
        raise InputError(
            f"--versus {base} has no count of operations or of parameters; take a network that has "
            "both"
        )
    names = sorted(costs)
    common = sorted(set.intersection(*(set(costs[name]) for name in names)))
    if not common:
        return None
    spent = {name: [costs[name][image] for image in common] for name in names}
    return _order(
        spent, names.index(base), np.array([float(known[name].parameters or 0) for name in names])
    )


def _order(spent: Mapping[str, Sequence[Spent]], base: int, parameters: Floats) -> Order:
    seconds = np.array([[cost.seconds for cost in row] for row in spent.values()])
    flops = np.array([float(sum(cost.flops or 0 for cost in row)) for row in spent.values()])
    fixed, images = (flops / flops[base], parameters / parameters[base]), seconds.shape[1]
    # operations and parameters are counted, and only time is measured: it alone is resampled
    drawn = seconds @ resample_counts((images,))
    scores = ntire_score(seconds.sum(axis=1) / seconds[base].sum(), *fixed)
    resampled = ntire_score(drawn / drawn[base], *(part[:, None] for part in fixed))
    ends = percentile_order(scores, resampled, images)
    return Order(
        tuple(spent), scores, *ends, images, images, higher_is_better=False, leaderboards=0
    )


def _costs(data: RunData, sets: Container[str | None]) -> dict[str, dict[tuple[str, str], Spent]]:
    """Restorer -> set and image -> what was spent, where operations and parameters are known."""
    costs: dict[str, dict[tuple[str, str], Spent]] = {}
    for image in data.restored:
        cell, weighed = image.cell, data.run.restorer(image.cell.restorer).parameters
        if cell.set in sets and weighed and image.spent.flops is not None:
            costs.setdefault(cell.restorer, {})[cell.set, cell.image] = image.spent
    return costs
