"""How an order holds when one image, one metric or one set is left out."""

from collections.abc import Sequence

import numpy as np

from harness.ranking.ballots import Ballots, shares_won
from harness.ranking.metric_agreement import tau_by_image
from harness.ranking.tables import Places, ScoreTable, task_of
from harness.results import RankRange, RunData, Stability
from harness.statistics import Floats


def stability(
    data: RunData, found: Sequence[ScoreTable], tasks: Sequence[Ballots]
) -> tuple[Stability, ...]:
    """Leaves out one thing after the other, and looks at the order of the rest.

    Out of every leaderboard goes each image, out of every task's Borda order each metric and set.

    Args:
        data: The run.
        found: The tables of its leaderboards.
        tasks: Of `ballots`.
    """
    rows = [
        _without_images(data, table)
        for table in found
        if len(table.restorers) > 1 and len(table.images) > 1
    ]
    for item in tasks:
        if len(item.restorers) > 1:
            shares = np.stack([shares_won(values).mean(axis=1) for values in item.values])
            rows += _without_boards(item, shares, "metric", [table.metric for table in item.tables])
            rows += _without_boards(item, shares, "set", [table.set or "" for table in item.tables])
    return tuple(rows)


def _without_images(data: RunData, table: ScoreTable) -> Stability:
    """Means share their number of images, so that totals have the same order."""
    sums = table.sign * table.sums
    bad, good = np.isneginf(sums), np.isposinf(sums)
    finite = np.where(bad | good, 0.0, sums)
    # one infinite image decides, unless it is the one that is left out
    totals, worst, best = (part.sum(axis=1, keepdims=True) for part in (finite, bad, good))
    whole = np.where(worst > 0, -np.inf, np.where(best > 0, np.inf, totals))[:, 0]
    left = np.where(worst > bad, -np.inf, np.where(best > good, np.inf, totals - finite))
    where = task_of(data, table.set), table.set, table.metric, "image"
    return _stability(where, table.restorers, whole, left, table.images)


def _without_boards(
    item: Ballots, shares: Floats, kind: str, labels: Sequence[str]
) -> list[Stability]:
    """Args: `shares` (leaderboards, restorers) and the metric or set of each leaderboard."""
    parts = list(dict.fromkeys(labels))
    if len(parts) < 2:
        return []
    boards = np.array(labels)
    left = np.stack([shares[boards != part].mean(axis=0) for part in parts], axis=1)
    where = item.task, None, "borda", kind
    return [_stability(where, item.restorers, shares.mean(axis=0), left, parts)]


def _stability(
    where: tuple[str, str | None, str, str],
    names: Sequence[str],
    whole: Floats,
    left: Floats,
    parts: Sequence[str],
) -> Stability:
    """Holds the orders with one thing left out against the whole one; larger is better.

    Args:
        where: Task, set, metric and what is left out.
        names: The restorers.
        whole: (restorers,), with everything.
        left: (restorers, cases).
        parts: What each case lacks.
    """
    before, after = _ranks(whole[:, None]), _ranks(left)
    moved = np.abs(after - before).sum(axis=0)
    # where one of the two orders ties everybody they have nothing in common
    taus = np.where(moved > 0, np.nan_to_num(tau_by_image(after, before)), 1.0)
    furthest = int(np.lexsort((-moved, taus))[0])
    order = sorted(range(len(names)), key=lambda place: (before[place, 0], names[place]))
    ranges = np.stack([before[:, 0], after.min(axis=1), after.max(axis=1)], axis=1)
    return Stability(
        *where,
        cases=len(parts),
        same_leader=float(((after == 1) == (before == 1)).all(axis=0).mean()),
        same_order=float((moved == 0).mean()),
        lowest_tau=float(taus[furthest]),
        most_influential=parts[furthest] if moved[furthest] else None,
        ranges=tuple(RankRange(names[place], *ranges[place].tolist()) for place in order),
    )


def _ranks(values: Floats) -> Places:
    """Ranks down each column, 1 is best; equals, up to rounding, share the better one."""
    from scipy.stats import rankdata

    scale = np.abs(values[np.isfinite(values)]).max(initial=0.0) or 1.0
    return rankdata(-np.round(values / scale, 12), method="min", axis=0).astype(np.int64)
