"""The plots of a set: those that say most first, as many as there is room for."""

from __future__ import annotations

from pathlib import Path

from harness.protocols.report import ReportData
from reports.html.places import plan_places
from reports.html.plots import plots
from reports.html.scores import collect
from reports.pivot import set_tables


def test_the_first_plots_are_drawn_where_there_is_room_for_few(fabricated: ReportData) -> None:
    table = next(table for table in set_tables(fabricated) if table.set == "photos-sigma25")
    scores = collect(fabricated.data, [], {"photos-sigma25": "psnr"})
    places = plan_places(Path("report"), ["tv"], ["photos-sigma25"], [])
    everything = plots(fabricated, table, scores, places, 1)
    kinds = [plot["kind"] for plot in everything]
    assert kinds[:5] == ["points", "points", "ranks", "boxes", "heat"]
    few = plots(fabricated, table, scores, places, 99)
    assert [plot["title"] for plot in few] == [plot["title"] for plot in everything[:4]]
    assert "seconds" in everything[0]["title"]
    assert everything[1]["title"].startswith("Perception")
