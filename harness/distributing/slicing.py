"""Parts of a plan, and of what came of it."""

from collections.abc import Mapping
from dataclasses import replace

from harness.distributing.jobs import Sent
from harness.distributing.tasks import ChunkResult
from harness.running.plan import Plan
from harness.storage.parts import Part
from harness.storage.places import MANY


def of_fingerprints(result: ChunkResult, wanted: Mapping[str, str]) -> ChunkResult:
    """What of a result was restored by these restorers as they are now.

    Args:
        result: What a chunk left.
        wanted: Restorer -> its fingerprint.
    """
    part = result.part
    cells = tuple(row for row in part.cells if wanted.get(str(row[0])) == row[3])
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
