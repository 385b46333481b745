"""A crop figure as a table of LaTeX, with its pictures as PNG files."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image as PillowImage
from PIL import ImageDraw

from harness.atomic import atomic_file
from reports.crops.grid import MARK, Crop, Grid
from reports.latex import escape


def write_latex(
    out: Path,
    grid: Grid,
    pictures: Sequence[PillowImage.Image],
    whole: PillowImage.Image | None,
    columns: int,
) -> None:
    r"""Writes `NAME.tex`, for `\input`, and its pictures into `NAME-crops/`.

    Args:
        out: The `.tex` file.
        grid: What is shown.
        pictures: The crops, enlarged.
        whole: The whole image, in which the region is marked; or none.
        columns: Of crops.
    """
    folder = out.with_name(f"{out.stem}-crops")
    folder.mkdir(parents=True, exist_ok=True)
    for place, picture in enumerate(pictures):
        _save(picture, folder / f"crop-{place}.png")
    if whole is not None:
        _save(_marked(whole, grid), folder / "image.png")
    text = "\n".join(_table(folder.name, grid, whole is not None, columns))
    with atomic_file(out) as partial:
        partial.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")


def _table(folder: str, grid: Grid, whole: bool, columns: int) -> list[str]:
    share = 0.98 / (columns + (1.5 if whole else 0))
    lines = [
        r"% \usepackage{graphicx,textcomp}; widths are parts of \linewidth",
        f"% {' / '.join(map(escape, grid.metrics))} of {', '.join(map(escape, grid.key[::-1]))}",
        r"\setlength{\tabcolsep}{1pt}\small",
    ]
    if whole:
        image = rf"\includegraphics[width={1.45 * share:.3f}\linewidth]{{{folder}/image.png}}"
        lines += [r"\begin{tabular}{@{}cc@{}}", image, "&"]
    lines.append(rf"\begin{{tabular}}{{@{{}}{'c' * columns}@{{}}}}")
    for start in range(0, len(grid.crops), columns):
        row = list(enumerate(grid.crops))[start : start + columns]
        size = rf"width={0.97 * share:.3f}\linewidth"
        lines += [
            " & ".join(rf"\includegraphics[{size}]{{{folder}/crop-{n}.png}}" for n, _ in row)
            + r" \\",
            " & ".join(escape(item.label) for _, item in row) + r" \\",
            " & ".join(_scores(item) for _, item in row) + r" \\[2pt]",
        ]
    lines.append(r"\end{tabular}")
    return [*lines, r"\end{tabular}"] if whole else lines


def _scores(item: Crop) -> str:
    marked = zip(item.scores, item.best, strict=True)
    return " / ".join(rf"\textbf{{{escape(s)}}}" if best else escape(s) for s, best in marked)


def _marked(picture: PillowImage.Image, grid: Grid) -> PillowImage.Image:
    left, top, width, height = grid.region
    line = max(1, round(min(picture.size) / 150))
    box = left - line, top - line, left + width + line - 1, top + height + line - 1
    drawn = picture.copy()
    ImageDraw.Draw(drawn).rectangle(box, outline=MARK, width=line)
    return drawn


def _save(picture: PillowImage.Image, path: Path) -> None:
    with atomic_file(path) as partial:
        picture.save(partial, format="PNG", optimize=True)
