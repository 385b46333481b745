"""Which images get a page of their own.

Of a small run all do; of a large one those that say most.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate
from statistics import mean

from harness.protocols.report import ReportData
from reports.pivot import SetTable, grouped

Key = tuple[str, str]

MOST_PICTURES = 256
"""Pictures that a report copies, over all image pages.

Degraded, reference, and one of each restorer shown.
"""

MOST_BYTES = 96 * 2**20
"""About what these pictures may take together; one image is shown whatever it takes."""

MOST_RESTORERS = 14
"""Restorers whose pictures an image page shows, best first; its table has the scores of all."""

LEAST_IMAGES = 2
"""Images of each set that get a page however many pictures, in the first `MOST_SETS` sets."""

MOST_SETS = 40


def choose_images(
    report: ReportData,
    tables: Sequence[SetTable],
    first: Sequence[Key] = (),
    ends: Sequence[Key] = (),
) -> list[Key]:
    """Decides which images get a page, by the number of their pictures.

    Args:
        report: The run.
        tables: Its sets.
        first: Images to prefer, such as those on which metrics disagree, the most telling first.
        ends: Each restorer's worst and best images, first those that matter most.

    Returns:
        (set, image), set by set, sorted by name: all of a set that fits; or else up to a quarter of
        `first`, a quarter on which a restorer failed, and the rest of `ends`, or evenly spaced.
    """
    of_set = grouped(report.data.samples, lambda key: key[0])
    lines = {str(table.set): len(table.lines) for table in tables if table.set in of_set}
    names = list(lines)[:MOST_SETS]
    pictures = sum(2 + min(MOST_RESTORERS, lines[name]) for name in names)
    each = max(LEAST_IMAGES, MOST_PICTURES // max(1, pictures))
    failed = _failed(report)
    telling = first, failed, ends
    return [key for name in names for key in _of_set(sorted(of_set[name]), telling, each)]


def fit_images(
    report: ReportData,
    weights: Mapping[Key, int],
    first: Sequence[Key] = (),
    ends: Sequence[Key] = (),
) -> list[Key]:
    """Leaves out what `MOST_BYTES` have no room for.

    Args:
        report: The run.
        weights: The images of `choose_images`, with the bytes that the pictures of each take.
        first: As for `choose_images`.
        ends: Likewise.

    Returns:
        As many of each set, chosen as `choose_images` does; where there is no room for one of each,
        those of the first sets.
    """
    if sum(weights.values()) <= MOST_BYTES:
        return list(weights)
    of_set, failed = grouped(weights, lambda key: key[0]), _failed(report)
    means = [mean(weights[key] for key in keys) for keys in of_set.values()]
    together = list(accumulate(means))
    sets = max(1, sum(total <= MOST_BYTES for total in together))
    each = max(1, int(MOST_BYTES / together[sets - 1]))
    chosen = list(of_set.values())[:sets]
    return [key for keys in chosen for key in _of_set(keys, (first, failed, ends), each)]


def _failed(report: ReportData) -> Collection[Key]:
    cells = (item.cell for item in report.data.failures if item.metric is None)
    return dict.fromkeys((cell.set, cell.image) for cell in cells)


def _of_set(
    images: list[Key], telling: tuple[Sequence[Key], Collection[Key], Sequence[Key]], each: int
) -> list[Key]:
    if len(images) <= each:
        return images
    known, quarter = set(images), (each + 3) // 4
    first, failed, ends = ([key for key in part if key in known] for part in telling)
    spaced = [images[index * len(images) // each] for index in range(each)]
    wanted = [*first[:quarter], *failed[:quarter], *ends, *first, *spaced]
    return sorted(list(dict.fromkeys(wanted))[:each])
