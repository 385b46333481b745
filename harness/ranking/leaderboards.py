"""Leaderboards: means over common images, studentised intervals, ranks with their uncertainty."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from harness.errors import InputError
from harness.ranking.ranks import Order, leaderboard_rows
from harness.ranking.tables import Blocks, ScoreTable, count_failures, make_blocks, minus, tables
from harness.results import SIGNIFICANT, Difference, Leaderboard, RunData
from harness.statistics import Floats
from harness.statistics.permutation import pairs_p, sign_flip_p
from harness.statistics.resampling import intervals


@dataclass(frozen=True, slots=True)
class Ranking:
    """A run, ranked once: everything that is computed further starts from here.

    Attributes:
        blocks: Its scores by set and metric.
        tables: What each leaderboard is made of.
        boards: The leaderboards, in the order of the tables.
    """

    data: RunData
    blocks: Blocks
    tables: tuple[ScoreTable, ...]
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
    return Ranking(data, blocks, found, tuple(_leaderboard(data, table) for table in found))


def _leaderboard(data: RunData, table: ScoreTable) -> Leaderboard:
    bounds = data.run.metric(table.metric).bounds
    order = _order(table, bounds) if table.restorers else None
    rows = leaderboard_rows(order, sorted(table.entrants), table.failures)
    return Leaderboard(data.run.benchmark, table.set, table.metric, table.sign > 0, rows)


def _order(table: ScoreTable, bounds: tuple[float, float]) -> Order:
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
        p=pairs_p(table.sums[best], table.strata),
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
        for table in ranking.tables
        if set_name in (None, table.set) and metric in (None, table.metric)
        for row in differences(table, restorer)
    )


def differences(table: ScoreTable, base: str) -> list[Difference]:
    """Compares every entrant of a leaderboard with `base`; none when `base` is not ranked there."""
    if base not in table.restorers:
        return []
    place = table.restorers.index(base)
    others = [name for name in table.restorers if name != base]
    rows = minus(np.delete(table.sums, place, axis=0), table.sums[place])
    found = dict(zip(others, _paired(rows, table), strict=True)) if others else {}
    nothing = None, None, None, None, 0, "same"
    return [
        Difference(name, base, table.set, table.metric, *found.get(name, nothing))
        for name in table.entrants
        if name != base
    ]


def _paired(
    rows: Floats, table: ScoreTable
) -> Iterator[tuple[float, float | None, float | None, float, int, str]]:
    """Mean difference, its interval, p, images and verdict, for every row."""
    # a row that is infinite in both directions has no mean, and no difference that can be told
    columns = (
        np.where(np.isnan(ends), 0.0, ends).tolist()
        for ends in intervals(rows, table.strata, table.cells)
    )
    for mean, low, high, p in zip(*columns, sign_flip_p(rows).tolist(), strict=True):
        verdict = "same" if p >= SIGNIFICANT else "better" if table.sign * mean > 0 else "worse"
        interval = (low, high) if rows.shape[1] > 1 else (None, None)
        yield mean, *interval, p, table.cells, verdict
