"""The page of a regression check: what was found, and the images that lost most, before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.protocols import ReportData
from harness.results import Cell
from harness.results.verdicts import COSTS, ChangedImage, Comparison, Finding, Verdict
from reports.html.cells import places_of, with_unit
from reports.html.pictures import Shown, Source, inside, write_pictures
from reports.html.places import Places
from reports.html.render import Renderer
from reports.wording import number, p_value, signed

MOST_IMAGES = 12
"""Images with a viewer; the table names the worst image of every finding."""

MOST_ROWS = 2_000

_ORDER = (
    Verdict.REGRESSED, Verdict.FAILED, Verdict.IMPROVED, Verdict.INCOMPARABLE, Verdict.GONE, Verdict.NEW,
    Verdict.SAME, Verdict.EQUAL,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LostImage:
    """One image that lost, with its pictures, and what each metric that regressed says of it."""

    finding: Finding
    image: str
    shown: Shown
    left: str
    right: str
    scores: Sequence[str]
    link: str


def write_regression_page(report: ReportData, places: Places, renderer: Renderer) -> list[Path]:
    """Writes the page, where the run was judged against a baseline, and returns the pictures that it shows."""
    comparison = report.comparison
    if comparison is None:
        return []
    lost = lost_images(report, comparison, places)
    renderer.page(
        "regression.html", "regression.html", **regression_context(report, comparison, lost)
    )
    pictures = [
        places.files / p
        for item in lost
        for picture in item.shown.readable
        for p in (picture.file, picture.detail)
    ]
    return [
        *pictures,
        *(places.files / item.shown.thumbnail for item in lost if item.shown.thumbnail),
    ]


def lost_images(report: ReportData, comparison: Comparison, places: Places) -> list[LostImage]:
    """Writes the pictures of the images that lost most: in turn the worst of each finding, then the second worst."""
    regressed = [finding for finding in comparison.of(Verdict.REGRESSED) if finding.worst]
    chosen: dict[Cell, tuple[Finding, ChangedImage]] = {}
    for place in range(max((len(finding.worst) for finding in regressed), default=0)):
        for finding in regressed:
            for changed in finding.worst[place : place + 1]:
                chosen.setdefault(
                    Cell(finding.restorer, finding.set, changed.image), (finding, changed)
                )
    files = {record.cell: record.restored for record in report.data.cells}
    return [
        _lost(report, comparison, places, cell, finding, changed, files.get(cell), number)
        for number, (cell, (finding, changed)) in enumerate(list(chosen.items())[:MOST_IMAGES])
    ]


def _lost(
    report: ReportData,
    comparison: Comparison,
    places: Places,
    cell: Cell,
    finding: Finding,
    changed: ChangedImage,
    file: str | None,
    number: int,
) -> LostImage:
    sample = report.data.samples.get((cell.set, cell.image), {})

    def source(kind: str, relative: str | None, note: str, label: str, caption: str = "") -> Source:
        path = inside(report.run_folder, relative) if relative else None
        return Source(kind, label, path, note, caption)

    sources = [
        source("degraded", sample.get("degraded"), "no preview", "degraded"),
        Source(
            "restored",
            "before",
            changed.restored_before,
            "the baseline is a file: it holds hashes and no images",
            with_unit(changed.before, finding.metric, report),
        ),
        source(
            "restored",
            file,
            "not in the run",
            "after",
            with_unit(changed.now, finding.metric, report),
        ),
    ]
    if sample.get("reference"):
        sources.append(source("reference", sample["reference"], "", "reference"))
    shown = write_pictures(sources, places.files, f"regression-{number}")
    readable = {picture.label for picture in shown.readable}
    left = next((label for label in ("before", "reference", "degraded") if label in readable), "")
    return LostImage(
        finding,
        cell.image,
        shown,
        left,
        "after",
        list(_scores(report, comparison, cell)),
        places.image(cell.set, cell.image),
    )


def _scores(report: ReportData, comparison: Comparison, cell: Cell) -> Iterator[str]:
    """Each regressed metric of an image, before and after."""
    for finding in comparison.of(Verdict.REGRESSED):
        if (finding.restorer, finding.set) == (cell.restorer, cell.set):
            for changed in finding.worst:
                if changed.image == cell.image:
                    decimals = places_of(finding.metric, report)
                    yield (
                        f"{finding.metric} {number(changed.before, decimals)} → "
                        f"{number(changed.now, decimals)} "
                        f"({signed(changed.difference, decimals)})"
                    )


def regression_context(
    report: ReportData, comparison: Comparison, lost: Sequence[LostImage]
) -> dict[str, Any]:
    """What the page says."""
    told = sorted(
        (
            finding
            for finding in comparison.findings
            if finding.verdict not in (Verdict.SAME, Verdict.EQUAL)
        ),
        key=lambda finding: _ORDER.index(finding.verdict),
    )
    return {
        "comparison": comparison,
        "verdict": verdict_in_words(comparison),
        "counts": [
            (verdict, len(comparison.of(verdict))) for verdict in _ORDER if comparison.of(verdict)
        ],
        "rows": [_row(report, finding) for finding in told[:MOST_ROWS]],
        "more": max(0, len(told) - MOST_ROWS),
        "lost": lost,
        "no_images_before": bool(lost) and all(item.left != "before" for item in lost),
    }


def verdict_in_words(comparison: Comparison) -> str:
    """The answer in a sentence."""
    regressed, failed = comparison.of(Verdict.REGRESSED), comparison.of(Verdict.FAILED)
    if regressed:
        return f"Worse than the baseline: {_names(regressed)}."
    if failed:
        return f"No regression, but what had a score fails now: {_names(failed)}."
    return {0: "No regression.", 4: "Nothing was comparable with the baseline."}[
        comparison.exit_code()
    ]


def _names(findings: Sequence[Finding]) -> str:
    names = list(dict.fromkeys(finding.restorer for finding in findings))
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _row(report: ReportData, finding: Finding) -> Mapping[str, Any]:
    cost = finding.metric in COSTS
    decimals = 1 if cost else places_of(finding.metric, report)
    factor = 100 if cost else 1
    ends = [
        None if end is None else factor * end
        for end in (finding.difference, finding.ci_low, finding.ci_high)
    ]
    card = report.data.run.metrics.get(finding.metric, {})
    known = ends[1] is not None
    return {
        "finding": finding,
        "unit": "%" if cost else str(card.get("unit") or ""),
        "difference": signed(ends[0], decimals) if ends[0] is not None else "",
        "interval": f"{signed(ends[1], decimals)} to {signed(ends[2], decimals)}" if known else "",
        "p": p_value(finding.p) if finding.p is not None else "",
    }
