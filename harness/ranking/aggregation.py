"""One order out of many leaderboards of a task.

Borda counts, mean ranks, Bradley-Terry strengths, weighted scores, efficiency. Aggregates never
cross tasks, and rank only restorers that are ranked on every leaderboard of the task: one that
skipped or failed a set is shown without a rank, for nothing can be said of it there.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from harness.errors import InputError
from harness.ranking.ballots import Ballots, ballots, shares_won
from harness.ranking.ntire_efficiency import as_scores, efficiency_order
from harness.ranking.ranks import Order, leaderboard_rows
from harness.ranking.tables import (
    ScoreTable,
    by_image,
    count_failures,
    make_blocks,
    metric_names,
    tables,
)
from harness.results import RunData
from harness.statistics import Floats
from harness.statistics.bradley_terry import strengths_by_image
from harness.statistics.permutation import compare_pairs
from harness.statistics.resampling import capped, intervals, percentile_order, resample_counts


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an aggregate needs to be told.

    Attributes:
        weights: Of `weighted`, by metric.
        base: Of `ntire-efficiency`: the restorer that scores 1 x e^2.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    base: str | None = None


def aggregate(
    data: RunData, how: str, wishes: Wishes | None = None, *, policy: str = "common"
) -> list[dict[str, object]]:
    """Ranks restorers over all sets and metrics of each task; every leaderboard counts the same.

    Args:
        data: The run.
        how: One of `WAYS`. `borda`: each image is a ballot of each metric; the share of other
            restorers that one beats on it, averaged (0 to 100). `mean-rank`: mean over the
            leaderboards of the rank by mean. `bradley-terry`: strengths of that model fitted to
            wins by image and metric, in Elo points around a mean of 0; a tie is half a win to each.
            `weighted`: sum of weight times mean over the metrics, negative where lower is better,
            averaged over the sets. `ntire-efficiency`: cost against a base (`efficiency_order`).
        wishes: Weights, or the base.
        policy: As for `harness.ranking.leaderboards.rank_run`.

    Returns:
        Flat rows as those of `restobench/rank/1`, best first: `metric` is the way, `mean` the
        aggregate, `n` counts images, `leaderboards` what went in. Intervals are by bootstrap over
        images, the same resamples for everyone.

    Raises:
        InputError: An unknown way, or wishes that it cannot follow.
    """
    if how not in WAYS:
        raise InputError(f"aggregate is {how!r}; expected one of {', '.join(WAYS)}")
    found = tables(data, make_blocks(data), count_failures(data), policy=policy)
    return orders(data, ballots(data, found), how, wishes)


def orders(
    data: RunData, tasks: Iterable[Ballots], how: str, wishes: Wishes | None = None
) -> list[dict[str, object]]:
    """What `aggregate` returns, of ballots that are there already."""
    rows = []
    for item in tasks:
        order = _order(how, data, item, wishes or Wishes())
        shown = {
            "benchmark": data.run.benchmark,
            "set": None,
            "task": item.task,
            "metric": how,
            "leaderboards": order.leaderboards if order else len(item.tables),
            "higher_is_better": how not in ("mean-rank", "ntire-efficiency"),
        }
        rows += [{**shown, **row} for row in _rows(how, item, order)]
    return rows


def _rows(how: str, item: Ballots, order: Order | None) -> Iterator[dict[str, object]]:
    failed = sum((Counter(table.failures) for table in item.tables), Counter[str]())
    for row in leaderboard_rows(order, item.entrants, failed):
        more: dict[str, object] = {}
        if how == "ntire-efficiency":
            why = order.left_out.get(row.restorer) if order else None
            more = {**as_scores(row), "reason": why or None}
        yield {**asdict(row), **more}


def _order(how: str, data: RunData, item: Ballots, wishes: Wishes) -> Order | None:
    """One task's restorers in their order; `None` where fewer than two can be ranked."""
    if how == "weighted":
        return _weighted(data, item, wishes.weights)
    if how == "ntire-efficiency":
        return efficiency_order(data, item, wishes.base)
    return _BY_BALLOTS[how](item) if len(item.restorers) > 1 else None


def _borda(item: Ballots) -> Order:
    shares, strata = _shares(item)
    order = _of_sums(item, 100 * shares, 100 * shares, strata, len(item.tables))
    # no true share lies beyond: an interval loses no coverage there
    return replace(order, low=np.maximum(order.low, 0), high=np.minimum(order.high, 100))


def _bradley_terry(item: Ballots) -> Order:
    shares, strata = _shares(item)
    return _of_sums(item, strengths_by_image(shares), shares, strata, len(item.tables))


def _shares(item: Ballots) -> tuple[Floats, tuple[int, ...]]:
    """Shares of comparisons won, summed over all ballots of an image; and their strata."""
    parts = [shares_won(part) / part.shape[1] / len(item.values) for part in item.values]
    shares, _, strata = _joined(parts, item.tables)
    return shares, strata


def _joined(
    parts: Sequence[Floats], boards: Sequence[ScoreTable]
) -> tuple[Floats, tuple[str, ...], tuple[int, ...]]:
    return by_image(np.concatenate(parts, axis=1), [table.images for table in boards])


def _of_sums(
    item: Ballots, sums: Floats, tested: Floats, strata: tuple[int, ...], boards: int
) -> Order:
    """The order by totals over images; restorers are told apart by what is `tested`."""
    points, low, high = intervals(sums, strata, 1)
    pairs, images = compare_pairs(tested, strata, 1), sums.shape[1]
    if tested is not sums:  # in the unit of what is shown, which has the same order
        shown, known = points[:, None] - points, pairs.difference != 0
        scale = np.where(known, shown / np.where(known, pairs.difference, 1), 0)
        pairs = pairs.times(np.where(scale > 0, scale, scale.max() or 1.0))
    return Order(item.restorers, points, low, high, pairs, images, images, leaderboards=boards)


def _mean_rank(item: Ballots) -> Order:
    from scipy.stats import rankdata

    scores, boards = [capped(values) for values in item.values], len(item.tables)
    _, images, strata = _joined(scores, item.tables)
    place, counts = {image: index for index, image in enumerate(images)}, resample_counts(strata)
    points, boot = np.zeros(len(item.restorers)), np.zeros((len(item.restorers), counts.shape[1]))
    for table, values in zip(item.tables, scores, strict=True):
        drawn = counts[[place[image] for image in table.images]]
        points += rankdata(-values.sum(axis=1))
        boot += rankdata(-(values @ drawn) / np.maximum(drawn.sum(axis=0), 1), axis=0)
    points /= boards
    ends, n = percentile_order(points, boot / boards, len(images)), len(images)
    return Order(item.restorers, points, *ends, n, n, higher_is_better=False, leaderboards=boards)


def _weighted(data: RunData, item: Ballots, weights: Mapping[str, float]) -> Order | None:
    known = metric_names(data)
    unknown = [name for name in weights if name not in known]
    if unknown or not weights:
        raise InputError(
            f"weights are for {', '.join(unknown) or 'no metric'}; expected METRIC=NUMBER, of "
            f"{', '.join(known)}"
        )
    boards = [table for table in item.tables if table.metric in weights]
    if not boards or len(item.restorers) < 2:
        return None
    # a metric counts by its weight, on however many sets it was measured
    sets = Counter(table.metric for table in boards)
    parts = [
        weights[table.metric] / sets[table.metric] / values.shape[1] * capped(values)
        for table, values in zip(item.tables, item.values, strict=True)
        if table.metric in weights
    ]
    sums, _, strata = _joined(parts, boards)
    return _of_sums(item, sums, sums, strata, len(boards))


_BY_BALLOTS: dict[str, Callable[[Ballots], Order]] = {
    "borda": _borda,
    "mean-rank": _mean_rank,
    "bradley-terry": _bradley_terry,
}

WAYS = (*_BY_BALLOTS, "weighted", "ntire-efficiency")
"""Names of aggregates."""
