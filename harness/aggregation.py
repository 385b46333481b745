"""One order out of many leaderboards: Borda counts and Bradley-Terry strengths, from wins by image and metric.

Aggregates never cross tasks, and rank only restorers that are ranked on every leaderboard of the task: one that
skipped or failed a set is shown without a rank, for nothing can be said of it there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.ranking import leaderboards
from harness.resampling import Floats, interval, resample_counts, separated
from harness.results import Leaderboard, RunData
from harness.score_table import Key, index_scores, orientation, set_names, task_of

POINTS = 400 / np.log(10)
"""Elo's scale: 400 points are odds of ten to one."""

Strength = Callable[[Floats], Floats]


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
    boards = [board for board in leaderboards(data) if board.set is not None]
    tasks = dict.fromkeys(task_of(data, name) for name in set_names(data))
    rows: list[dict[str, Any]] = []
    for task in tasks:
        chosen = [board for board in boards if task_of(data, board.set) == task]
        ranked = [board for board in chosen if any(row.rank is not None for row in board.rows)]
        if ranked:
            rows += _rank_task(data, task, ranked, how)
    return rows


def _rank_task(data: RunData, task: str, boards: Sequence[Leaderboard], how: str) -> list[dict[str, Any]]:
    everyone = list(dict.fromkeys(row.restorer for board in boards for row in board.rows))
    present = [{row.restorer for row in board.rows if row.rank is not None} for board in boards]
    names = [name for name in everyone if all(name in board for board in present)]
    failures = dict.fromkeys(everyone, 0)
    for row in (row for board in boards for row in board.rows):
        failures[row.restorer] += row.failures
    shown = {"benchmark": data.run.benchmark, "set": None, "task": task, "metric": how, "leaderboards": len(boards)}
    strength, rows = WAYS[how], []
    if len(names) > 1:
        won, units = _wins(data, boards, names)
        scores = strength(won.sum(axis=0)[None])[0]
        counts = resample_counts(units)
        boot = strength(np.tensordot(counts.T, won, axes=1)).T
        order = sorted(range(len(names)), key=lambda index: (-scores[index], names[index]))
        scores, boot = scores[order], boot[order]
        apart = separated(boot)
        low, high = interval(scores, boot, units) if units > 1 else (scores, scores)
        rows = [
            {
                **shown,
                "restorer": names[index],
                "rank": 1 + int((scores > scores[place]).sum()),
                "rank_low": 1 + int(apart[:, place].sum()),
                "rank_high": len(names) - int(apart[place].sum()),
                "mean": float(scores[place]),
                "ci_low": float(low[place]) if units > 1 else None,
                "ci_high": float(high[place]) if units > 1 else None,
                "n": units,
                "failures": failures[names[index]],
            }
            for place, index in enumerate(order)
        ]
    nothing = dict.fromkeys(("rank", "rank_low", "rank_high", "mean", "ci_low", "ci_high"))
    unranked = [name for name in everyone if name not in {row["restorer"] for row in rows}]
    rows += [{**shown, "restorer": name, **nothing, "n": 0, "failures": failures[name]} for name in unranked]
    return rows


def _wins(data: RunData, boards: Sequence[Leaderboard], names: Sequence[str]) -> tuple[Floats, int]:
    """Wins (images, restorers, restorers): `[u, i, j]` is how often i beat j on image u; a tie is half a win.

    Images that several sets degrade are one unit; a leaderboard's wins are divided by its number of images.
    """
    scores = index_scores(data)
    tables: list[tuple[list[str], Floats]] = []
    for board in boards:
        columns = scores[board.metric]
        shared: set[Key] = set.intersection(*({key for key in columns[name] if key[0] == board.set} for name in names))
        cells = sorted(shared)
        sign = orientation(data, board.metric)
        values = sign * np.array([[columns[name][cell] for name in names] for cell in cells]).reshape(-1, len(names))
        tables.append(([image for _, image in cells], _beats(values) / max(len(cells), 1)))
    images = sorted({image for found, _ in tables for image in found})
    place = {image: index for index, image in enumerate(images)}
    won = np.zeros((len(images), len(names), len(names)))
    for found, beats in tables:
        np.add.at(won, [place[image] for image in found], beats)
    return won, len(images)


def _beats(values: Floats) -> Floats:
    """(images, restorers) -> (images, restorers, restorers): 1 where the row's restorer is better, 0.5 where equal."""
    one, other = values[:, :, None], values[:, None]
    beats: Floats = (one > other) + 0.5 * (one == other)
    beats[:, np.arange(values.shape[1]), np.arange(values.shape[1])] = 0
    return beats


def borda(won: Floats) -> Floats:
    """Share of comparisons won, 0 to 100, of wins (B, R, R) -> (B, R)."""
    played = won + won.transpose(0, 2, 1)
    result: Floats = 100 * won.sum(axis=2) / played.sum(axis=2)
    return result


def bradley_terry(won: Floats, steps: int = 500, tolerance: float = 1e-9) -> Floats:
    """Maximum likelihood strengths in Elo points around a mean of 0, by minorisation (Hunter, Annals of Stat. 2004).

    One virtual tie between every two restorers, of a hundredth of their comparisons, keeps strengths finite where one
    always wins.

    Args:
        won: (B, R, R), not negative; every pair has been compared.
        steps: At most so many iterations.
        tolerance: Relative change at which to stop.

    Returns:
        (B, R).
    """
    played = won + won.transpose(0, 2, 1)
    won, played = won + 0.005 * played, 1.01 * played
    total = won.sum(axis=2)
    strengths: npt.NDArray[np.float64] = np.ones_like(total)
    for _ in range(steps):
        updated = total / (played / (strengths[:, :, None] + strengths[:, None])).sum(axis=2)
        updated /= np.exp(np.log(updated).mean(axis=1, keepdims=True))
        done = np.abs(updated / strengths - 1).max() < tolerance
        strengths = updated
        if done:
            break
    result: Floats = POINTS * np.log(strengths)
    return result


WAYS: dict[str, Strength] = {"borda": borda, "bradley-terry": bradley_terry}
