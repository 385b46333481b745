"""Leaderboards: means over common images, studentised intervals, ranks with their uncertainty."""

from dataclasses import dataclass

import numpy as np

from harness.errors import InputError
from harness.ranking.ranks import Order, leaderboard_rows
from harness.ranking.tables import Blocks, ScoreTable, count_failures, make_blocks, tables
from harness.results import SIGNIFICANT, Difference, Leaderboard, RunData
from harness.statistics.permutation import compare_pairs
from harness.statistics.resampling import intervals
from harness.statistics.simultaneous import Pairs


@dataclass(frozen=True, slots=True)
class Ranking:
    """A run, ranked once: everything that is computed further starts from here.

    Attributes:
        blocks: Its scores by set and metric.
        tables: What each leaderboard is made of.
        pairs: Every pair of each table's ranked restorers, in their order; `None` of none.
        boards: The leaderboards, in the order of the tables.
    """

    data: RunData
    blocks: Blocks
    tables: tuple[ScoreTable, ...]
    pairs: tuple[Pairs | None, ...]
    boards: tuple[Leaderboard, ...]


def rank_run(data: RunData, *, policy: str = "common") -> Ranking:
    """Ranks the restorers of a run: one leaderboard for each set and metric.

    When the benchmark has several sets and all are of one task, there is also one for each metric
    over all of them (`set=None`), of the restorers that have scores on each. There is no mean
    across tasks.

    Args:
        data: The run.
        policy: `common`: means are over the images that all ranked restorers have in common. A
            restorer without any score is not ranked. When no image is common to all, those with the
            fewest scores are left unranked. `complete`: only restorers with a score of every image
            that anybody has one of are ranked.

    Returns:
        Leaderboards of the whole benchmark first, then of sets in the plan's order; in each,
        metrics in the plan's order.

    Raises:
        InputError: An unknown policy.
        StoreError: A metric without a card.
    """
    blocks = make_blocks(data)
    found = tuple(tables(data, blocks, count_failures(data), policy=policy))
    pairs = tuple(
        compare_pairs(table.sums, table.strata, table.cells) if table.restorers else None
        for table in found
    )
    boards = tuple(_leaderboard(data, *both) for both in zip(found, pairs, strict=True))
    return Ranking(data, blocks, found, pairs, boards)


def _leaderboard(data: RunData, table: ScoreTable, pairs: Pairs | None) -> Leaderboard:
    bounds = data.run.metric(table.metric).bounds
    order = _order(table, pairs, bounds) if pairs else None
    rows = leaderboard_rows(order, sorted(table.entrants), table.failures)
    better, images = table.sign > 0, len(table.images)
    return Leaderboard(data.run.benchmark, table.set, table.metric, better, rows, images)


def _order(table: ScoreTable, pairs: Pairs, bounds: tuple[float, float]) -> Order:
    """Inside, values are oriented so that larger is better."""
    names, sign = table.restorers, table.sign
    # infinite in both directions: what is worst decides
    means, low, high = (
        np.where(np.isnan(ends), -np.inf, ends)
        for ends in intervals(sign * table.sums, table.strata, table.cells)
    )
    best = sorted(range(len(names)), key=lambda place: (-means[place], names[place]))
    low, high = (low, high) if sign > 0 else (-high, -low)
    # the true mean lies within what the metric can say: an interval loses no coverage there
    low = np.maximum(low, np.minimum(bounds[0], sign * means))
    high = np.minimum(high, np.maximum(bounds[1], sign * means))
    return Order(
        restorers=tuple(names[place] for place in best),
        scores=sign * means[best],
        low=low[best],
        high=high[best],
        pairs=pairs.take(np.array(best)),
        images=len(table.images),
        n=table.cells,
        higher_is_better=sign > 0,
        medians=np.median(table.values[best], axis=1),
    )


def versus(
    ranking: Ranking, restorer: str, *, set_name: str | None = None, metric: str | None = None
) -> tuple[Difference, ...]:
    """Compares every other restorer with one, over the common images of each leaderboard.

    Args:
        ranking: The run, ranked.
        restorer: Name of the restorer to compare with.
        set_name: Only this set.
        metric: Only this metric.

    Returns:
        One row for each leaderboard that ranks `restorer`, and each other restorer.

    Raises:
        InputError: The run has no such restorer.
    """
    known = ranking.data.run.restorers
    if restorer not in known:
        raise InputError(f"the run has no restorer {restorer!r}; it has {', '.join(known)}")
    return tuple(
        row
        for table, pairs in zip(ranking.tables, ranking.pairs, strict=True)
        if set_name in (None, table.set) and metric in (None, table.metric)
        for row in differences(table, pairs, restorer)
    )


def differences(table: ScoreTable, pairs: Pairs | None, base: str) -> list[Difference]:
    """Compares every entrant of a leaderboard with `base`; none when `base` is not ranked there."""
    if pairs is None or base not in table.restorers:
        return []
    column = table.restorers.index(base)
    found = {}
    rows = zip(*(part[:, column].tolist() for part in pairs), strict=True)
    for name, (difference, low, high, p) in zip(table.restorers, rows, strict=True):
        verdict = "better" if table.sign * difference > 0 else "worse"
        interval = (low, high) if len(table.images) > 1 else (None, None)
        told = verdict if p <= SIGNIFICANT else "same"
        found[name] = difference, *interval, p, table.cells, told
    nothing = None, None, None, None, 0, "same"
    return [
        Difference(name, base, table.set, table.metric, *found.get(name, nothing))
        for name in table.entrants
        if name != base
    ]
