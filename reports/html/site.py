"""Puts the report together: which pages there are, and what each is made of."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.protocols.report import ReportData
from reports.html.board_data import write_board
from reports.html.choice import MOST_RESTORERS, Key, choose_images, fit_images
from reports.html.disagreement import compared_metrics, disagreement_page
from reports.html.facts import common, provenance, troubles
from reports.html.failing import (
    PAGE_ROWS,
    Matrix,
    all_images,
    extremes,
    matrices,
    of_set,
)
from reports.html.headlines import headline, summary
from reports.html.image_pages import ImagePage, image_pages
from reports.html.leaderboard import leaderboard
from reports.html.people_page import write_people_page
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
    every = matrices(report, tables)
    ends = list(extremes(every))
    candidates = choose_images(report, tables, telling, ends)
    sources = Sources(report, pixels, set(candidates))
    images = fit_images(report, _weights(tables, sources, candidates), telling, ends)
    ranked = (line.restorer for table in tables for line in table.lines)
    restorers = dict.fromkeys([*report.data.run.restorers, *ranked])
    places = plan_places(out, restorers, [table.set for table in tables], images)
    scores = collect(report.data, images, {str(t.set): t.boards[0].metric for t in tables})
    steps = _steps(report, len(images) + len(tables) + len(restorers))
    pages = image_pages(report, tables, places, scores, sources, pixels, steps)
    disagreement, held = disagreement_page(report, places, pages), compared_metrics(report)
    regression = verdict_in_words(report.comparison) if report.comparison else ""
    links = {"disagreement": held is not None, "people": report.people is not None}
    frame = {**common(report), **links, "regression": regression}
    renderer = Renderer(report, places, frame)
    renderer.static()
    _write_pages(renderer, report, tables, places, scores, pages, every, steps)
    if held:
        name = "disagreement.html"
        renderer.page(name, name, groups=disagreement, metric=held[0], versus=held[1])
    if report.people is not None:
        write_people_page(report.people, renderer)
    shown = [page.shown for page in pages]
    if report.comparison:
        shown += write_regression_page(report, report.comparison, places, renderer, pixels)
    scripts = write_pixel_data(pixels, shown)
    pictures = [*scripts, *(name for item in shown for name in item.files)]
    remove_stale(places.files, [*renderer.written, *(places.files / name for name in pictures)])
    pixels.note(pictures)
    return places.index


def _steps(report: ReportData, total: int) -> Callable[[], None]:
    """What is called after each page that takes time: of an image, a set, a restorer."""
    numbers = count(1)
    return lambda: report.progress(next(numbers), total) if report.progress else None


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
    every: Mapping[str, Matrix],
    steps: Callable[[], None],
) -> None:
    """The pages of images, sets and restorers, and the index."""
    failures = grouped(report.data.failures, lambda failure: failure.cell.restorer)
    base = f"{quote(places.files.name)}/"
    renderer.written.append(write_board(report, tables, places, base))
    for page in pages:
        renderer.page("image.html", page.link, shown=page.shown, **page.context)
    drawn = [(table, plots(report, table, scores, places, len(tables))) for table in tables]
    for table, figures in drawn:
        item = every.get(table.set or "")
        failing = of_set(report, table, item, places) if item else None
        context = set_page(report, table, places, pages, failing)
        renderer.page("set.html", places.set(table.set), set=context, figures=figures)
        _write_images(renderer, places, table, failing)
        steps()
    for name in places.restorers:
        context = restorer_page(report, name, tables, places, pages, failures.get(name, []), every)
        renderer.page("restorer.html", places.restorer(name), restorer=context)
        steps()
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


def _write_images(
    renderer: Renderer, places: Places, table: SetTable, failing: Mapping[str, Any] | None
) -> None:
    """The pages of all images of a set, where its own page shows but the first."""
    if failing is None:
        return
    pages, link = all_images(failing, places, table.set), places.set(table.set)
    for number, page in enumerate(pages, 1):
        start = (number - 1) * PAGE_ROWS
        rows = failing["rows"][start : start + PAGE_ROWS]
        renderer.page(
            "images.html", page, name=table.set, set_link=link, failing=failing, rows=rows,
            pages=pages, number=number, first=start + 1,
        )  # fmt: skip
