"""One order out of many leaderboards: Borda counts and Bradley-Terry strengths, from wins by image and metric.

Aggregates never cross tasks, and rank only restorers that are ranked on every leaderboard of the task: one that
skipped or failed a set is shown without a rank, for nothing can be said of it there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.ballots import Ballots, ballots, shares_won
from harness.errors import InputError
from harness.ranking import SIGNIFICANT, tie_groups
from harness.resampling import Floats, intervals, pairs_p
from harness.results import RunData
from harness.score_table import FailureCounts, by_image, count_failures, make_blocks, tables

POINTS = 400 / np.log(10)
"""Elo's scale: 400 points are odds of ten to one."""

VIRTUAL_TIES = 0.01
"""For every real comparison of a pair: they keep strengths finite where one restorer always wins."""


def aggregate(data: RunData, how: str) -> list[dict[str, Any]]:
    """Ranks restorers over all sets and metrics of each task; every leaderboard counts the same.

    Args:
        data: The run.
        how: `borda`: each image is a ballot of each metric; the share of other restorers that one beats on it,
            averaged (0 to 100). `bradley-terry`: strengths of that model (Bradley & Terry, Biometrika 1952) fitted to
            wins by image and metric, in Elo points around a mean of 0; ties are half a win to each.

    Returns:
        Flat rows as those of `restobench/rank/1`, best first: `metric` is the way, `mean` the aggregate, `n` counts
        images, `leaderboards` what went in. Intervals are by bootstrap over images, the same resamples for everyone.

    Raises:
        InputError: An unknown way.
    """
    if how not in WAYS:
        raise InputError(f"--aggregate {how!r} is unknown; expected one of {', '.join(WAYS)}")
    failures = count_failures(data)
    found = tuple(tables(data, make_blocks(data), failures))
    return [row for item in ballots(data, found) for row in _rank_task(data, item, how, failures)]


def _rank_task(data: RunData, item: Ballots, how: str, failures: FailureCounts) -> list[dict[str, Any]]:
    failed = dict.fromkeys(item.entrants, 0)
    for table in item.tables:
        for name, count in failures.get((table.set or "", table.metric), {}).items():
            failed[name] = failed.get(name, 0) + count
    shown = {
        "benchmark": data.run.benchmark, "set": None, "task": item.task, "metric": how,
        "leaderboards": len(item.tables),
    }  # fmt: skip
    rows = [{**shown, **row, "failures": failed[row["restorer"]]} for row in _ranked(item, how)]
    ranked = {row["restorer"] for row in rows}
    nothing = dict.fromkeys(("rank", "rank_low", "rank_high", "group", "mean", "ci_low", "ci_high"))
    rows += [
        {**shown, "restorer": name, **nothing, "n": 0, "failures": failed[name]}
        for name in item.entrants
        if name not in ranked
    ]
    return rows


def _ranked(item: Ballots, how: str) -> list[dict[str, Any]]:
    names = item.restorers
    if len(names) < 2:
        return []
    joined = np.concatenate([shares_won(v) / v.shape[1] / len(item.values) for v in item.values], axis=1)
    shares, images, strata = by_image(joined, [table.images for table in item.tables])
    scores, low, high = intervals(WAYS[how](shares), strata, 1)
    order = sorted(range(len(names)), key=lambda place: (-scores[place], names[place]))
    scores, low, high = scores[order], low[order], high[order]
    better = (pairs_p(shares[order], strata) <= SIGNIFICANT) & (scores[:, None] > scores)
    groups, doubt = tie_groups(better), len(images) > 1
    return [
        {
            "restorer": names[place],
            "rank": 1 + int((scores > scores[row]).sum()),
            "rank_low": 1 + int(better[:, row].sum()),
            "rank_high": len(names) - int(better[row].sum()),
            "group": groups[row],
            "mean": float(scores[row]),
            "ci_low": float(low[row]) if doubt else None,
            "ci_high": float(high[row]) if doubt else None,
            "n": len(images),
        }
        for row, place in enumerate(order)
    ]


def _percent(shares: Floats) -> Floats:
    return 100 * shares


def _strengths(shares: Floats) -> Floats:
    """Bradley-Terry strengths as sums over images, to first order: what the bootstrap then resamples.

    Every ballot compares everyone, so that the likelihood knows the wins of each restorer only, and the strengths have
    the order of the Borda counts. An image moves them by its gradient, times the inverse of the information.
    """
    count, images = shares.shape
    played = 1.0 - np.eye(count)
    strengths = _fit(shares.sum(axis=1) * (count - 1), played, VIRTUAL_TIES)
    expected = 1 / (1 + np.exp(strengths[None] - strengths[:, None]))
    information = -(1 + VIRTUAL_TIES) * played * expected * (1 - expected)
    np.fill_diagonal(information, -information.sum(axis=1))
    gradient = (count - 1) * (shares - shares.mean(axis=1, keepdims=True))
    return np.asarray(POINTS * (np.linalg.pinv(information) @ gradient + strengths[:, None] / images))


def bradley_terry(won: Floats, ties: float = VIRTUAL_TIES) -> Floats:
    """Maximum likelihood strengths in Elo points around a mean of 0.

    Args:
        won: (restorers, restorers): how often the row's beat the column's; a tie is half a win to each. Not
            negative, and every pair has been compared.
        ties: Virtual ties of each pair for every real comparison of it.

    Returns:
        (restorers,).
    """
    return np.asarray(POINTS * _fit(won.sum(axis=1), won + won.T, ties))


def _fit(total: Floats, played: Floats, ties: float, steps: int = 2000, tolerance: float = 1e-10) -> Floats:
    """Log strengths around 0 by minorisation (Hunter, Annals of Statistics 2004), from wins and comparisons."""
    total, played = total + ties / 2 * played.sum(axis=1), (1 + ties) * played
    strengths: Floats = np.ones(len(total))
    for _ in range(steps):
        updated = total / (played / (strengths[:, None] + strengths)).sum(axis=1)
        updated /= np.exp(np.log(updated).mean())
        done = np.abs(updated / strengths - 1).max() < tolerance
        strengths = updated
        if done:
            break
    return np.asarray(np.log(strengths))


WAYS: dict[str, Callable[[Floats], Floats]] = {"borda": _percent, "bradley-terry": _strengths}
"""Shares won on each image (restorers, images), which sum up to 0 to 1, into what is summed up to the aggregate."""
