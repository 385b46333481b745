"""How an order holds when one image, one metric or one set is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from harness.ranking.ballots import Ballots, shares_won
from harness.ranking.tables import Table, task_of
from harness.results import RunData
from harness.results.pairs import RankRange, Stability
from harness.statistics.resampling import Floats

Ranks = npt.NDArray[np.int64]


def stability(
    data: RunData, found: Sequence[Table], tasks: Sequence[Ballots]
) -> tuple[Stability, ...]:
    """Leaves out every image of every leaderboard, and every metric and set of every task's Borda order.

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
            shares = [shares_won(values).mean(axis=1) for values in item.values]
            rows += _without_boards(item, shares, "metric", lambda table: table.metric)
            rows += _without_boards(item, shares, "set", lambda table: table.set or "")
    return tuple(rows)


def _without_images(data: RunData, table: Table) -> Stability:
    """Means share their number of images, so that totals have the same order."""
    sums = table.sign * table.sums
    bad, good = np.isneginf(sums), np.isposinf(sums)
    finite = np.where(bad | good, 0.0, sums)
    left = finite.sum(axis=1, keepdims=True) - finite
    left[good.sum(axis=1, keepdims=True) - good > 0] = np.inf
    left[bad.sum(axis=1, keepdims=True) - bad > 0] = -np.inf
    whole = finite.sum(axis=1)
    whole[good.any(axis=1)] = np.inf
    whole[bad.any(axis=1)] = -np.inf
    return _stability(
        (task_of(data, table.set), table.set, table.metric, "image"),
        table.restorers,
        whole,
        left,
        table.images,
    )


def _without_boards(
    item: Ballots, shares: Sequence[Floats], kind: str, part_of: Callable[[Table], str]
) -> list[Stability]:
    parts = list(dict.fromkeys(part_of(table) for table in item.tables))
    if len(parts) < 2:
        return []
    left = np.stack(
        [
            np.mean(
                [
                    share
                    for table, share in zip(item.tables, shares, strict=True)
                    if part_of(table) != part
                ],
                axis=0,
            )
            for part in parts
        ],
        axis=1,
    )
    whole = np.mean(shares, axis=0)
    return [_stability((item.task, None, "borda", kind), item.restorers, whole, left, parts)]


def _stability(
    where: tuple[str, str | None, str, str],
    names: Sequence[str],
    whole: Floats,
    left: Floats,
    parts: Sequence[str],
) -> Stability:
    """Args: `whole` (restorers,) and `left` (restorers, cases), larger is better; `parts` names the cases."""
    from scipy.stats import kendalltau

    before, after = _ranks(whole[:, None]), _ranks(left)
    moved = np.abs(after - before).sum(axis=0)
    furthest = int(moved.argmax())
    leader = before[:, 0] == 1
    tau = float(kendalltau(before[:, 0], after[:, furthest]).statistic) if moved[furthest] else 1.0
    order = sorted(range(len(names)), key=lambda place: (before[place, 0], names[place]))
    return Stability(
        *where,
        cases=len(parts),
        same_leader=float(((after == 1) == leader[:, None]).all(axis=0).mean()),
        same_order=float((moved == 0).mean()),
        lowest_tau=0.0 if np.isnan(tau) else tau,
        most_influential=parts[furthest] if moved[furthest] else None,
        ranges=tuple(
            RankRange(
                names[place],
                int(before[place, 0]),
                int(after[place].min()),
                int(after[place].max()),
            )
            for place in order
        ),
    )


def _ranks(values: Floats) -> Ranks:
    """Ranks down each column, 1 is best; equals, up to rounding, share the better one."""
    from scipy.stats import rankdata

    scale = np.abs(values[np.isfinite(values)]).max(initial=0.0) or 1.0
    rounded = np.round(values / scale, 12)
    return np.asarray(rankdata(-rounded, method="min", axis=0), dtype=np.int64)
