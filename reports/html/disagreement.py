"""The images on which two metrics disagree most: where a no-reference metric likes what is not there, or misses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from harness.protocols import ReportData
from harness.results.pairs import Disagreement
from reports.html.cells import with_unit
from reports.html.image_pages import ImagePage
from reports.html.pictures import Picture
from reports.html.places import Places
from reports.wording import number

MOST = 12
"""Cases of each kind on the page."""

KINDS = {
    "hallucination": "Liked by {metric}, not by {versus}",
    "over-smoothing": "Liked by {versus}, not by {metric}",
}
WORDS = {
    "hallucination": "It looks good and is not what was there: invented detail shows here.",
    "over-smoothing": "It is close to the reference and looks poor: detail that was smoothed away "
    "shows here.",
}


def disagreement_page(
    report: ReportData, places: Places, pages: Sequence[ImagePage]
) -> list[dict[str, Any]]:
    """The cases by kind, those with pictures only; the largest gap first. Empty when nothing disagrees."""
    shown = {(page.set, page.image): page for page in pages}
    groups = []
    for kind, title in KINDS.items():
        cases = [
            item
            for item in report.disagreements
            if item.kind == kind and (item.set, item.image) in shown
        ]
        cases.sort(key=lambda item: -abs(item.gap))
        if cases:
            groups.append(
                {
                    "title": title.format(metric=cases[0].metric, versus=cases[0].versus),
                    "kind": kind,
                    "words": WORDS[kind],
                    "cases": [
                        _case(report, item, shown[item.set, item.image], places)
                        for item in cases[:MOST]
                    ],
                }
            )
    return groups


def _case(
    report: ReportData, item: Disagreement, page: ImagePage, places: Places
) -> dict[str, Any]:
    right = next(
        (
            p.label
            for p in page.shown.readable
            if p.kind == "restored" and p.link == places.restorer(item.restorer)
        ),
        "",
    )
    left = next((p.label for p in page.shown.readable if p.kind == "reference"), "degraded")
    spread = f" ± {number(item.spread, 2)}" if item.spread is not None else ""
    return {
        "restorer": item.restorer,
        "restorer_link": places.restorer(item.restorer),
        "set": item.set,
        "image": item.image,
        "link": f"{places.image(item.set, item.image)}#{urlencode({'left': left, 'right': right})}",
        "pictures": _three(page.shown.readable, right),
        "metric": item.metric,
        "value": with_unit(item.value, item.metric, report) + spread,
        "rank": item.rank,
        "versus": item.versus,
        "versus_value": with_unit(item.versus_value, item.versus, report),
        "versus_rank": item.versus_rank,
        "ranked": item.ranked,
        "gap": number(abs(item.gap), 1),
        "doubtful": item.gap_spread is not None and abs(item.gap) < 2 * item.gap_spread,
    }


def _three(pictures: Sequence[Picture], restored: str) -> list[Mapping[str, str]]:
    """Details of the degraded, the restored and the reference image."""
    return [
        {"label": p.label, "detail": p.detail}
        for p in pictures
        if p.kind in ("degraded", "reference") or p.label == restored
    ]
