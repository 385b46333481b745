"""The page of a regression check: what was found.

And the images that lost most, before and after.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from harness.protocols.report import ReportData
from harness.results import (
    COSTS,
    Cell,
    ChangedImage,
    Comparison,
    Finding,
    Verdict,
)
from reports.html.cells import places_of, with_unit
from reports.html.choice import MOST_BYTES
from reports.html.image_pages import ImagePage
from reports.html.pictures import Shown, write_pictures
from reports.html.pixel_data import SHARE
from reports.html.pixels import PictureFile, Pixels
from reports.html.places import Places
from reports.html.render import Renderer
from reports.html.sources import Sources
from reports.wording import interval, number, p_value, signed

MOST_IMAGES = 12
"""Images with a viewer; the table names the worst image of every finding."""

MOST_ROWS = 2_000

_ORDER = (
    Verdict.REGRESSED, Verdict.FAILED, Verdict.IMPROVED, Verdict.INCOMPARABLE, Verdict.GONE,
    Verdict.NEW, Verdict.SAME, Verdict.EQUAL,
)  # fmt: skip


def write_regression_page(
    report: ReportData,
    comparison: Comparison,
    places: Places,
    renderer: Renderer,
    pixels: Pixels,
) -> list[Shown]:
    """Writes the page, and returns the pictures that it shows."""
    lost = _lost_images(report, comparison, places, pixels)
    told = sorted(
        (item for item in comparison.findings if item.verdict not in (Verdict.SAME, Verdict.EQUAL)),
        key=lambda item: _ORDER.index(item.verdict),
    )
    counts = Counter(finding.verdict for finding in comparison.findings)
    renderer.page(
        "regression.html",
        "regression.html",
        comparison=comparison,
        verdict=verdict_in_words(comparison),
        counts=[(verdict, counts[verdict]) for verdict in _ORDER if verdict in counts],
        rows=[_row(report, finding) for finding in told[:MOST_ROWS]],
        more=max(0, len(told) - MOST_ROWS),
        lost=lost,
        no_images_before=all(item.context["left"] != "before" for item in lost),
    )
    return [item.shown for item in lost]


def _lost_images(
    report: ReportData, comparison: Comparison, places: Places, pixels: Pixels
) -> list[ImagePage]:
    """Writes the pictures of the images that lost most.

    In turn the worst of each finding, then the second worst.
    """
    ranked = [
        (rank, finding, changed)
        for finding in comparison.of(Verdict.REGRESSED)
        for rank, changed in enumerate(finding.worst)
    ]
    chosen: dict[Cell, tuple[str, ChangedImage]] = {}
    for _, finding, changed in sorted(ranked, key=lambda item: item[0]):
        cell = Cell(finding.restorer, finding.set, changed.image)
        chosen.setdefault(cell, (finding.metric, changed))
    sources = Sources(report, pixels, {(cell.set, cell.image) for cell in chosen})
    lost: list[ImagePage] = []
    room = MOST_BYTES
    for cell, (metric, changed) in list(chosen.items())[:MOST_IMAGES]:
        room -= int(SHARE * sources.bytes_of((cell.set, cell.image), [cell.restorer]))
        if lost and room < 0:
            break
        shown = write_pictures(_pictures(report, cell, metric, changed, sources), pixels)
        scores = list(_scores(report, comparison, cell))
        context = {"restorer": cell.restorer, "scores": scores, "left": _left(shown)}
        link = places.image(cell.set, cell.image)
        lost.append(ImagePage(cell.set, cell.image, link, shown, context))
    return lost


def _left(shown: Shown) -> str:
    """The side to compare with: before, where there are images of it."""
    readable = {picture.label for picture in shown.readable}
    return next((name for name in ("before", "reference", "degraded") if name in readable), "")


def _pictures(
    report: ReportData, cell: Cell, metric: str, changed: ChangedImage, sources: Sources
) -> list[PictureFile]:
    degraded, reference = sources.samples((cell.set, cell.image))
    before, now = (
        f"{metric} {with_unit(score, metric, report)}" for score in (changed.before, changed.now)
    )
    no_before = "the baseline is a file: it holds hashes and no images"
    return [
        degraded,
        PictureFile("restored", "before", changed.restored_before, no_before, before),
        sources.restored(cell, "after", "not in the run", now),
        *([reference] if reference else []),
    ]


def _scores(report: ReportData, comparison: Comparison, cell: Cell) -> Iterator[str]:
    """Each regressed metric of an image, before and after."""
    for finding in comparison.of(Verdict.REGRESSED):
        for changed in finding.worst:
            if Cell(finding.restorer, finding.set, changed.image) == cell:
                places = places_of(finding.metric, report)
                before, now = (number(score, places) for score in (changed.before, changed.now))
                lost = signed(changed.difference, places)
                yield f"{finding.metric} {before} → {now} ({lost})"


def verdict_in_words(comparison: Comparison) -> str:
    """The answer in a sentence."""
    regressed, failed = comparison.of(Verdict.REGRESSED), comparison.of(Verdict.FAILED)
    if regressed:
        return f"Worse than the baseline: {_names(regressed)}."
    if failed:
        return f"No regression, but what had a score fails now: {_names(failed)}."
    comparable = comparison.exit_code() == 0
    return "No regression." if comparable else "Nothing was comparable with the baseline."


def _names(findings: Sequence[Finding]) -> str:
    names = list(dict.fromkeys(finding.restorer for finding in findings))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _row(report: ReportData, finding: Finding) -> dict[str, object]:
    cost, metric = finding.metric in COSTS, finding.metric
    places, factor = (1, 100) if cost else (places_of(metric, report), 1)
    mean, low, high = (
        None if end is None else factor * end
        for end in (finding.difference, finding.ci_low, finding.ci_high)
    )
    return {
        "finding": finding,
        "unit": "%" if cost else report.data.run.metric(metric).unit,
        "difference": "" if mean is None else signed(mean, places),
        "interval": interval(low, high, places, signed),
        "p": "" if finding.p is None else p_value(finding.p),
    }
