"""Leaderboards: means over common images, bootstrap intervals paired by image, ranks with their uncertainty, ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.errors import InputError
from harness.resampling import MIN_TESTABLE, Floats, bootstrap_means, interval, separated, sign_flip_p
from harness.results import Difference, Leaderboard, LeaderboardRow, RunData
from harness.score_table import (
    Columns,
    Grid,
    Key,
    count_failures,
    entrants,
    in_sets,
    index_scores,
    make_grid,
    metric_names,
    orientation,
    scopes,
)

SIGNIFICANT = 0.05


def leaderboards(data: RunData, *, policy: str = "common") -> tuple[Leaderboard, ...]:
    """Ranks the restorers of a run: one leaderboard for each set and metric.

    When the benchmark has several sets and all are of one task, there is also one for each metric over all of them
    (`set=None`), of the restorers that have scores on each. There is no mean across tasks.

    Args:
        data: The run.
        policy: `common`: means are over the images that all ranked restorers have in common. A restorer without any
            score is not ranked. When no image is common to all, those with the fewest scores are left unranked.

    Returns:
        The whole benchmark first, then sets in the plan's order; in each, metrics in the plan's order.

    Raises:
        InputError: An unknown policy.
        StoreError: A metric without a card.
    """
    if policy != "common":
        raise InputError(f"policy {policy!r} is unknown; expected 'common'")
    scores = index_scores(data)
    boards = (
        _board(data, scores.get(metric, {}), scope, sets, metric)
        for scope, sets in scopes(data)
        for metric in metric_names(data)
    )
    return tuple(board for board in boards if board is not None)


def _board(data: RunData, scores: Columns, scope: str | None, sets: Sequence[str], metric: str) -> Leaderboard | None:
    failures = count_failures(data, sets, metric)
    columns = in_sets(scores, sets)
    if (not columns and not failures) or (scope is None and len(columns) < 2):
        return None
    sign = orientation(data, metric)
    ranked, common = _common(columns)
    rows = _ranked_rows(make_grid(columns, ranked, common), ranked, sign, failures) if ranked else []
    missing = sorted(set(entrants(data, sets, columns)) - set(ranked))
    rows += [LeaderboardRow(name, None, None, None, None, None, None, 0, failures.get(name, 0)) for name in missing]
    return Leaderboard(data.run.benchmark, scope, metric, sign > 0, tuple(rows))


def _common(columns: Columns) -> tuple[list[str], frozenset[Key]]:
    """The restorers that are ranked, and the cells that all of them have."""
    names = sorted(columns, key=lambda name: (-len(columns[name]), name))
    while names:
        common = frozenset.intersection(*(frozenset(columns[name]) for name in names))
        if common:
            return sorted(names), common
        names.pop()
    return [], frozenset()


def _ranked_rows(grid: Grid, names: Sequence[str], sign: float, failures: Mapping[str, int]) -> list[LeaderboardRow]:
    """Rows with rank, best first. Inside, values are oriented so that larger is better."""
    units = len(grid.weights)
    sums = sign * grid.sums
    means = _no_nan(sums.sum(axis=1) / grid.weights.sum())
    order = sorted(range(len(names)), key=lambda index: (-means[index], names[index]))
    means, boot = means[order], _no_nan(bootstrap_means(sums[order], grid.weights))
    apart = separated(boot) if units >= MIN_TESTABLE else np.zeros((len(names), len(names)), dtype=bool)
    low, high = interval(means, boot, units) if units > 1 else (means, means)
    if sign < 0:
        low, high = -high, -low
    return [
        LeaderboardRow(
            restorer=names[index],
            rank=1 + int((means > means[place]).sum()),
            rank_low=1 + int(apart[:, place].sum()),
            rank_high=len(names) - int(apart[place].sum()),
            mean=float(sign * means[place]),
            ci_low=float(low[place]) if units > 1 else None,
            ci_high=float(high[place]) if units > 1 else None,
            n=grid.cells,
            failures=failures.get(names[index], 0),
        )
        for place, index in enumerate(order)
    ]


def _no_nan(oriented: Floats) -> Floats:
    """A mean of inf and -inf is the worst there is: nothing better can be said of it."""
    return np.nan_to_num(oriented, nan=-np.inf, posinf=np.inf, neginf=-np.inf)


def versus(
    data: RunData, restorer: str, *, set_name: str | None = None, metric: str | None = None
) -> tuple[Difference, ...]:
    """Compares every other restorer with one, over the common images of each leaderboard.

    Args:
        data: The run.
        restorer: Name of the restorer to compare with.
        set_name: Only this set.
        metric: Only this metric.

    Returns:
        One row for each leaderboard that ranks `restorer`, and each other restorer.

    Raises:
        InputError: The run has no such restorer.
    """
    if restorer not in data.run.restorers:
        raise InputError(f"the run has no restorer {restorer!r}; it has {', '.join(data.run.restorers)}")
    scores = index_scores(data)
    rows: list[Difference] = []
    for scope, sets in scopes(data):
        for name in metric_names(data):
            if set_name in (None, scope) and metric in (None, name):
                columns = in_sets(scores.get(name, {}), sets)
                others = [other for other in entrants(data, sets, columns) if other != restorer]
                rows += differences(columns, restorer, others, scope, name, orientation(data, name))
    return tuple(rows)


def differences(
    columns: Columns, base: str, others: Sequence[str], scope: str | None, metric: str, sign: float
) -> list[Difference]:
    """Compares restorers with `base` by one metric.

    Args:
        columns: Scores of that metric in that scope.
        base: The restorer to compare with.
        others: The restorers to compare.
        scope: The set, or `None`.
        metric: The metric's name.
        sign: 1 when higher is better, -1 when lower is.

    Returns:
        One row for each of `others`, in their order; none when `base` is not ranked there.
    """
    ranked, common = _common(columns)
    if base not in ranked:
        return []
    names = [other for other in others if other in ranked]
    found: dict[str, Difference] = {}
    if names:
        grid = make_grid(columns, [base, *names], common)
        for name, (mean, low, high, p) in zip(names, _paired(grid), strict=True):
            verdict = "same" if p >= SIGNIFICANT else ("better" if sign * mean > 0 else "worse")
            found[name] = Difference(name, base, scope, metric, mean, low, high, p, grid.cells, verdict)
    return [found.get(o) or Difference(o, base, scope, metric, None, None, None, None, 0, "same") for o in others]


def _paired(grid: Grid) -> list[tuple[float, float | None, float | None, float]]:
    """Mean difference to the first row, its interval and p, for every other row."""
    with np.errstate(invalid="ignore"):
        rows = grid.sums[1:] - grid.sums[:1]
    rows = np.where(np.isnan(rows), 0.0, rows)  # inf - inf: both are perfect there, which is no difference
    means = np.nan_to_num(rows.sum(axis=1) / grid.weights.sum(), nan=0.0, posinf=np.inf, neginf=-np.inf)
    p = sign_flip_p(rows)
    units = len(grid.weights)
    if units == 1:
        return [(float(mean), None, None, 1.0) for mean in means]
    boot = np.nan_to_num(bootstrap_means(rows, grid.weights), nan=0.0, posinf=np.inf, neginf=-np.inf)
    low, high = interval(means, boot, units)
    return list(zip(means.tolist(), low.tolist(), high.tolist(), p.tolist(), strict=True))
