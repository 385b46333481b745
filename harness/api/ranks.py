"""A run as rows: its leaderboards, how far restorers are apart, one order over several boards."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter

from harness.errors import InputError
from harness.ranking.leaderboards import Ranking, rank_run, versus
from harness.ranking.tables import metric_names, set_names
from harness.regression.tolerances import is_number
from harness.reporting.costs import costs
from harness.reporting.notes import set_notes
from harness.reporting.rows import flat_rows
from harness.results import Cost, Difference, RunData

Row = Mapping[str, object]

# name in a row -> field of the difference
_GAP = {
    "difference": "difference", "difference_low": "ci_low", "difference_high": "ci_high",
    "p": "p", "n_pairs": "n", "verdict": "verdict",
}  # fmt: skip


def leaderboard_rows(
    data: RunData,
    *,
    metric: str | None = None,
    set_name: str | None = None,
    base: str | None = None,
    policy: str = "common",
) -> tuple[list[dict[str, object]], tuple[Cost, ...], dict[str, tuple[str, ...]]]:
    """The leaderboards of a run as rows of `restobench/rank/1`, what everything cost, and notes.

    Args:
        data: The run.
        metric: Only this metric.
        set_name: Only this set.
        base: A restorer; rows then also say how far each is from it.
        policy: As for `harness.ranking.leaderboards.rank_run`.

    Raises:
        InputError: The run has no such metric, set or restorer.
    """
    require_known(data, metric, set_name)
    ranking, spent = rank_run(data, policy=policy), costs(data)
    rows = rows_of(ranking, spent, metric=metric, set_name=set_name)
    if base:
        gaps: dict[object, Difference] = {
            (gap.set, gap.metric, gap.restorer): gap
            for gap in versus(ranking, base, set_name=set_name, metric=metric)
        }
        for row in rows:
            gap = gaps.get((row["set"], row["metric"], row["restorer"]))
            row["versus"] = base
            row.update((name, getattr(gap, field, None)) for name, field in _GAP.items())
    return rows, spent, set_notes(ranking)


def rows_of(
    ranking: Ranking,
    spent: Iterable[Cost],
    *,
    metric: str | None = None,
    set_name: str | None = None,
) -> list[dict[str, object]]:
    """The rows of a ranked run, of one metric and set where these are given."""
    boards = (
        board
        for board in ranking.boards
        if metric in (None, board.metric) and set_name in (None, board.set)
    )
    return flat_rows(ranking.data, boards, spent)


def require_known(data: RunData, metric: str | None, set_name: str | None) -> None:
    """Refuses a metric or set that a run does not have.

    Raises:
        InputError: Names those that it has, or says that the metric is one of sets.
    """
    if metric in data.set_scores.cards:
        raise InputError(
            f"{metric} is a metric of sets, which has standings of its own: `rank` prints them "
            "below the leaderboards of images"
        )
    for kind, name, known in (
        ("metric", metric, metric_names(data)),
        ("set", set_name, set_names(data)),
    ):
        if name is not None and name not in known:
            raise InputError(f"the run has no {kind} {name!r}; it has {', '.join(known)}")


def aggregate_rows(
    data: RunData,
    how: str,
    weights: Mapping[str, float] | None = None,
    base: str | None = None,
    policy: str = "common",
) -> list[dict[str, object]]:
    """One order for each task, over all its sets and metrics.

    Args:
        data: The run.
        how: `borda`, `mean-rank`, `bradley-terry`, `weighted` or `ntire-efficiency`.
        weights: Of `weighted`: metric -> number.
        base: Of `ntire-efficiency`: the restorer that others are held against.
        policy: As for `harness.ranking.leaderboards.rank_run`.

    Raises:
        InputError: Weights without `weighted`.
    """
    from harness.ranking.aggregation import Wishes, aggregate  # scipy takes its time

    require_weighted(how, weights)
    return aggregate(data, how, Wishes(dict(weights or {}), base), policy=policy)


def require_weighted(how: str | None, weights: Mapping[str, float] | None) -> None:
    """Refuses weights that nothing weighs.

    Raises:
        InputError: Weights without `weighted`, or what is none.
    """
    if weights and how != "weighted":
        raise InputError("weights are those of aggregate `weighted`; give both, or neither")
    if not isinstance(weights, Mapping | None):
        raise InputError(f"weights is {weights!r:.60}; expected a mapping from metrics to numbers")
    for name, number in (weights or {}).items():
        if not is_number(number, least=-math.inf):
            raise InputError(f"the weight of {name} is {number!r:.60}; expected a finite number")


def first_boards(rows: Iterable[Row]) -> list[list[Row]]:
    """For each set, the rows of its first leaderboard that ranks somebody, or else of its first."""
    chosen: dict[object, list[Row]] = {}
    for (name, _), found in groupby(rows, itemgetter("set", "metric")):
        table = list(found)
        kept = chosen.setdefault(name, table)
        if kept[0]["rank"] is None and table[0]["rank"] is not None:
            chosen[name] = table
    return list(chosen.values())
