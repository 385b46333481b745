"""Lays the crops out in whole pixels, so that what is enlarged pixel by pixel stays that."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from PIL import Image as PillowImage

from harness.errors import InputError
from reports.crops.grid import MARK, Crop, Grid
from reports.crops.latex import write_latex
from reports.figures.style import FAINT, INK, paint_on, short

DPI = 300
MOST_PIXELS = 2**15
"""Pixels of a figure's side: more is a slip, which takes minutes and all memory."""

_CROP = 300  # pixels that a crop is wide at least: an inch of a paper
_GAP = 12
_LINE = 34
_FONT = 7.0
_LEAST = 6  # letters that a text keeps however narrow the picture
_INSET = 0.36


@dataclass(frozen=True, slots=True)
class How:
    """How a grid is drawn.

    Attributes:
        columns: Of crops: two rows from five on.
        zoom: How many pixels wide one is drawn; as many as make an inch.
        smooth: Enlarges bicubically, and not pixel by pixel.
        whole: Whether the whole image stands beside the crops, with the region marked.
        inset: Whether the region is also drawn enlarged within it.

    Raises:
        InputError: Columns or zoom below 1.
    """

    columns: int | None = None
    zoom: int | None = None
    smooth: bool = False
    whole: bool = True
    inset: bool = False

    def __post_init__(self) -> None:
        if any(number is not None and number < 1 for number in (self.columns, self.zoom)):
            raise InputError(
                f"columns {self.columns} and zoom {self.zoom}: expected whole numbers above 0"
            )

    def filled(self, grid: Grid) -> tuple[int, int]:
        """The columns and the zoom of a grid."""
        count = len(grid.crops)
        columns = min(self.columns or (count if count < 5 else -(-count // 2)), count)
        return columns, self.zoom or max(1, -(-_CROP // grid.region.width))


class CropFigure(Figure):
    """A figure of matplotlib that `savefig` also writes as a table of LaTeX, into `NAME.tex`."""

    grid: Grid
    how: How

    def savefig(self, fname: Any, **options: Any) -> None:
        """Writes the figure: PNG, PDF, SVG, or `.tex` with a folder of its pictures beside it."""
        if isinstance(fname, str | Path) and Path(fname).suffix == ".tex":
            columns, zoom = self.how.filled(self.grid)
            pictures = [self.grid.crop(item, zoom, self.how.smooth) for item in self.grid.crops]
            marked = self.grid.whole() if self.how.whole else None
            write_latex(Path(fname), self.grid, pictures, marked, columns)
        else:
            super().savefig(fname, **{"dpi": DPI, **options})


class _Sizes(NamedTuple):
    """Everything in pixels: a crop, its text, the whole image, the figure."""

    crop: tuple[int, int]
    text: int
    rows: int
    whole: tuple[int, int]
    figure: tuple[int, int]


def draw(grid: Grid, how: How) -> CropFigure:
    """Draws the figure."""
    columns, zoom = how.filled(grid)
    sizes = _sizes(grid, columns, zoom, how.whole)
    if max(sizes.figure) >= MOST_PIXELS:
        width, height = sizes.figure
        raise InputError(
            f"a figure of {width:,} x {height:,} pixels is more than {MOST_PIXELS:,} wide or high: "
            "give a smaller zoom or region"
        )
    across, down = (side / DPI for side in sizes.figure)
    figure = CropFigure(figsize=(across, down), dpi=DPI)
    figure.grid, figure.how = grid, how
    return paint_on(figure, _paint, sizes, columns, zoom)


def _sizes(grid: Grid, columns: int, zoom: int, whole: bool) -> _Sizes:
    width, height = grid.region.width * zoom, grid.region.height * zoom
    text, rows = (_LINE * 2 if grid.metrics else _LINE) + _GAP, -(-len(grid.crops) // columns)
    across = columns * width + (columns - 1) * _GAP
    down = rows * (height + text) + (_LINE if grid.metrics else 0)
    beside = (0, 0)
    if whole:
        tall = rows * (height + text) - text
        scale = min(tall / grid.frame[1], 1.2 * across / grid.frame[0])
        beside = round(grid.frame[0] * scale), round(grid.frame[1] * scale)
        across += beside[0] + 2 * _GAP
    return _Sizes((width, height), text, rows, beside, (across, down))


def _paint(figure: CropFigure, sizes: _Sizes, columns: int, zoom: int) -> None:
    grid, smooth, start = figure.grid, figure.how.smooth, 0
    if sizes.whole[0]:
        _whole(figure, grid, sizes, figure.how.inset, smooth)
        start = sizes.whole[0] + 2 * _GAP
    width, height = sizes.crop
    for place, item in enumerate(grid.crops):
        row, column = divmod(place, columns)
        left, top = start + column * (width + _GAP), row * (height + sizes.text)
        axes = _picture(figure, sizes, grid.crop(item, zoom, smooth), (left, top))
        _words(axes, item, width)
    if grid.metrics:
        where = start / sizes.figure[0], 4 / sizes.figure[1]
        figure.text(*where, " / ".join(grid.metrics), color=FAINT, fontsize=_FONT - 1)


def _picture(
    figure: Figure, sizes: _Sizes, picture: PillowImage.Image, place: tuple[int, int]
) -> Axes:
    """Axes of the very pixels of a picture."""
    (across, down), (left, top) = sizes.figure, place
    bottom = down - top - picture.height
    box = left / across, bottom / down, picture.width / across, picture.height / down
    axes = figure.add_axes(box, xticks=[], yticks=[])
    axes.imshow(np.asarray(picture), interpolation="none", aspect="auto")
    axes.spines[:].set_visible(False)
    return axes


def _words(axes: Axes, item: Crop, width: int) -> None:
    for line, (text, bold) in enumerate(((item.label, False), (item.scores, any(item.best)))):
        words = text if isinstance(text, str) else " / ".join(text)
        axes.annotate(
            _fitting(words, width, bold),
            (0.5, 0),
            xycoords="axes fraction",
            xytext=(0, -(2 + line * _LINE * 72 / DPI)),
            textcoords="offset points",
            ha="center",
            va="top",
            color=INK,
            fontsize=_FONT,
            fontweight="bold" if bold else "normal",
        )


def _fitting(text: str, width: int, bold: bool) -> str:
    """A text of one line, cut where it would be wider than so many pixels."""
    font = FontProperties(weight="bold" if bold else "normal", size=_FONT)
    most = int(2 * width / _FONT)  # no text of so many letters fits
    while most > _LEAST:
        words = short(text, most)
        points, _, _ = text_to_path.get_text_width_height_descent(words, font, False)
        wide = points * DPI / 72
        if wide <= width:
            return words
        most = min(len(words) - 1, int(len(words) * width / wide) + 1)
    return short(text, _LEAST)


def _whole(figure: Figure, grid: Grid, sizes: _Sizes, inset: bool, smooth: bool) -> None:
    """The image with the region marked, and the region enlarged in the corner farthest from it."""
    picture, (left, top, width, height) = grid.whole(), grid.region
    small = picture.resize(sizes.whole, PillowImage.Resampling.LANCZOS)
    axes = _picture(figure, sizes, small, (0, 0))
    scale = sizes.whole[0] / grid.frame[0]
    box = left * scale - 0.5, top * scale - 0.5
    style: dict[str, Any] = {"fill": False, "edgecolor": MARK, "linewidth": 1.0}
    axes.add_patch(Rectangle(box, width * scale, height * scale, **style))
    axes.annotate(
        short(f"{grid.key[1]}, {grid.key[0]}", max(12, int(sizes.whole[0] / 18))),
        (0.5, 0), xycoords="axes fraction", xytext=(0, -2), textcoords="offset points",
        ha="center", va="top", color=INK, fontsize=_FONT,
    )  # fmt: skip
    if inset:
        wide = min(_INSET * sizes.whole[0], _INSET * sizes.whole[1] * width / height)
        size = round(wide), max(1, round(wide * height / width))
        how = PillowImage.Resampling.BICUBIC if smooth else PillowImage.Resampling.NEAREST
        part = picture.crop((left, top, left + width, top + height)).resize(size, how)
        right = 2 * left + width < grid.frame[0]
        below = 2 * top + height < grid.frame[1]
        place = (sizes.whole[0] - size[0]) * right, (sizes.whole[1] - size[1]) * below
        own = _picture(figure, sizes, part, place)
        own.spines[:].set(visible=True, color=MARK, linewidth=1.0)
