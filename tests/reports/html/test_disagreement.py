"""The page of images on which two metrics disagree: the largest first, with pictures.

It shows what the engine found.
"""

from __future__ import annotations

from pathlib import Path

from pages import Page

from harness.protocols.report import ReportData
from reports.html.disagreement import KINDS, MOST

Site = tuple[Path, dict[str, Page]]


def test_it_shows_the_largest_gaps_of_both_kinds(site: Site, fabricated: ReportData) -> None:
    page = site[1]["site/disagreement.html"]
    text = " ".join(page.text.split())
    assert fabricated.disagreements
    for kind in KINDS:
        gaps = [abs(item.gap) for item in fabricated.disagreements if item.kind == kind]
        found = sorted(gaps, reverse=True)[:MOST]
        assert found
        for gap in found:
            assert f"{gap:.1f} standard deviations apart" in text
    assert len(page.all("article")) <= 2 * MOST


def test_each_opens_the_restored_image_beside_the_reference(site: Site) -> None:
    links = [a for a in site[1]["site/disagreement.html"].all("a") if a.get("class") == "triple"]
    assert links
    for link in links:
        address = str(link["href"])
        assert address.startswith("image-photos-")
        assert "#left=reference&right=" in address
