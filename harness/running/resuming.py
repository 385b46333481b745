"""Why results that a resumed run holds are made again."""

from collections import Counter
from collections.abc import Iterator, Mapping

from harness.plugins.fingerprints import is_current
from harness.results import Cell, Restored
from harness.running.plan import Plan


def why_again(
    plan: Plan,
    present: Mapping[Cell, Restored],
    score_keys: Mapping[tuple[Cell, str], tuple[str, str]],
) -> Iterator[str]:
    """A line for each restorer and metric whose results are; one for all of an earlier version."""
    wanted = {restorer.name: restorer.fingerprint for restorer in plan.restorers}
    images = Counter(
        (cell.restorer, is_current(image.fingerprint))
        for cell, image in present.items()
        if wanted.get(cell.restorer, image.fingerprint) != image.fingerprint
    )
    scores = Counter(
        (metric, is_current(fingerprint))
        for (_, metric), (fingerprint, _) in score_keys.items()
        if plan.metric_fingerprints.get(metric, fingerprint) != fingerprint
    )
    older = [sum(n for (_, new), n in counts.items() if not new) for counts in (images, scores)]
    if any(older):
        yield (
            f"{older[0]} restored images and {older[1]} scores of this run are made again, once: "
            "an earlier version told the code of restorers and metrics apart by their files"
        )
    for (name, current), count in images.items():
        if current:
            yield f"{name}: {count} images are restored again: code, weights or device changed"
    for (name, current), count in scores.items():
        if current:
            yield f"{name}: {count} images are scored again: its code or device changed"
