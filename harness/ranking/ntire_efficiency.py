"""The score of the NTIRE challenge on efficient super-resolution (2025).

Time, operations and weights of each restorer against those of a base.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from harness.errors import InputError
from harness.ranking.ballots import Ballots
from harness.ranking.ranks import Order
from harness.results import (
    MIXED_HARDWARE,
    TIMED_BESIDE,
    TIMED_IN_BATCHES,
    LeaderboardRow,
    RunData,
    RunRestorer,
    Spent,
)
from harness.statistics import Floats
from harness.statistics.resampling import percentile_order, resample_counts

# of seconds, operations and parameters
WEIGHTS = (0.7, 0.15, 0.15)


def log_ntire_score(seconds: Floats, flops: Floats, parameters: Floats) -> Floats:
    """ln(0.7 exp(2 t) + 0.15 exp(2 F) + 0.15 exp(2 P)), each relative to the base; lower is better.

    The score itself is too large for any float from 355 times the base's cost on.

    Args:
        seconds: Ratios to the base, of any shape.
        flops: Likewise.
        parameters: Likewise.
    """
    parts = zip(WEIGHTS, (seconds, flops, parameters), strict=True)
    return np.asarray(reduce(np.logaddexp, (np.log(share) + 2 * ratio for share, ratio in parts)))


def as_scores(row: LeaderboardRow) -> dict[str, float | None]:
    """The figures of a row of logarithms as scores, infinite where no float is large enough.

    Returns:
        `mean`, `ci_low`, `ci_high`, and `log_mean`.
    """
    with np.errstate(over="ignore"):
        scores = {
            name: None if log is None else float(np.exp(log))
            for name, log in (("mean", row.mean), ("ci_low", row.ci_low), ("ci_high", row.ci_high))
        }
    return {**scores, "log_mean": row.mean}


def efficiency_order(data: RunData, item: Ballots, base: str | None) -> Order | None:
    """Orders the restorers of a task by their cost, over the images on which all were timed.

    The challenge admits only networks that reach its PSNR; here the leaderboards say who does.

    Args:
        data: The run.
        item: The task's ballots.
        base: The restorer to compare with; it must know its operations and parameters.

    Returns:
        Natural logarithms of the scores; lower is better, and the base has 2. Who cannot be
        compared is left out, and why. `None` where the base did not run on the task, or no image is
        common to all.

    Raises:
        InputError: No base, an unknown one, or one that cannot be ranked.
    """
    known = data.run.restorers
    if base not in known:
        raise InputError(
            f"ntire-efficiency compares with a base: versus is {base!r}; expected one of "
            f"{', '.join(known)}"
        )
    if base not in item.entrants:
        return None
    costs, mixed = _costs(data, {table.set for table in item.tables})
    cards = {name: data.run.restorer(name) for name in item.entrants}
    reasons = {name: _why_not(card, costs.get(name, {}), mixed) for name, card in cards.items()}
    if reasons[base]:
        raise InputError(f"versus: {base} cannot be compared with: {reasons[base]}")
    names = sorted(name for name, why in reasons.items() if not why)
    common = sorted(set.intersection(*(set(costs[name]) for name in names)))
    # the first cell of a worker counts as warm-up
    warm = [image for image in common if not any(costs[name][image].cold for name in names)]
    if not common:
        return None
    spent = {name: [costs[name][image] for image in warm or common] for name in names}
    parameters = np.array([float(cards[name].parameters or 0) for name in names])
    return replace(_order(spent, names.index(base), parameters), left_out=reasons)


def _why_not(card: RunRestorer, spent: Mapping[tuple[str, str], Spent], mixed: bool) -> str:
    """Why a restorer cannot be compared by what it costs, or an empty string."""
    if not (card.parameters and spent):
        return "it has no count of operations or of parameters"
    if mixed:
        return MIXED_HARDWARE
    if any(cost.beside != 0 for cost in spent.values()):
        return TIMED_BESIDE
    return TIMED_IN_BATCHES if any(cost.batch > 1 for cost in spent.values()) else ""


def _order(spent: Mapping[str, Sequence[Spent]], base: int, parameters: Floats) -> Order:
    seconds = np.array([[cost.seconds for cost in row] for row in spent.values()])
    flops = np.array([float(sum(cost.flops or 0 for cost in row)) for row in spent.values()])
    fixed, images = (flops / flops[base], parameters / parameters[base]), seconds.shape[1]
    # operations and parameters are counted, and only time is measured: it alone is resampled
    drawn = seconds @ resample_counts((images,))
    scores = log_ntire_score(seconds.sum(axis=1) / seconds[base].sum(), *fixed)
    resampled = log_ntire_score(drawn / drawn[base], *(part[:, None] for part in fixed))
    ends = percentile_order(scores, resampled, images)
    return Order(
        tuple(spent), scores, *ends, images, images, higher_is_better=False, leaderboards=0
    )


def _costs(
    data: RunData, sets: Container[str | None]
) -> tuple[dict[str, dict[tuple[str, str], Spent]], bool]:
    """Restorer -> set and image -> what was spent, where operations are known.

    And whether it was measured on hardware of several kinds.
    """
    costs: dict[str, dict[tuple[str, str], Spent]] = {}
    hosts = set()
    for image in data.restored:
        if image.cell.set in sets and image.spent.flops is not None:
            cell = image.cell
            costs.setdefault(cell.restorer, {})[cell.set, cell.image] = image.spent
            hosts.add(image.spent.host)
    return costs, len({data.run.hardware(host) for host in hosts}) > 1
