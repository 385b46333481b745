"""One order out of many leaderboards of a task: Borda counts, mean ranks, Bradley-Terry strengths, weighted scores.

Aggregates never cross tasks, and rank only restorers that are ranked on every leaderboard of the
task: one that skipped or failed a set is shown without a rank, for nothing can be said of it there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.errors import InputError
from harness.ranking.ballots import Ballots, ballots, shares_won
from harness.ranking.leaderboards import SIGNIFICANT, tie_groups
from harness.ranking.ntire_efficiency import Efficiency, efficiencies
from harness.ranking.tables import (
    FailureCounts,
    by_image,
    count_failures,
    make_blocks,
    metric_names,
    tables,
)
from harness.results import RunData
from harness.statistics.bradley_terry import strengths_by_image
from harness.statistics.permutation import pairs_p
from harness.statistics.resampling import (
    Floats,
    capped,
    intervals,
    percentile_order,
    resample_counts,
)


@dataclass(frozen=True, slots=True)
class Order:
    """An aggregate of each restorer, in the ballots' order.

    Attributes:
        scores: (restorers,).
        low: Lower ends of the 95 % intervals.
        high: Upper ends.
        p: (restorers, restorers), corrected over all pairs.
        images: What was resampled.
        leaderboards: What went in.
    """

    restorers: tuple[str, ...]
    scores: Floats
    low: Floats
    high: Floats
    p: Floats
    images: int
    leaderboards: int
    higher_is_better: bool = True


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
) -> list[dict[str, Any]]:
    """Ranks restorers over all sets and metrics of each task; every leaderboard counts the same.

    Args:
        data: The run.
        how: One of `WAYS`. `borda`: each image is a ballot of each metric; the share of other
            restorers that one beats on it, averaged (0 to 100). `mean-rank`: mean over the
            leaderboards of the rank by mean. `bradley-terry`: strengths of that model fitted to
            wins by image and metric, in Elo points around a mean of 0; a tie is half a win to each.
            `weighted`: sum of weight times mean over the metrics, negative where lower is better,
            averaged over the sets. `ntire-efficiency`: the cost of each restorer against a base
            (`harness.ranking.ntire_efficiency`).
        wishes: Weights, or the base.
        policy: As for `harness.ranking.leaderboards.leaderboards`.

    Returns:
        Flat rows as those of `restobench/rank/1`, best first: `metric` is the way, `mean` the
        aggregate, `n` counts images, `leaderboards` what went in. Intervals are by bootstrap over
        images, the same resamples for everyone.

    Raises:
        InputError: An unknown way, or wishes that it cannot follow.
    """
    if how not in WAYS:
        raise InputError(f"--aggregate {how!r} is unknown; expected one of {', '.join(WAYS)}")
    failures = count_failures(data)
    found = tuple(tables(data, make_blocks(data), failures, policy=policy))
    return [
        row
        for item in ballots(data, found)
        for row in _rows(data, item, how, failures, WAYS[how](data, item, wishes or Wishes()))
    ]


def _rows(
    data: RunData, item: Ballots, how: str, failures: FailureCounts, order: Order | None
) -> list[dict[str, Any]]:
    failed = dict.fromkeys(item.entrants, 0)
    for table in item.tables:
        for name, count in failures.get((table.set or "", table.metric), {}).items():
            failed[name] = failed.get(name, 0) + count
    shown = {
        "benchmark": data.run.benchmark,
        "set": None,
        "task": item.task,
        "metric": how,
        "leaderboards": order.leaderboards if order else len(item.tables),
        "higher_is_better": how not in _LOWER_IS_BETTER,
    }
    rows = [
        {**shown, **row, "failures": failed[row["restorer"]]}
        for row in (_ranked(order) if order else [])
    ]
    ranked = {row["restorer"] for row in rows}
    nothing = dict.fromkeys(("rank", "rank_low", "rank_high", "group", "mean", "ci_low", "ci_high"))
    rows += [
        {**shown, "restorer": name, **nothing, "n": 0, "failures": failed[name]}
        for name in item.entrants
        if name not in ranked
    ]
    return rows


def _ranked(order: Order) -> list[dict[str, Any]]:
    names = order.restorers
    oriented = order.scores if order.higher_is_better else -order.scores
    places = sorted(range(len(names)), key=lambda place: (-oriented[place], names[place]))
    oriented = oriented[places]
    better = (order.p[np.ix_(places, places)] <= SIGNIFICANT) & (oriented[:, None] > oriented)
    groups, doubt = tie_groups(better), order.images > 1
    return [
        {
            "restorer": names[place],
            "rank": 1 + int((oriented > oriented[row]).sum()),
            "rank_low": 1 + int(better[:, row].sum()),
            "rank_high": len(names) - int(better[row].sum()),
            "group": groups[row],
            "mean": float(order.scores[place]),
            "ci_low": float(order.low[place]) if doubt else None,
            "ci_high": float(order.high[place]) if doubt else None,
            "n": order.images,
        }
        for row, place in enumerate(places)
    ]


def _of_sums(
    item: Ballots, sums: Floats, images: int, strata: tuple[int, ...], boards: int
) -> Order:
    """The order by a total over images."""
    scores, low, high = intervals(sums, strata, 1)
    return Order(item.restorers, scores, low, high, pairs_p(sums, strata), images, boards)


def _shares(item: Ballots) -> tuple[Floats, int, tuple[int, ...]]:
    joined = np.concatenate(
        [shares_won(v) / v.shape[1] / len(item.values) for v in item.values], axis=1
    )
    shares, images, strata = by_image(joined, [table.images for table in item.tables])
    return shares, len(images), strata


def _borda(item: Ballots) -> Order | None:
    if len(item.restorers) < 2:
        return None
    shares, images, strata = _shares(item)
    return _of_sums(item, 100 * shares, images, strata, len(item.tables))


def _bradley_terry(item: Ballots) -> Order | None:
    if len(item.restorers) < 2:
        return None
    shares, images, strata = _shares(item)
    scores, low, high = intervals(strengths_by_image(shares), strata, 1)
    return Order(
        item.restorers, scores, low, high, pairs_p(shares, strata), images, len(item.tables)
    )


def _mean_rank(item: Ballots) -> Order | None:
    from scipy.stats import rankdata

    if len(item.restorers) < 2:
        return None
    everything = np.concatenate([capped(values) for values in item.values], axis=1)
    _, images, strata = by_image(everything, [table.images for table in item.tables])
    place, counts = {image: index for index, image in enumerate(images)}, resample_counts(strata)
    points, boot = np.zeros(len(item.restorers)), np.zeros((len(item.restorers), counts.shape[1]))
    for table, values in zip(item.tables, item.values, strict=True):
        drawn = counts[[place[image] for image in table.images]]
        points += rankdata(-capped(values).sum(axis=1))
        boot += rankdata(-(capped(values) @ drawn) / np.maximum(drawn.sum(axis=0), 1), axis=0)
    low, high, p = percentile_order(points / len(item.tables), boot / len(item.tables), len(images))
    return Order(
        item.restorers,
        points / len(item.tables),
        low,
        high,
        p,
        len(images),
        len(item.tables),
        False,
    )


def _weighted(data: RunData, item: Ballots, wishes: Wishes) -> Order | None:
    known = metric_names(data)
    unknown = [name for name in wishes.weights if name not in known]
    if unknown or not wishes.weights:
        given = ", ".join(unknown) or "no metric"
        raise InputError(
            f"weights are for {given}; expected --weight METRIC=NUMBER of {', '.join(known)}"
        )
    chosen = [
        (t, v) for t, v in zip(item.tables, item.values, strict=True) if t.metric in wishes.weights
    ]
    if not chosen or len(item.restorers) < 2:
        return None
    sets = {name: sum(table.metric == name for table, _ in chosen) for name in wishes.weights}
    parts = [wishes.weights[t.metric] / sets[t.metric] / v.shape[1] * capped(v) for t, v in chosen]
    sums, images, strata = by_image(
        np.concatenate(parts, axis=1), [table.images for table, _ in chosen]
    )
    return _of_sums(item, sums, len(images), strata, len(chosen))


def _efficiency(data: RunData, item: Ballots, wishes: Wishes) -> Order | None:
    found: Efficiency | None = efficiencies(data, item, wishes.base)
    if found is None:
        return None
    low, high, p = percentile_order(found.scores, found.resampled, found.images)
    return Order(found.restorers, found.scores, low, high, p, found.images, 0, False)


_LOWER_IS_BETTER = ("mean-rank", "ntire-efficiency")

WAYS: dict[str, Callable[[RunData, Ballots, Wishes], Order | None]] = {
    "borda": lambda _, item, __: _borda(item),
    "mean-rank": lambda _, item, __: _mean_rank(item),
    "bradley-terry": lambda _, item, __: _bradley_terry(item),
    "weighted": _weighted,
    "ntire-efficiency": _efficiency,
}
"""Names of aggregates; each gives `None` where fewer than two restorers can be ranked."""
