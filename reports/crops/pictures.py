"""The pictures of a crop figure, and what is written below them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from PIL import Image as PillowImage

from harness.cards import MetricCard
from harness.errors import ImageError, InputError
from harness.protocols.report import ReportData
from harness.results import Cell
from harness.results.columns import as_columns
from reports.crops.grid import Crop, Region
from reports.html.choice import Key
from reports.html.pictures import SIDE, find_window
from reports.html.pixels import PictureFile, Pixels, decode
from reports.html.sources import Sources
from reports.pivot import set_tables
from reports.wording import DASH, bracketed, digits, number

MOST_RESTORERS = 6
"""Restorers of a figure that names none: two rows of four, with degraded and reference."""

SAMPLES = ("degraded", "reference")


class Found(NamedTuple):
    """What there is to draw; `metrics` are worded, such as `psnr (dB)`."""

    crops: tuple[Crop, ...]
    region: Region
    frame: tuple[int, int]
    metrics: tuple[str, ...]


def chosen_image(report: ReportData, set_name: str | None, image: str | None) -> Key | None:
    """The image that was asked for, or one that says much; `None` where there is none at all.

    Raises:
        InputError: It is not in the run, or in several sets.
    """
    known = list(report.data.samples)
    keys = [key for key in known if set_name in (None, key[0]) and image in (None, key[1])]
    if image is not None:
        if not keys:
            ids = list(dict.fromkeys(key[1] for key in known if set_name in (None, key[0])))
            shown = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
            raise InputError(f"the run has no image {image!r}; it has {shown or 'none'}")
        if len(keys) > 1:
            sets = ", ".join(key[0] for key in keys)
            raise InputError(f"image {image!r} is in several sets: {sets}; name one of them")
    telling = [(item.set, item.image) for item in report.disagreements]
    return next((key for key in [*telling, *keys] if key in keys), None)


def crops_of(
    report: ReportData,
    key: Key,
    region: Region | None,
    restorers: Sequence[str],
    metrics: Iterable[str],
) -> Found:
    """Reads the pictures of an image, and words its scores.

    Raises:
        InputError: A restorer or metric is not in the run, a picture is not here, or the region
            leads out of the image.
    """
    boards = next((table.boards for table in set_tables(report) if table.set == key[0]), ())
    shown = list(metrics) or [board.metric for board in boards[:1]]
    names = list(restorers)
    if not names and boards:
        names = [row.restorer for row in boards[0].rows if row.rank][:MOST_RESTORERS]
    _require(report, names, shown)
    if not set(names) & set(SAMPLES):
        reference = report.data.samples[key].reference_sha256 is not None
        names = ["degraded", *names, *(["reference"] if reference else [])]
    pictures = dict(zip(names, _pictures(report, key, names), strict=True))
    full = [item for name, item in pictures.items() if name != "degraded"] or [*pictures.values()]
    frame = max((item.size for item in full), key=lambda size: size[0] * size[1])
    if region is None:
        region = Region(*find_window(full), *(min(SIDE, side) for side in frame))
    made = _with_scores(report, key, pictures, shown)
    units = {name: bracketed(report.data.run.metric(name).unit) for name in shown}
    words = tuple(f"{name}{unit}" for name, unit in units.items())
    return Found(tuple(made), _inside(Region(*region), frame), frame, words)


def _with_scores(
    report: ReportData,
    key: Key,
    pictures: Mapping[str, PillowImage.Image],
    metrics: Sequence[str],
) -> Iterator[Crop]:
    values = {
        (score.cell.restorer, score.metric): score.value
        for score in as_columns(report.data.scores)
        if (score.cell.set, score.cell.image) == key and score.metric in metrics
    }
    columns = [
        _column(report.data.run.metric(metric), [values.get((name, metric)) for name in pictures])
        for metric in metrics
    ]
    for place, (name, picture) in enumerate(pictures.items()):
        own = [column[place] for column in columns]
        scores, best = zip(*own, strict=True) if any(text for text, _ in own) else ((), ())
        yield Crop(name, name, picture, tuple(text or DASH for text in scores), tuple(best))


def _column(card: MetricCard, values: Sequence[float | None]) -> list[tuple[str, bool]]:
    """The scores of one metric in words, and whether each is the best of them."""
    there = [value for value in values if value is not None]
    best = (max if card.higher_is_better else min)(there, default=None)
    return [
        ("" if value is None else number(value, digits(card)), value is not None and value == best)
        for value in values
    ]


def _require(report: ReportData, names: Sequence[str], metrics: Sequence[str]) -> None:
    known = [*report.data.run.restorers, *SAMPLES]
    for what, wanted, there in (
        ("restorer", names, known),
        ("metric", metrics, list(report.data.run.metrics)),
    ):
        missing = [name for name in wanted if name not in there]
        if missing:
            raise InputError(f"the run has no {what} {missing[0]!r}; it has {', '.join(there)}")


def _pictures(report: ReportData, key: Key, names: Sequence[str]) -> Iterator[PillowImage.Image]:
    pixels = Pixels(report.run_folder / "report" / "site", report.run_folder)
    sources = Sources(report, pixels, {key})
    degraded, reference = sources.samples(key)
    nothing = PictureFile("reference", "reference", None, "the set has no references")
    samples = {"degraded": degraded, "reference": reference or nothing}
    for name in names:
        source = samples.get(name) or sources.restored(Cell(name, *key), name, "it has no image")
        if source.path is None:
            raise InputError(f"{name} of {key[1]} cannot be shown: {source.note}")
        try:
            yield decode(source.path)
        except (ImageError, OSError) as error:
            raise InputError(f"{name} of {key[1]} cannot be shown: {error}") from error


def _inside(region: Region, frame: tuple[int, int]) -> Region:
    left, top, width, height = region
    if (
        min(left, top) < 0
        or min(width, height) < 1
        or left + width > frame[0]
        or top + height > frame[1]
    ):
        raise InputError(
            f"region {','.join(map(str, region))} leads out of the image, which has {frame[0]} x "
            f"{frame[1]} pixels; expected left, top, width, height within it"
        )
    return region
