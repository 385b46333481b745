"""The page of one image: every restorer's picture in a comparison viewer, and every score."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.protocols.report import ReportData
from harness.results import Cell, Score
from reports.html.cells import metric_head, places_of, sortable, with_unit
from reports.html.choice import MOST_RESTORERS, Key
from reports.html.pictures import Shown, write_pictures
from reports.html.pixels import PictureFile, Pixels
from reports.html.places import Places
from reports.html.scores import Scores
from reports.html.sources import Sources
from reports.pivot import SetTable, grouped
from reports.wording import number


@dataclass(frozen=True, slots=True)
class ImagePage:
    """One image as a page shows it: its pictures and what the template needs beside them.

    Attributes:
        link: Its own page, from the files folder; empty when it has none.
    """

    set: str
    image: str
    link: str
    shown: Shown
    context: Mapping[str, object]


def image_pages(
    report: ReportData,
    tables: Sequence[SetTable],
    places: Places,
    scores: Scores,
    sources: Sources,
    pixels: Pixels,
    done: Callable[[], None],
) -> list[ImagePage]:
    """Writes the pictures of all images that get a page, and returns what the pages say."""
    notes = {
        failure.cell: f"failed: {failure.kind}: {failure.message[:300]}"
        for failure in report.data.failures
        if failure.metric is None
    }
    pages = []
    for table in tables:
        keys = [key for key in places.images if key[0] == table.set]
        links = ["", *(places.image(*key) for key in keys), ""]
        found = (
            list(_sources(report, table, key, places, scores.images[key], sources, notes))
            for key in keys
        )
        for place, (key, shown) in enumerate(zip(keys, _written(found, pixels), strict=True)):
            around = {"earlier": links[place], "later": links[place + 2]}
            context = _context(report, table, key, places, scores.images[key], notes, shown)
            done()
            pages.append(ImagePage(*key, links[place + 1], shown, {**context, **around}))
    return pages


def _written(viewers: Iterable[Sequence[PictureFile]], pixels: Pixels) -> Iterator[Shown]:
    """Pictures viewer by viewer; decoding and hashing leave Python to other threads."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        yield from threads.map(lambda sources: write_pictures(sources, pixels), viewers)


def _sources(
    report: ReportData,
    table: SetTable,
    key: Key,
    places: Places,
    scores: Mapping[Key, Score],
    sources: Sources,
    notes: Mapping[Cell, str],
) -> Iterator[PictureFile]:
    (degraded, reference), main = sources.samples(key), table.boards[0].metric
    yield degraded
    for line in table.lines[:MOST_RESTORERS]:
        name, cell = line.restorer, Cell(line.restorer, *key)
        label = label_of(name)
        note, link = notes.get(cell, "not run"), places.restorer(name)
        score = scores.get((name, main))
        caption = f"{main} {with_unit(score.value, main, report)}" if score else ""
        yield sources.restored(cell, label, note, caption, link)
    if reference:
        yield reference


def label_of(restorer: str) -> str:
    """What a restorer is called in a viewer.

    It may be called `reference`: labels of a viewer are told apart.
    """
    return f"{restorer} (restorer)" if restorer in ("degraded", "reference") else restorer


def _context(
    report: ReportData,
    table: SetTable,
    key: Key,
    places: Places,
    scores: Mapping[Key, Score],
    notes: Mapping[Cell, str],
    shown: Shown,
) -> dict[str, object]:
    readable = [picture.label for picture in shown.readable]
    restorers = [line.restorer for line in table.lines]
    choose = {board.metric: max if board.higher_is_better else min for board in table.boards}
    values = grouped(scores.values(), lambda score: score.metric)
    best = {
        name: choose[name](score.value for score in found)
        for name, found in values.items()
        if name in choose
    }
    return {
        "set": key[0],
        "set_link": places.set(key[0]),
        "task": table.task,
        "image": key[1],
        "left": "degraded" if "degraded" in readable else next(iter(readable), ""),
        "right": next((name for name in restorers if name in readable), "reference"),
        "more": max(0, len(restorers) - MOST_RESTORERS),
        "caption_metric": table.boards[0].metric,
        "metrics": [metric_head(board.metric, report) for board in table.boards],
        "rows": [
            {
                "restorer": name,
                "link": places.restorer(name),
                "values": [
                    _value(report, scores.get((name, board.metric)), best) for board in table.boards
                ],
                "note": notes.get(Cell(name, *key), ""),
            }
            for name in restorers
        ],
    }


def _value(report: ReportData, score: Score | None, best: Mapping[str, float]) -> dict[str, object]:
    if score is None:
        return {"text": None, "spread": "", "sort": "", "best": False}
    places = places_of(score.metric, report)
    return {
        "text": number(score.value, places),
        "spread": "" if score.spread is None else number(score.spread, places),
        "sort": sortable(score.value),
        "best": score.value == best[score.metric],
    }
