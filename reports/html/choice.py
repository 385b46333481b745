"""Which images get a page of their own. Of a small run all do; of a large one those that say most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.protocols import ReportData
from reports.pivot import SetTable

Key = tuple[str, str]

MOST_PICTURES = 256
"""Pictures that a report copies, over all image pages: degraded, reference, and one of each restorer shown."""

MOST_RESTORERS = 14
"""Restorers whose pictures an image page shows, best first; its table has the scores of all."""

LEAST_IMAGES = 2
"""Images of each set that get a page whatever the pictures cost, in the first `MOST_SETS` sets."""

MOST_SETS = 40


def choose_images(
    report: ReportData, tables: Sequence[SetTable], first: Iterable[Key] = ()
) -> list[Key]:
    """Decides which images get a page.

    Args:
        report: The run.
        tables: Its sets.
        first: Images to prefer, such as those on which metrics disagree, the most telling first.

    Returns:
        (set, image), set by set, sorted by name: all of a set that fits, or else those of `first`,
        those on which a restorer failed, and then evenly spaced ones.
    """
    of_set: dict[str, list[str]] = {}
    for set_name, image in report.data.samples:
        of_set.setdefault(set_name, []).append(image)
    shown = {table.set: 2 + min(MOST_RESTORERS, len(table.lines)) for table in tables}
    names = [table.set for table in tables if table.set in of_set][:MOST_SETS]
    each = max(LEAST_IMAGES, MOST_PICTURES // max(1, sum(shown[name] for name in names)))
    preferred = list(first)
    failed = _failed(report)
    chosen: list[Key] = []
    for name in names:
        if name is not None:
            chosen += [
                (name, image) for image in _of_set(name, of_set[name], preferred, failed, each)
            ]
    return chosen


def _failed(report: ReportData) -> Mapping[Key, None]:
    return {(f.cell.set, f.cell.image): None for f in report.data.failures if f.metric is None}


def _of_set(
    name: str, images: list[str], preferred: Sequence[Key], failed: Mapping[Key, None], each: int
) -> list[str]:
    images = sorted(images)
    if len(images) <= each:
        return images
    known = set(images)
    telling = [image for where, image in preferred if where == name and image in known][
        : (each + 1) // 2
    ]
    broken = [image for where, image in failed if where == name and image in known][
        : (each + 3) // 4
    ]
    spaced = [images[index * len(images) // each] for index in range(each)]
    return sorted(list(dict.fromkeys([*telling, *broken, *spaced]))[:each])
