"""Scores of a run as tables for the statistics: which sets go together, who takes part, who has which images."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.errors import StoreError
from harness.resampling import Floats
from harness.results import RunData

Key = tuple[str, str]
"""(set, image)."""

Columns = dict[str, dict[Key, float]]
"""restorer -> (set, image) -> score, of one metric."""

Scope = tuple[str | None, list[str]]
"""A leaderboard's set, or `None` for the whole benchmark, and the sets that it covers."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Scores of several restorers on the same cells, summed by image.

    An image that several sets degrade (by its id) is one unit and is resampled as one, for its scores hang together.

    Attributes:
        sums: (restorers, units).
        weights: (units,): how many cells each unit holds.
        cells: How many cells there are.
    """

    sums: Floats
    weights: Floats
    cells: int


def make_grid(columns: Columns, names: Sequence[str], common: Collection[Key]) -> Grid:
    """Lays out the scores of `names` on the cells `common`, which all of them have."""
    cells = sorted(common)
    images = sorted({image for _, image in cells})
    place = {image: index for index, image in enumerate(images)}
    unit = np.array([place[image] for _, image in cells])
    values = np.array([[columns[name][cell] for cell in cells] for name in names], dtype=np.float64)
    sums = np.zeros((len(names), len(images)))
    with np.errstate(invalid="ignore"):
        np.add.at(sums.T, unit, values.T)
    return Grid(sums, np.bincount(unit, minlength=len(images)).astype(np.float64), len(cells))


def metric_names(data: RunData) -> list[str]:
    """The run's metrics in the plan's order: the first is what the benchmark ranks by."""
    planned = [name for name in data.run.plan.get("metrics", ()) if name in data.run.metrics]
    return list(dict.fromkeys([*planned, *data.run.metrics, *(score.metric for score in data.scores)]))


def set_names(data: RunData) -> list[str]:
    """The run's sets in the plan's order."""
    return list(dict.fromkeys([*data.run.plan.get("sets", {}), *(score.cell.set for score in data.scores)]))


def task_of(data: RunData, set_name: str | None) -> str:
    """The task of a set; of the whole benchmark, the one task that its sets share, or an empty string."""
    sets: Mapping[str, Mapping[str, object]] = data.run.plan.get("sets", {})
    names = set_names(data) if set_name is None else [set_name]
    tasks = {str(sets.get(name, {}).get("task", "")) for name in names}
    return tasks.pop() if len(tasks) == 1 else ""


def scopes(data: RunData) -> list[Scope]:
    """What is ranked: the whole benchmark, where several sets share one task, and every set."""
    names = set_names(data)
    whole: list[Scope] = [(None, names)] if len(names) > 1 and task_of(data, None) else []
    return [*whole, *((name, [name]) for name in names)]


def index_scores(data: RunData) -> dict[str, Columns]:
    """Metric -> restorer -> (set, image) -> score."""
    index: dict[str, Columns] = {}
    for score in data.scores:
        if score.value == score.value:  # the store holds no NaN; a run made by hand may
            column = index.setdefault(score.metric, {}).setdefault(score.cell.restorer, {})
            column[score.cell.set, score.cell.image] = score.value
    return index


def in_sets(columns: Columns, sets: Sequence[str]) -> Columns:
    """The part of the scores that lies in these sets, of the restorers that have scores in each of them."""
    wanted = set(sets)
    inside = {name: {key: v for key, v in column.items() if key[0] in wanted} for name, column in columns.items()}
    return {name: column for name, column in inside.items() if {key[0] for key in column} == wanted}


def entrants(data: RunData, sets: Sequence[str], columns: Columns) -> list[str]:
    """Restorers that belong on a leaderboard: all but those that skip every one of its sets."""
    skips = {(skip.restorer, skip.set) for skip in data.skipped}
    names = dict.fromkeys([*data.run.restorers, *columns])
    return [name for name in names if name in columns or not all((name, item) in skips for item in sets)]


def count_failures(data: RunData, sets: Sequence[str], metric: str) -> dict[str, int]:
    """Restorer -> cells of these sets that have no score for a metric because something failed."""
    card = data.run.metrics.get(metric, {})
    references = [sample.get("reference") for (name, _), sample in data.samples.items() if name in sets]
    if card.get("needs_reference") and references and not any(references):
        return {}  # the metric was never due on these sets
    counts: dict[str, int] = {}
    for cell in {f.cell for f in data.failures if f.cell.set in sets and f.metric in (None, metric)}:
        counts[cell.restorer] = counts.get(cell.restorer, 0) + 1
    return counts


def orientation(data: RunData, metric: str) -> float:
    """1 when higher is better, -1 when lower is.

    Raises:
        StoreError: The run holds no card of the metric.
    """
    card = data.run.metrics.get(metric)
    if card is None or "higher_is_better" not in card:
        raise StoreError(f"the run holds no card of the metric {metric!r}, so its direction is unknown; run it again")
    return 1.0 if card["higher_is_better"] else -1.0
