"""The images on which two metrics disagree most.

Where a no-reference metric likes what is not there, or misses it.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from harness.protocols.report import ReportData
from harness.results import Disagreement
from reports.html.cells import with_unit
from reports.html.image_pages import ImagePage
from reports.html.places import Places
from reports.pivot import grouped
from reports.wording import number

MOST = 12
"""Cases of each kind on the page."""

KINDS = {
    "hallucination": (
        "Liked by {metric}, not by {versus}",
        "It looks good and is not what was there: invented detail shows here.",
    ),
    "over-smoothing": (
        "Liked by {versus}, not by {metric}",
        "It is close to the reference and looks poor: detail that was smoothed away shows here.",
    ),
}
"""Title and words of each kind of case."""


def compared_metrics(report: ReportData) -> tuple[str, str] | None:
    """The no-reference and the full-reference metric that are held against each other, if any."""
    if report.disagreements:
        return report.disagreements[0].metric, report.disagreements[0].versus
    here = {board.metric for board in report.leaderboards if board.set is not None}
    cards = [card for name, card in report.data.run.metrics.items() if name in here]
    without = [card for card in cards if not card.needs_reference]
    full = next((card.name for card in cards if card.needs_reference), None)
    if full is None or not without:
        return None
    return max(without, key=lambda card: card.preferred).name, full


def disagreement_page(
    report: ReportData, places: Places, pages: Sequence[ImagePage]
) -> list[dict[str, object]]:
    """The cases by kind, those with pictures only; the largest gap first.

    Empty when nothing disagrees.
    """
    shown = {(page.set, page.image): page for page in pages}
    pictured = [item for item in report.disagreements if (item.set, item.image) in shown]
    cases = grouped(sorted(pictured, key=lambda item: -abs(item.gap)), lambda item: item.kind)
    return [
        {
            "title": title.format(metric=cases[kind][0].metric, versus=cases[kind][0].versus),
            "kind": kind,
            "words": words,
            "cases": [
                _case(report, item, shown[item.set, item.image], places)
                for item in cases[kind][:MOST]
            ],
        }
        for kind, (title, words) in KINDS.items()
        if kind in cases
    ]


def _case(
    report: ReportData, item: Disagreement, page: ImagePage, places: Places
) -> dict[str, object]:
    link = places.restorer(item.restorer)
    restored = page.shown.restored(link)
    pictures = [p for p in page.shown.readable if p.kind != "restored" or p is restored]
    left = next((p.label for p in pictures if p.kind == "reference"), "degraded")
    sides = urlencode({"left": left, "right": restored.label if restored else ""})
    spread = f" ± {number(item.spread, 2)}" if item.spread is not None else ""
    return {
        "restorer": item.restorer,
        "restorer_link": link,
        "set": item.set,
        "image": item.image,
        "link": f"{page.link}#{sides}",
        # details of the degraded, the restored and the reference image
        "pictures": pictures,
        "metric": item.metric,
        "value": with_unit(item.value, item.metric, report) + spread,
        "rank": item.rank,
        "versus": item.versus,
        "versus_value": with_unit(item.versus_value, item.versus, report),
        "versus_rank": item.versus_rank,
        "ranked": item.ranked,
        "gap": number(abs(item.gap), 1),
    }
