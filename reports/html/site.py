"""Puts the report together: which pages there are, and what each is made of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from harness.protocols.report import ReportData
from reports.html.board_data import write_board
from reports.html.choice import MOST_RESTORERS, Key, choose_images, fit_images
from reports.html.disagreement import disagreement_page
from reports.html.facts import common, provenance, troubles
from reports.html.headlines import headline, summary
from reports.html.image_pages import ImagePage, image_pages
from reports.html.leaderboard import leaderboard
from reports.html.pixel_data import SHARE, write_pixel_data
from reports.html.pixels import Pixels
from reports.html.places import Places, make_folders, plan_places, remove_stale
from reports.html.plots import index_plots, plots
from reports.html.regression_page import verdict_in_words, write_regression_page
from reports.html.render import Renderer
from reports.html.restorer_pages import restorer_page
from reports.html.scores import Scores, collect
from reports.html.set_pages import set_page
from reports.html.sources import Sources
from reports.html.stability import stability_words
from reports.pivot import SetTable, grouped, set_tables


def write_site(report: ReportData, out: Path) -> Path:
    """Writes the whole report; see `HTMLReport`."""
    tables = set_tables(report)
    telling = [(item.set, item.image) for item in report.disagreements]
    pixels = Pixels(make_folders(out), report.run_folder)
    candidates = choose_images(report, tables, telling)
    sources = Sources(report, pixels, set(candidates))
    images = fit_images(report, _weights(tables, sources, candidates), telling)
    ranked = (line.restorer for table in tables for line in table.lines)
    restorers = dict.fromkeys([*report.data.run.restorers, *ranked])
    places = plan_places(out, restorers, [table.set for table in tables], images)
    scores = collect(report.data, images, {str(t.set): t.boards[0].metric for t in tables})
    pages = image_pages(report, tables, places, scores, sources, pixels)
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
    shown = [page.shown for page in pages]
    if report.comparison:
        shown += write_regression_page(report, report.comparison, places, renderer, pixels)
    renderer.written.extend(write_pixel_data(places.files, shown))
    pictures = [places.files / name for item in shown for name in item.files]
    remove_stale(places.files, [*renderer.written, *pictures])
    return places.index


def _weights(tables: Sequence[SetTable], sources: Sources, images: Sequence[Key]) -> dict[Key, int]:
    """The bytes that the pictures of each image take, with their scripts."""
    shown = {
        table.set: [line.restorer for line in table.lines[:MOST_RESTORERS]] for table in tables
    }
    return {key: int(SHARE * sources.bytes_of(key, shown[key[0]])) for key in images}


def _write_pages(
    renderer: Renderer,
    report: ReportData,
    tables: Sequence[SetTable],
    places: Places,
    scores: Scores,
    pages: Sequence[ImagePage],
) -> None:
    """The pages of images, sets and restorers, and the index."""
    failures = grouped(report.data.failures, lambda failure: failure.cell.restorer)
    base = f"{quote(places.files.name)}/"
    renderer.written.append(write_board(report, tables, places, base))
    for page in pages:
        renderer.page("image.html", page.link, shown=page.shown, **page.context)
    drawn = [(table, plots(report, table, scores, places, len(tables))) for table in tables]
    for table, figures in drawn:
        context = set_page(report, table, places, pages)
        renderer.page("set.html", places.set(table.set), set=context, figures=figures)
    for name in places.restorers:
        context = restorer_page(report, name, tables, places, pages, failures.get(name, []))
        renderer.page("restorer.html", places.restorer(name), restorer=context)
    _write_index(renderer, report, tables, places, pages, index_plots(drawn, places))


def _write_index(
    renderer: Renderer,
    report: ReportData,
    tables: Sequence[SetTable],
    places: Places,
    pages: Sequence[ImagePage],
    drawn: Sequence[Mapping[str, object]],
) -> None:
    renderer.page(
        "index.html",
        headlines=[headline(report, line, places) for line in report.headlines],
        summary=summary(report.headlines),
        board=leaderboard(report, tables, places),
        drawn=drawn,
        sets=[
            {
                "table": table,
                "link": places.set(table.set),
                "pages": [p for p in pages if p.set == table.set],
            }
            for table in tables
        ],
        stability=[stability_words(item) for item in report.stability if item.left_out != "image"],
        **provenance(report, places),
        **troubles(report, places),
    )
