"""Scores of a run as tables: which sets go together, who takes part, who has which images."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, compress, product

import numpy as np
import numpy.typing as npt

from harness.errors import InputError, StoreError
from harness.results import RunData
from harness.results.columns import as_columns
from harness.statistics import Floats

Places = npt.NDArray[np.int64]

# a leaderboard's set, or `None` for the whole benchmark, and the sets that it covers
Scope = tuple[str | None, list[str]]

POLICIES = ("common", "complete")


@dataclass(frozen=True, slots=True)
class Block:
    """All scores of one metric on one set.

    Attributes:
        restorers: Those that have a score, sorted.
        images: Those that somebody has a score of, sorted.
        values: (restorers, images); NaN where there is none.
        spreads: Likewise.
    """

    restorers: tuple[str, ...]
    images: tuple[str, ...]
    values: Floats
    spreads: Floats


# by set and metric
Blocks = Mapping[tuple[str, str], Block]

# (set, metric) -> restorer -> cells without a score because something failed
FailureCounts = Mapping[tuple[str, str], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """The scores that one leaderboard is made of.

    They are of the same cells for every restorer, and none is missing: whoever fails on the hard
    images would lead by what it lacks. An image that several sets degrade (by its id) is one unit
    and is resampled as one, for its scores hang together, and as two they would feign certainty.
    Units that lie in the same sets are a stratum and are resampled among themselves: how many
    images a set has and how hard it is were chosen, not drawn, and must not widen an interval.

    Attributes:
        set: The set, or `None` for the whole benchmark.
        sign: 1 when higher is better, -1 when lower is.
        entrants: Everyone who belongs on the leaderboard.
        failures: Restorer -> cells without a score because something failed.
        restorers: Those that are ranked, sorted.
        values: (restorers, cells), as the metric gives them.
        sums: (restorers, units): summed by image.
        images: The units' ids, stratum by stratum.
        strata: How many units each stratum has; they are neighbours in `sums`.
        cells: How many scores of each restorer there are.
    """

    set: str | None
    metric: str
    sign: float
    entrants: tuple[str, ...]
    failures: Mapping[str, int]
    restorers: tuple[str, ...] = ()
    values: Floats = field(default_factory=partial(np.zeros, (0, 0)))
    sums: Floats = field(default_factory=partial(np.zeros, (0, 0)))
    images: tuple[str, ...] = ()
    strata: tuple[int, ...] = ()
    cells: int = 0


def make_blocks(data: RunData) -> dict[tuple[str, str], Block]:
    """Lays out every score of a run, by set and metric; NaN counts as missing."""
    columns = as_columns(data.scores)
    restorers, sets, images, metrics = columns.names
    group = columns.codes[1].astype(np.int64) * max(len(metrics), 1) + columns.codes[3]
    places = np.flatnonzero(~np.isnan(columns.values))
    places = places[np.argsort(group[places], kind="stable")]
    # codes count names in their order of appearance; a block has them sorted
    rows_named, row_of = np.unique(np.array(restorers, dtype=object), return_inverse=True)
    images_named, image_of = np.unique(np.array(images, dtype=object), return_inverse=True)
    blocks = {}
    for part in filter(len, np.split(places, np.flatnonzero(np.diff(group[places])) + 1)):
        set_code, metric_code = divmod(int(group[part[0]]), len(metrics))
        here, rows = np.unique(row_of[columns.codes[0, part]], return_inverse=True)
        there, cells = np.unique(image_of[columns.codes[2, part]], return_inverse=True)
        values, spreads = np.full((2, len(here), len(there)), np.nan)
        values[rows, cells], spreads[rows, cells] = columns.values[part], columns.spreads[part]
        blocks[sets[set_code], metrics[metric_code]] = Block(
            tuple(rows_named[here]), tuple(images_named[there]), values, spreads
        )
    return blocks


def places_of(wanted: Sequence[str], names: Sequence[str]) -> Places:
    """Where some names stand among sorted ones."""
    return np.searchsorted(np.array(names), wanted)


def tables(
    data: RunData, blocks: Blocks, failures: FailureCounts, *, policy: str = "common"
) -> Iterator[ScoreTable]:
    """The tables of all leaderboards.

    That of the whole benchmark comes first, then sets, each with metrics in the plan's order.

    Args:
        data: The run.
        blocks: Its scores.
        failures: Of `count_failures`: a board without any score is one where something failed.
        policy: `common`: the cells that all ranked restorers have; when there are none, those with
            the fewest are left out until there are. `complete`: only restorers that have every cell
            which anybody has are ranked.

    Raises:
        InputError: An unknown policy.
        StoreError: A metric without a card.
    """
    if policy not in POLICIES:
        raise InputError(f"policy {policy!r} is unknown; expected one of {', '.join(POLICIES)}")
    for (scope, sets), metric in product(scopes(data), metric_names(data)):
        found = [blocks[name, metric] for name in sets if (name, metric) in blocks]
        # nobody is ranked where the metric has no score at all of one of the sets
        names = (
            sorted(set.intersection(*(set(block.restorers) for block in found)))
            if len(found) == len(sets)
            else []
        )
        failed = sum((Counter(failures.get((name, metric))) for name in sets), Counter[str]())
        if len(names) > 1 or (scope is not None and (names or failed)):
            bare = _bare_table(data, scope, sets, metric, names, failed)
            yield _with_scores(bare, found, names, policy) if names else bare


def _bare_table(
    data: RunData,
    scope: str | None,
    sets: Sequence[str],
    metric: str,
    scored: Sequence[str],
    failed: Mapping[str, int],
) -> ScoreTable:
    """A leaderboard on which nobody is ranked yet: all belong there but who skips all its sets."""
    card = data.run.metrics.get(metric)
    if card is None:
        raise StoreError(
            f"the run holds no card of the metric {metric!r}, so its direction is unknown; run it "
            "again"
        )
    skips = {(skip.restorer, skip.set) for skip in data.skipped}
    entrants = tuple(
        name
        for name in dict.fromkeys([*data.run.restorers, *scored])
        if name in scored or not all((name, item) in skips for item in sets)
    )
    return ScoreTable(scope, metric, float(card.sign), entrants, failed)


def _with_scores(
    table: ScoreTable, found: Sequence[Block], names: Sequence[str], policy: str
) -> ScoreTable:
    """The table with the common cells of all who are ranked; as it is where nobody can be."""
    values = [block.values[places_of(names, block.restorers)] for block in found]
    has = [~np.isnan(part) for part in values]
    rows = _ranked(has, policy)
    if not rows.size:
        return table
    common = [np.all(part[rows], axis=0) for part in has]
    parts = [part[rows][:, mask] for part, mask in zip(values, common, strict=True)]
    joined = np.concatenate(parts, axis=1)
    sums, units, strata = by_image(
        joined,
        [list(compress(block.images, mask)) for block, mask in zip(found, common, strict=True)],
    )
    return replace(
        table,
        restorers=tuple(names[row] for row in rows),
        values=joined,
        sums=sums,
        images=units,
        strata=strata,
        cells=joined.shape[1],
    )


def _ranked(has: Sequence[npt.NDArray[np.bool_]], policy: str) -> Places:
    """Which rows are ranked, out of which cells of each set every row has."""
    counts = np.sum([part.sum(axis=1) for part in has], axis=0)
    if policy == "complete":
        return np.flatnonzero(counts == sum(part.shape[1] for part in has))
    # names are sorted: of equals, the later one is left out first
    rows = np.argsort(-counts, kind="stable")
    while rows.size and not all(part[rows].all(axis=0).any() for part in has):
        rows = rows[:-1]
    return np.sort(rows)


def by_image(
    values: Floats, images: Sequence[Sequence[str]]
) -> tuple[Floats, tuple[str, ...], tuple[int, ...]]:
    """Sums by image, the images' ids and the sizes of their strata.

    Args:
        values: (restorers, cells), set by set.
        images: The id of each cell's image, for each set.
    """
    if len(images) == 1:
        return values, tuple(images[0]), (len(images[0]),)
    sets = [set(ids) for ids in images]
    groups: dict[tuple[bool, ...], list[str]] = {}
    for image in sorted(set.union(*sets)):
        groups.setdefault(tuple(image in ids for ids in sets), []).append(image)
    # a stratum of one would always be drawn as it is, and show no spread: such are put together
    strata = [group for group in groups.values() if len(group) > 1]
    alone = [image for group in groups.values() if len(group) == 1 for image in group]
    if len(alone) == 1 and strata:
        strata[-1] += alone
    elif alone:
        strata.append(alone)
    units = list(chain(*strata))
    place_of = {image: place for place, image in enumerate(units)}
    sums = np.zeros((len(units), len(values)))
    with np.errstate(invalid="ignore"):
        np.add.at(sums, [place_of[image] for image in chain(*images)], values.T)
    return np.ascontiguousarray(sums.T), tuple(units), tuple(map(len, strata))


def metric_names(data: RunData) -> list[str]:
    """The run's metrics in the plan's order: the first is what the benchmark ranks by."""
    planned = [name for name in data.run.plan.metrics if name in data.run.metrics]
    return list(dict.fromkeys([*planned, *data.run.metrics, *as_columns(data.scores).names[3]]))


def set_names(data: RunData) -> list[str]:
    """The run's sets in the plan's order."""
    return list(dict.fromkeys([*data.run.plan.sets, *as_columns(data.scores).names[1]]))


def task_of(data: RunData, set_name: str | None) -> str:
    """The task of a set, or an empty string.

    Of the whole benchmark (`None`) it is the one task that its sets share.
    """
    planned = data.run.plan.sets
    names = set_names(data) if set_name is None else [set_name]
    tasks = {planned[name].task if name in planned else "" for name in names}
    return tasks.pop() if len(tasks) == 1 else ""


def scopes(data: RunData) -> list[Scope]:
    """What is ranked: the whole benchmark, where several sets share one task, and every set."""
    names = set_names(data)
    whole: list[Scope] = [(None, names)] if len(names) > 1 and task_of(data, None) else []
    return [*whole, *((name, [name]) for name in names)]


def count_failures(data: RunData) -> dict[tuple[str, str], Counter[str]]:
    """Counts the cells that have no score for a metric because something failed.

    A metric that needs references is not due on a set that has none, and nothing counts there.
    """
    hashes = ((name, sample.reference_sha256) for (name, _), sample in data.samples.items())
    sampled = {(name, reference is None) for name, reference in hashes}
    blind = {name for name, lacking in sampled if lacking and (name, False) not in sampled}
    names = metric_names(data)
    lost = {failure.cell for failure in data.failures if failure.metric is None}
    single = (
        (failure.cell, failure.metric)
        for failure in data.failures
        if failure.metric in names and failure.cell not in lost
    )
    counts: dict[tuple[str, str], Counter[str]] = {}
    # a cell that could not be restored lacks every metric of its set
    for cell, metric in chain(product(lost, names), single):
        if cell.set not in blind or not data.run.metric(metric).needs_reference:
            counts.setdefault((cell.set, metric), Counter())[cell.restorer] += 1
    return counts
