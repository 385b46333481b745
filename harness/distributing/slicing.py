"""Parts of a plan: what a run lacks of it, what is in a chunk, what of a result is of it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from harness.distributing.jobs import Sent
from harness.distributing.parts import Part
from harness.distributing.tasks import ChunkResult
from harness.plugins.sample_keys import sample_key
from harness.protocols import DegradedSet
from harness.results import Cell
from harness.running.plan import Plan, PlannedRestorer
from harness.storage.images.samples import find_sample
from harness.storage.places import MANY
from harness.storage.store import Store


def of_fingerprints(
    result: ChunkResult,
    wanted: Mapping[str, str],
    metrics: Mapping[str, str] = MappingProxyType({}),
) -> ChunkResult:
    """What of a result was restored and scored by restorers and metrics as they are now.

    Args:
        result: What a chunk left.
        wanted: Restorer -> its fingerprint.
        metrics: Metric -> its fingerprint; of others every score is taken.
    """
    part = result.part
    other = {row[:3] for row in part.scores if metrics.get(str(row[3]), row[4]) != row[4]}
    cells = tuple(
        row for row in part.cells if wanted.get(str(row[0])) == row[3] and row[:3] not in other
    )
    kept = {row[:3] for row in cells}
    scores = tuple(row for row in part.scores if row[:3] in kept)
    failures = tuple(
        row for row in part.failures if row[:3] in kept or (not row[3] and row[0] in wanted)
    )
    return replace(result, part=Part(part.samples, cells, scores, failures))


def part_of_plan(plan: Plan, sent: Sent) -> Plan:
    """The plan of a chunk alone."""
    ids: dict[str, list[str]] = {}
    for name, image in sent.cells:
        ids.setdefault(name, []).append(image)
    sets = tuple(item for item in plan.sets if item.name in ids)
    restorers = tuple(item for item in plan.restorers if item.name == sent.restorer)
    return replace(
        plan,
        benchmark=replace(plan.benchmark, sets=sets, restorers=()),
        sets=sets,
        ids={name: tuple(images) for name, images in ids.items()},
        restorers=tuple(replace(item, sets=item.sets & ids.keys()) for item in restorers),
        skipped=(),
        many=frozenset(item.name for item in sets if len(plan.ids[item.name]) > MANY),
    )


def lacking(plan: Plan, store: Store) -> dict[str, list[tuple[str, str]]]:
    """Set and image of what each restorer has yet to restore, or a metric to score.

    Failures are tried again, as by every start of a run. Sets that nobody restores are under an
    empty name: their samples are made all the same.
    """
    found: dict[str, list[tuple[str, str]]] = {item.name: [] for item in plan.restorers}
    there, covered = store.count_fingerprints("restorer"), set[str]()
    for degraded_set in plan.sets:
        name, stale = degraded_set.name, _stale(degraded_set, plan, store)
        for restorer in plan.restorers:
            if name in restorer.sets:
                covered.add(name)
                any_there = there[restorer.name, restorer.fingerprint]
                done = {*_done(plan, store, restorer, name)} - stale if any_there else set()
                found[restorer.name] += [(name, i) for i in plan.ids[name] if i not in done]
    rest = [(name, i) for name, ids in plan.ids.items() if name not in covered for i in ids]
    alone = [where for where in rest if store.sample_hashes(*where) is None]
    return {**found, "": alone} if alone else found


def _stale(degraded_set: DegradedSet, plan: Plan, store: Store) -> set[str]:
    """Images whose sample the cache of this machine knows otherwise than the run."""
    stale, name = set(), degraded_set.name
    for image in plan.ids[name]:
        hashes = store.sample_hashes(name, image)
        if hashes is not None and (key := sample_key(degraded_set, image)) is not None:
            found = find_sample(degraded_set, image, key)
            if found is not None and found.degraded.sha256 != hashes[0]:
                stale.add(image)
    return stale


def _done(plan: Plan, store: Store, restorer: PlannedRestorer, name: str) -> Iterator[str]:
    for image in plan.ids[name]:
        cell, hashes = Cell(restorer.name, name, image), store.sample_hashes(name, image)
        known = store.find_restored(cell)
        if known is None or hashes is None:
            continue
        if (known.fingerprint, known.degraded_sha256) != (restorer.fingerprint, hashes[0]):
            continue
        keys, wanted = store.score_keys(cell), plan.metric_fingerprints
        seen = (
            metric
            for metric, card in plan.metrics.items()
            if hashes[1] is not None or not card.needs_reference
        )
        if all(keys.get(metric) == (wanted[metric], known.sha256) for metric in seen):
            yield image
