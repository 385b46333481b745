"""The page of one image: every restorer's picture in a comparison viewer, and every score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.protocols import ReportData
from harness.results import Cell, Score
from reports.html.cells import metric_head, places_of, sortable, with_unit
from reports.html.choice import MOST_RESTORERS
from reports.html.pictures import Shown, Source, inside, write_pictures
from reports.html.places import Places
from reports.html.scores import Key, Scores
from reports.pivot import SetTable
from reports.wording import number


@dataclass(frozen=True, slots=True)
class ImagePage:
    """One image's page: its pictures and what the template needs beside them."""

    set: str
    image: str
    shown: Shown
    context: Mapping[str, Any]


def image_pages(
    report: ReportData, tables: Sequence[SetTable], places: Places, scores: Scores
) -> list[ImagePage]:
    """Writes the pictures of all images that get a page, and returns what the pages say."""
    files = {
        record.cell: record.restored
        for record in report.data.cells
        if (record.cell.set, record.cell.image) in scores.images
    }
    notes = {
        f.cell: f"failed: {f.kind}: {f.message[:300]}"
        for f in report.data.failures
        if f.metric is None and (f.cell.set, f.cell.image) in scores.images
    }
    pages = []
    for table in tables:
        images = [image for name, image in places.images if name == table.set]
        for place, image in enumerate(images):
            around = {
                "earlier": images[place - 1] if place else None,
                "later": next(iter(images[place + 1 :]), None),
            }
            page = _page(
                report, table, image, places, scores.images[str(table.set), image], files, notes
            )
            pages.append(replace(page, context={**page.context, **around}))
    return pages


def _page(
    report: ReportData,
    table: SetTable,
    image: str,
    places: Places,
    scores: Mapping[Key, Score],
    files: Mapping[Cell, str | None],
    notes: Mapping[Cell, str],
) -> ImagePage:
    name = str(table.set)
    restorers = [line.restorer for line in table.lines]
    main = table.boards[0].metric
    captions = {
        restorer: with_unit(scores[restorer, main].value, main, report)
        for restorer in restorers
        if (restorer, main) in scores
    }
    sources = _sources(report, name, image, restorers, places, captions, files, notes)
    shown = write_pictures(sources, places.files, places.images[name, image])
    readable = [picture.label for picture in shown.readable]
    best = next((line.restorer for line in table.lines if line.restorer in readable), "")
    left = "degraded" if "degraded" in readable else next(iter(readable), "")
    context = {
        "set": name,
        "set_link": places.set(name),
        "task": table.task,
        "image": image,
        "left": left,
        "right": best or "reference",
        "more": max(0, len(restorers) - MOST_RESTORERS),
        "caption_metric": main,
        "metrics": [metric_head(board.metric, report) for board in table.boards],
        "rows": _rows(
            report,
            table,
            scores,
            places,
            {
                cell.restorer: note
                for cell, note in notes.items()
                if (cell.set, cell.image) == (name, image)
            },
        ),
    }
    return ImagePage(name, image, shown, context)


def _sources(
    report: ReportData,
    name: str,
    image: str,
    restorers: Sequence[str],
    places: Places,
    captions: Mapping[str, str],
    files: Mapping[Cell, str | None],
    notes: Mapping[Cell, str],
) -> list[Source]:
    sample = report.data.samples[name, image]

    def source(
        kind: str, label: str, relative: str | None, note: str, caption: str = "", link: str = ""
    ) -> Source:
        path = inside(report.run_folder, relative) if relative else None
        refused = "refused: the path leads out of the run" if relative and path is None else note
        return Source(kind, label, path, refused, caption, link)

    sources = [source("degraded", "degraded", sample.get("degraded"), "no preview")]
    for restorer in restorers[:MOST_RESTORERS]:
        cell = Cell(restorer, name, image)
        # a restorer may be called `reference`: labels of a viewer are told apart
        label = restorer if restorer not in ("degraded", "reference") else f"{restorer} (restorer)"
        sources.append(
            source(
                "restored",
                label,
                files.get(cell),
                notes.get(cell, "not run"),
                captions.get(restorer, ""),
                places.restorer(restorer),
            )
        )
    if sample.get("reference"):
        sources.append(source("reference", "reference", sample["reference"], ""))
    return sources


def _rows(
    report: ReportData,
    table: SetTable,
    scores: Mapping[Key, Score],
    places: Places,
    notes: Mapping[str, str],
) -> list[dict[str, Any]]:
    best: dict[str, float] = {}
    for board in table.boards:
        found = [score.value for (_, metric), score in scores.items() if metric == board.metric]
        if found:
            best[board.metric] = max(found) if board.higher_is_better else min(found)
    rows = []
    for line in table.lines:
        values: list[dict[str, Any]] = []
        for board in table.boards:
            score = scores.get((line.restorer, board.metric))
            decimals = places_of(board.metric, report)
            values.append(
                {
                    "text": number(score.value, decimals) if score else None,
                    "spread": number(score.spread, decimals)
                    if score and score.spread is not None
                    else "",
                    "sort": sortable(score.value) if score else "",
                    "best": score is not None and score.value == best[board.metric],
                }
            )
        rows.append(
            {
                "restorer": line.restorer,
                "link": places.restorer(line.restorer),
                "values": values,
                "note": notes.get(line.restorer, ""),
            }
        )
    return rows
