"""What a report says of costs: how they were measured, and what is not ranked by time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from pages import write

from harness.protocols.report import ReportData
from harness.reporting.assemble import assemble
from harness.results import Restored

NOISE = "site/set-photos-sigma25.html"


def rows(source: str) -> dict[str, list[tuple[str, str]]]:
    """The table of costs: restorer -> of each cell what it is sorted by, and its text."""
    table = source.partition('<section id="costs">')[2].partition("</section>")[0]
    found = {}
    for row in re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", table, re.DOTALL):
        cells = re.findall(r'<td class="num" data-value="([^"]*)">(.*?)</td>', row)
        found[re.sub("<.*?>", "", row.partition("</th>")[0])] = cells
    return found


def test_a_sets_page_has_the_costs_and_how_they_were_measured(
    fabricated: ReportData, tmp_path: Path
) -> None:
    page = write(fabricated, tmp_path)[NOISE]
    text = " ".join(page.text.split())
    assert "Seconds: median after warm-up, cpu, 1 thread, fp32, 128x128." in text
    found = rows(page.source)
    costs = {item.restorer: item for item in fabricated.costs if item.set == "photos-sigma25"}
    assert found.keys() == costs.keys()
    for name, (seconds, peak, growth, gpu, *_) in found.items():
        assert float(seconds[0]) == costs[name].seconds
        assert (float(peak[0]), float(growth[0])) == (costs[name].peak_mib, costs[name].growth_mib)
        assert gpu[0] == "", "it ran on none"
    assert "not ranked" not in text


def test_seconds_beside_others_are_marked_and_have_nothing_to_be_sorted_by(
    fabricated: ReportData, tmp_path: Path
) -> None:
    def busy(image: Restored) -> Restored:
        beside = 1 if image.cell.restorer == "tv" else 0
        return replace(image, spent=replace(image.spent, beside=beside))

    data = fabricated.data
    data = replace(data, restored=tuple(map(busy, data.restored)))
    site = write(assemble(data, fabricated.run_folder), tmp_path)
    found = rows(site[NOISE].source)
    assert found["tv"][0][0] == ""
    assert "beside 1 more" in found["tv"][0][1]
    assert float(found["identity"][0][0]) > 0
    for name in (NOISE, "index.html"):
        assert "--workers 1" in site[name].text
    assert "beside 1 more" in site["site/restorer-tv.html"].text
    assert "beside" not in site["site/restorer-identity.html"].text
