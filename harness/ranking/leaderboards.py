"""Leaderboards: means over common images, studentised intervals, ranks with their uncertainty, ties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from harness.errors import InputError
from harness.ranking.tables import FailureCounts, Table, count_failures, make_blocks, scopes, tables
from harness.results import Difference, Leaderboard, LeaderboardRow, RunData
from harness.statistics.permutation import pairs_p, sign_flip_p
from harness.statistics.resampling import Floats, intervals

SIGNIFICANT = 0.05


def leaderboards(data: RunData, *, policy: str = "common") -> tuple[Leaderboard, ...]:
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
        The whole benchmark first, then sets in the plan's order; in each, metrics in the plan's
        order.

    Raises:
        InputError: An unknown policy.
        StoreError: A metric without a card.
    """
    failures = count_failures(data)
    return rank_tables(data, tables(data, make_blocks(data), failures, policy=policy), failures)


def rank_tables(
    data: RunData, found: Iterable[Table], failures: FailureCounts
) -> tuple[Leaderboard, ...]:
    """One leaderboard for each table."""
    covered = dict(scopes(data))
    return tuple(
        Leaderboard(
            data.run.benchmark, table.set, table.metric, table.sign > 0, _rows(table, failed)
        )
        for table in found
        for failed in [_sum_failures(failures, covered[table.set], table.metric)]
    )


def _sum_failures(failures: FailureCounts, sets: Sequence[str], metric: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for name in sets:
        for restorer, count in failures.get((name, metric), {}).items():
            total[restorer] = total.get(restorer, 0) + count
    return total


def _rows(table: Table, failures: Mapping[str, int]) -> tuple[LeaderboardRow, ...]:
    ranked = _ranked_rows(table, failures) if table.restorers else []
    missing = sorted(set(table.entrants) - set(table.restorers))
    nothing = (None,) * 6
    return (
        *ranked,
        *(LeaderboardRow(name, *nothing, 0, failures.get(name, 0)) for name in missing),
    )


def _ranked_rows(table: Table, failures: Mapping[str, int]) -> list[LeaderboardRow]:
    """Rows with rank, best first. Inside, values are oriented so that larger is better."""
    names = table.restorers
    means, low, high = intervals(table.sign * table.sums, table.strata, table.cells)
    means, low, high = (
        np.nan_to_num(ends, nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        for ends in (means, low, high)
    )
    order = sorted(range(len(names)), key=lambda index: (-means[index], names[index]))
    means, low, high = means[order], low[order], high[order]
    better = (pairs_p(table.sums[order], table.strata) <= SIGNIFICANT) & (means[:, None] > means)
    groups, medians = tie_groups(better), np.median(table.values[order], axis=1)
    if table.sign < 0:
        low, high = -high, -low
    doubt = len(table.images) > 1
    return [
        LeaderboardRow(
            restorer=names[index],
            rank=1 + int((means > means[place]).sum()),
            rank_low=1 + int(better[:, place].sum()),
            rank_high=len(names) - int(better[place].sum()),
            mean=float(table.sign * means[place]),
            ci_low=float(low[place]) if doubt else None,
            ci_high=float(high[place]) if doubt else None,
            n=table.cells,
            failures=failures.get(names[index], 0),
            median=float(medians[place]),
            group=int(groups[place]),
        )
        for place, index in enumerate(order)
    ]


def tie_groups(better: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> list[int]:
    """Numbers restorers by tie group: the best and all it is not better than, then the best of the rest, and so on.

    Args:
        better: (restorers, restorers), best first: whether the row's restorer is told apart as
            better.

    Returns:
        One number from 1 for each restorer.
    """
    groups = [0] * len(better)
    number = 0
    while 0 in groups:
        number, leader = number + 1, groups.index(0)
        for place in range(leader, len(groups)):
            if not groups[place] and not better[leader, place]:
                groups[place] = number
    return groups


def versus(
    data: RunData,
    restorer: str,
    *,
    set_name: str | None = None,
    metric: str | None = None,
    policy: str = "common",
) -> tuple[Difference, ...]:
    """Compares every other restorer with one, over the common images of each leaderboard.

    Args:
        data: The run.
        restorer: Name of the restorer to compare with.
        set_name: Only this set.
        metric: Only this metric.
        policy: As for `leaderboards`.

    Returns:
        One row for each leaderboard that ranks `restorer`, and each other restorer.

    Raises:
        InputError: The run has no such restorer.
    """
    if restorer not in data.run.restorers:
        raise InputError(
            f"the run has no restorer {restorer!r}; it has {', '.join(data.run.restorers)}"
        )
    rows: list[Difference] = []
    for table in tables(data, make_blocks(data), count_failures(data), policy=policy):
        if set_name in (None, table.set) and metric in (None, table.metric):
            rows += differences(table, restorer)
    return tuple(rows)


def differences(table: Table, base: str) -> list[Difference]:
    """Compares every entrant of a leaderboard with `base`; no row when `base` is not ranked there."""
    if base not in table.restorers:
        return []
    names = [name for name in table.restorers if name != base]
    found: dict[str, Difference] = {}
    if names:
        with np.errstate(invalid="ignore"):
            rows = (
                np.delete(table.sums, table.restorers.index(base), axis=0)
                - table.sums[table.restorers.index(base)]
            )
        # inf - inf: both are perfect there, which is no difference
        rows = np.where(np.isnan(rows), 0.0, rows)
        for name, (mean, low, high, p) in zip(names, _paired(rows, table), strict=True):
            verdict = (
                "same" if p >= SIGNIFICANT else ("better" if table.sign * mean > 0 else "worse")
            )
            found[name] = Difference(
                name, base, table.set, table.metric, mean, low, high, p, table.cells, verdict
            )
    nothing = (None,) * 4
    return [
        found.get(name) or Difference(name, base, table.set, table.metric, *nothing, 0, "same")
        for name in table.entrants
        if name != base
    ]


def _paired(rows: Floats, table: Table) -> list[tuple[float, float | None, float | None, float]]:
    """Mean difference, its interval and p, for every row."""
    means, low, high = (
        np.nan_to_num(ends, nan=0.0, posinf=np.inf, neginf=-np.inf)
        for ends in intervals(rows, table.strata, table.cells)
    )
    if rows.shape[1] == 1:
        return [(float(mean), None, None, 1.0) for mean in means]
    return list(
        zip(means.tolist(), low.tolist(), high.tolist(), sign_flip_p(rows).tolist(), strict=True)
    )
