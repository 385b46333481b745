"""Puts the report together: which pages there are, and what each is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.protocols import ReportData
from reports.html.cells import Gaps
from reports.html.choice import choose_images
from reports.html.disagreement import disagreement_page
from reports.html.facts import common, failures_by_restorer, provenance, troubles
from reports.html.headlines import headline, summary
from reports.html.image_pages import ImagePage, image_pages
from reports.html.leaderboard import leaderboard
from reports.html.places import Places, plan_places, remove_stale
from reports.html.plots import plots
from reports.html.regression_page import verdict_in_words, write_regression_page
from reports.html.render import Renderer
from reports.html.restorer_pages import restorer_page
from reports.html.scores import Scores, collect
from reports.html.set_pages import set_page
from reports.html.stability import stability_words
from reports.pivot import SetTable, set_tables


def write_site(report: ReportData, out: Path) -> Path:
    """Writes the whole report; see `HTMLReport`."""
    tables = set_tables(report)
    telling = [(item.set, item.image) for item in report.disagreements]
    images = choose_images(report, tables, telling)
    restorers = list(
        dict.fromkeys(
            [*report.data.run.restorers, *(line.restorer for t in tables for line in t.lines)]
        )
    )
    places = plan_places(out, restorers, [table.set for table in tables], images)
    places.files.mkdir(parents=True, exist_ok=True)
    scores = collect(
        report.data, images, {str(table.set): table.boards[0].metric for table in tables}
    )
    pages = image_pages(report, tables, places, scores)
    disagreement = disagreement_page(report, places, pages)
    regression = verdict_in_words(report.comparison) if report.comparison else ""
    frame = {**common(report), "disagreement": bool(disagreement), "regression": regression}
    renderer = Renderer(report, places, frame)
    renderer.static()
    _write_pages(renderer, report, tables, places, scores, pages)
    if disagreement:
        first = report.disagreements[0]
        renderer.page(
            "disagreement.html",
            "disagreement.html",
            groups=disagreement,
            metric=first.metric,
            versus=first.versus,
        )
    pictures = [
        places.files / p
        for page in pages
        for picture in page.shown.readable
        for p in (picture.file, picture.detail)
    ]
    pictures += write_regression_page(report, places, renderer)
    thumbnails = [places.files / page.shown.thumbnail for page in pages if page.shown.thumbnail]
    remove_stale(places.files, [*renderer.written, *pictures, *thumbnails])
    return places.index


def _write_pages(
    renderer: Renderer,
    report: ReportData,
    tables: Sequence[SetTable],
    places: Places,
    scores: Scores,
    pages: Sequence[ImagePage],
) -> None:
    gaps: Gaps = {(d.set, d.metric, d.restorer): d for d in report.behind}
    failures = failures_by_restorer(report)
    for page in pages:
        name = places.image(page.set, page.image)
        around = {
            key: places.image(page.set, page.context[key]) if page.context[key] else ""
            for key in ("earlier", "later")
        }
        renderer.page("image.html", name, shown=page.shown, **{**page.context, **around})
    for place, table in enumerate(tables):
        context = set_page(report, table, places, pages, gaps)
        renderer.page(
            "set.html",
            places.set(table.set),
            set=context,
            figures=plots(report, table, scores, f"set{place}", len(tables)),
        )
    for name in places.restorers:
        context = restorer_page(report, name, tables, places, pages, failures.get(name, []), gaps)
        renderer.page("restorer.html", places.restorer(name), restorer=context)
    renderer.page(
        "index.html",
        headlines=[headline(report, line, places) for line in report.headlines],
        summary=summary(report.headlines),
        board=leaderboard(report, tables, places),
        sets=_cards(tables, places, pages),
        stability=[stability_words(item) for item in report.stability if item.left_out != "image"],
        **provenance(report, places),
        **troubles(failures, report, places),
    )


def _cards(
    tables: Sequence[SetTable], places: Places, pages: Sequence[ImagePage]
) -> list[Mapping[str, object]]:
    """Each set with a few thumbnails, as the index shows them."""
    return [
        {
            "name": table.set or "all sets",
            "task": table.task,
            "link": places.set(table.set),
            "images": [
                {
                    "file": page.shown.thumbnail,
                    "link": places.image(page.set, page.image),
                    "image": page.image,
                }
                for page in pages
                if page.set == table.set and page.shown.thumbnail
            ][:6],
        }
        for table in tables
    ]
