"""Scores of a run as tables for the statistics: which sets go together, who takes part, who has which images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import InputError, StoreError
from harness.results import RunData
from harness.results.columns import as_columns
from harness.statistics.resampling import Floats

Scope = tuple[str | None, list[str]]
"""A leaderboard's set, or `None` for the whole benchmark, and the sets that it covers."""

POLICIES = ("common", "complete")


@dataclass(frozen=True, slots=True)
class Block:
    """All scores of one metric on one set.

    Attributes:
        restorers: Those that have a score, sorted.
        images: Those that somebody has a score of, sorted.
        values: (restorers, images); NaN where there is none.
        spreads: Likewise, or `None` where no score has one.
    """

    restorers: tuple[str, ...]
    images: tuple[str, ...]
    values: Floats
    spreads: Floats | None


Blocks = Mapping[tuple[str, str], Block]
"""By set and metric."""


@dataclass(frozen=True, slots=True)
class Table:
    """The scores that one leaderboard is made of: the same cells for every restorer, and none missing.

    An image that several sets degrade (by its id) is one unit and is resampled as one, for its
    scores hang together. Units that lie in the same sets are a stratum.

    Attributes:
        set: The set, or `None` for the whole benchmark.
        sign: 1 when higher is better, -1 when lower is.
        restorers: Those that are ranked, sorted.
        entrants: Everyone who belongs on the leaderboard.
        values: (restorers, cells), as the metric gives them.
        sums: (restorers, units): summed by image.
        images: The units' ids, stratum by stratum.
        strata: How many units each stratum has; they are neighbours in `sums`.
    """

    set: str | None
    metric: str
    sign: float
    restorers: tuple[str, ...]
    entrants: tuple[str, ...]
    values: Floats
    sums: Floats
    images: tuple[str, ...]
    strata: tuple[int, ...]

    @property
    def cells(self) -> int:
        """How many scores of each restorer there are."""
        return int(self.values.shape[1])


def make_blocks(data: RunData) -> dict[tuple[str, str], Block]:
    """Lays out every score of a run, by set and metric; NaN counts as missing."""
    columns = as_columns(data.scores)
    restorers, sets, images, metrics = columns.names
    order = [np.argsort(np.argsort(np.array(names, dtype=object))) for names in (restorers, images)]
    sorted_names = [sorted(restorers), sorted(images)]
    kept = ~np.isnan(columns.values)
    group = columns.codes[1].astype(np.int64) * max(len(metrics), 1) + columns.codes[3]
    places = np.flatnonzero(kept)
    places = places[np.argsort(group[places], kind="stable")]
    bounds = np.flatnonzero(np.diff(group[places])) + 1
    blocks = {}
    for part in np.split(places, bounds):
        if len(part):
            set_code, metric_code = divmod(int(group[part[0]]), len(metrics))
            rows, here = _compact(order[0][columns.codes[0, part]], sorted_names[0])
            cells, there = _compact(order[1][columns.codes[2, part]], sorted_names[1])
            values = np.full((len(here), len(there)), np.nan)
            values[rows, cells] = columns.values[part]
            spreads = None
            if not np.isnan(columns.spreads[part]).all():
                spreads = np.full_like(values, np.nan)
                spreads[rows, cells] = columns.spreads[part]
            blocks[sets[set_code], metrics[metric_code]] = Block(here, there, values, spreads)
    return blocks


def _compact(
    codes: npt.NDArray[np.int64], names: Sequence[str]
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Codes counted anew over the names that occur, and those names."""
    present = np.zeros(len(names), dtype=bool)
    present[codes] = True
    found = np.flatnonzero(present)
    return (np.cumsum(present) - 1)[codes], tuple(names[index] for index in found.tolist())


def tables(
    data: RunData, blocks: Blocks, failures: FailureCounts, *, policy: str = "common"
) -> Iterator[Table]:
    """The tables of all leaderboards: the whole benchmark first, then sets, each with metrics in the plan's order.

    Args:
        data: The run.
        blocks: Its scores.
        failures: Of `count_failures`: a leaderboard without any score is one where something
            failed.
        policy: `common`: the cells that all ranked restorers have; when there are none, those with
            the fewest are left out until there are. `complete`: only restorers that have every cell
            which anybody has are ranked.

    Raises:
        InputError: An unknown policy.
        StoreError: A metric without a card.
    """
    if policy not in POLICIES:
        raise InputError(f"policy {policy!r} is unknown; expected one of {', '.join(POLICIES)}")
    names = metric_names(data)
    for scope, sets in scopes(data):
        for metric in names:
            found = [blocks[name, metric] for name in sets if (name, metric) in blocks]
            scored = _scored_everywhere(found) if len(found) == len(sets) else []
            failed = any(failures.get((name, metric)) for name in sets)
            if len(scored) > 1 or (scope is not None and (scored or failed)):
                yield _table(data, found if scored else [], scored, scope, sets, metric, policy)


def _scored_everywhere(found: Sequence[Block]) -> list[str]:
    return sorted(set.intersection(*(set(block.restorers) for block in found)))


def _table(
    data: RunData,
    found: Sequence[Block],
    names: list[str],
    scope: str | None,
    sets: Sequence[str],
    metric: str,
    policy: str,
) -> Table:
    sign, in_play = orientation(data, metric), tuple(entrants(data, sets, names))
    values = [block.values[np.searchsorted(np.array(block.restorers), names)] for block in found]
    rows, masks = _ranked([~np.isnan(part) for part in values], policy)
    if not rows.size:
        nothing = np.zeros((0, 0))
        return Table(scope, metric, sign, (), in_play, nothing, nothing, (), ())
    parts = [part[rows][:, mask] for part, mask in zip(values, masks, strict=True)]
    images = [
        [block.images[index] for index in np.flatnonzero(mask)]
        for block, mask in zip(found, masks, strict=True)
    ]
    joined = np.concatenate(parts, axis=1)
    sums, units, strata = by_image(joined, images)
    return Table(
        scope, metric, sign, tuple(names[row] for row in rows), in_play, joined, sums, units, strata
    )


def _ranked(
    has: Sequence[npt.NDArray[np.bool_]], policy: str
) -> tuple[npt.NDArray[np.int64], list[Any]]:
    """Which rows are ranked, and for each set which of its images are common to them."""
    if not has:
        return np.zeros(0, np.int64), []
    counts = np.sum([part.sum(axis=1) for part in has], axis=0)
    if policy == "complete":
        full = np.flatnonzero(counts == sum(part.shape[1] for part in has))
        return full, [np.ones(part.shape[1], bool) for part in has]
    # names are sorted: of equals, the later one is left out first
    rows = np.argsort(-counts, kind="stable")
    while rows.size:
        masks = [part[rows].all(axis=0) for part in has]
        if all(mask.any() for mask in masks):
            break
        rows = rows[:-1]
    else:
        masks = []
    return np.sort(rows), masks


def by_image(
    values: Floats, images: Sequence[Sequence[str]]
) -> tuple[Floats, tuple[str, ...], tuple[int, ...]]:
    """Sums by image, the images' ids and the sizes of their strata: images that lie in the same sets are one."""
    if len(images) == 1:
        return values, tuple(images[0]), (len(images[0]),)
    member: dict[str, list[int]] = {}
    for place, ids in enumerate(images):
        for image in ids:
            member.setdefault(image, []).append(place)
    groups: dict[tuple[int, ...], list[str]] = {}
    for image in sorted(member):
        groups.setdefault(tuple(member[image]), []).append(image)
    # a stratum of one says nothing of its own spread: such are put together
    strata = [group for group in groups.values() if len(group) > 1]
    alone = [image for group in groups.values() if len(group) == 1 for image in group]
    if len(alone) == 1 and strata:
        strata[-1] = strata[-1] + alone
    elif alone:
        strata.append(alone)
    units = [image for group in strata for image in group]
    place_of = {image: place for place, image in enumerate(units)}
    sums = np.zeros((len(units), len(values)))
    with np.errstate(invalid="ignore"):
        np.add.at(sums, [place_of[image] for ids in images for image in ids], values.T)
    return np.ascontiguousarray(sums.T), tuple(units), tuple(map(len, strata))


def metric_names(data: RunData) -> list[str]:
    """The run's metrics in the plan's order: the first is what the benchmark ranks by."""
    planned = [name for name in data.run.plan.get("metrics", ()) if name in data.run.metrics]
    return list(dict.fromkeys([*planned, *data.run.metrics, *as_columns(data.scores).names[3]]))


def set_names(data: RunData) -> list[str]:
    """The run's sets in the plan's order."""
    return list(dict.fromkeys([*data.run.plan.get("sets", {}), *as_columns(data.scores).names[1]]))


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


def entrants(data: RunData, sets: Sequence[str], columns: Collection[str]) -> list[str]:
    """Restorers that belong on a leaderboard: all but those that skip every one of its sets."""
    skips = {(skip.restorer, skip.set) for skip in data.skipped}
    names = dict.fromkeys([*data.run.restorers, *columns])
    return [
        name for name in names if name in columns or not all((name, item) in skips for item in sets)
    ]


FailureCounts = Mapping[tuple[str, str], Mapping[str, int]]
"""(set, metric) -> restorer -> cells without a score because something failed."""


def count_failures(data: RunData) -> dict[tuple[str, str], Counter[str]]:
    """Counts the cells that have no score for a metric because something failed.

    A metric that needs references is not due on a set that has none, and nothing counts there.
    """
    references: dict[str, bool] = {}
    for (name, _), sample in data.samples.items():
        references[name] = references.get(name, False) or bool(sample.get("reference"))
    needs = {
        name: bool(data.run.metrics.get(name, {}).get("needs_reference"))
        for name in metric_names(data)
    }
    lost = {failure.cell for failure in data.failures if failure.metric is None}
    whole: dict[str, Counter[str]] = {}
    for cell in lost:
        whole.setdefault(cell.set, Counter())[cell.restorer] += 1
    sets = dict.fromkeys([*whole, *(failure.cell.set for failure in data.failures)])
    counts = {
        (name, metric): Counter(whole.get(name, {}))
        for name, metric in product(sets, needs)
        if references.get(name, True) or not needs[metric]
    }
    for failure in data.failures:
        key = failure.cell.set, failure.metric or ""
        if failure.metric is not None and failure.cell not in lost and key in counts:
            counts[key][failure.cell.restorer] += 1
    return counts


def orientation(data: RunData, metric: str) -> float:
    """1 when higher is better, -1 when lower is.

    Raises:
        StoreError: The run holds no card of the metric.
    """
    card = data.run.metrics.get(metric)
    if card is None or "higher_is_better" not in card:
        raise StoreError(
            f"the run holds no card of the metric {metric!r}, so its direction is unknown; run it "
            "again"
        )
    return 1.0 if card["higher_is_better"] else -1.0
