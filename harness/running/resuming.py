"""Why results that a resumed run holds are made again."""

from collections import Counter
from collections.abc import Iterator, Mapping

from harness.plugins.fingerprints import is_current
from harness.running.plan import Plan
from harness.running.progress import Progress
from harness.storage.images.samples import begin_pins
from harness.storage.store import Store


def prepare(plan: Plan, store: Store, progress: Progress) -> None:
    """Begins one start of a run: says why results are made again, and drops outdated scores."""
    progress.start(plan.cells())
    for line in why_again(plan, store):
        progress.note(line)
    store.drop_outdated(plan.metric_fingerprints)


def why_again(plan: Plan, store: Store) -> Iterator[str]:
    """A line for each restorer and metric whose results are; one for all of an earlier version."""
    if store.damaged:
        yield f"{store.damaged} damaged rows of this run are made again"
    if begin_pins():
        yield "degraded images in the cache are made again, once: an earlier version kept them"
    restorers = {restorer.name: restorer.fingerprint for restorer in plan.restorers}
    known = store.count_fingerprints("restorer")
    images = _outdated(known, restorers)
    scores = _outdated(store.count_fingerprints("metric"), plan.metric_fingerprints)
    older = [sum(n for (_, new), n in counts.items() if not new) for counts in (images, scores)]
    if any(older):
        yield (
            f"{older[0]} restored images and {older[1]} scores of this run are made again, once: "
            "an earlier version told the code of restorers and metrics apart by their files"
        )
    for (name, current), count in images.items():
        if current:
            yield f"{name}: {count} images are restored again: code, weights or device changed"
    for item in plan.restorers:
        kept = known[item.name, item.fingerprint]
        if kept and item.card.not_tracked:
            yield f"{item.name}: {kept} images are kept; not tracked: {item.card.not_tracked}"
    for (name, current), count in scores.items():
        if current:
            yield f"{name}: {count} images are scored again: its code or device changed"


def _outdated(
    counts: Counter[tuple[str, str]], wanted: Mapping[str, str]
) -> Counter[tuple[str, bool]]:
    """Name and whether its fingerprint is of this version -> results of another one."""
    found: Counter[tuple[str, bool]] = Counter()
    for (name, fingerprint), count in counts.items():
        if wanted.get(name, fingerprint) != fingerprint:
            found[name, is_current(fingerprint)] += count
    return found
