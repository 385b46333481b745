"""The crop figure: pixels are those of the run's images, words those of its scores."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.errors import InputError
from harness.protocols.report import ReportData
from reports.crops.figure import crops
from reports.crops.layout import CropFigure

REGION = (30, 20, 40, 25)


def drawn(report: ReportData, **how: Any) -> CropFigure:
    (figure,) = crops(report, "photos-x2", **{"region": REGION, **how})
    return figure


def image_of(report: ReportData) -> str:
    return sorted(image for name, image in report.data.samples if name == "photos-x2")[0]


def saved(figure: CropFigure, path: Path) -> Any:
    figure.savefig(path)
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


def pixels_of(report: ReportData, name: str, image: str) -> Any:
    path = report.run_folder / "restored" / name / "photos-x2" / f"{image}.png"
    if not path.exists():
        path = report.run_folder / "images" / "photos-x2" / f"{image}-{name}.png"
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


def test_crops_have_the_very_pixels_of_the_images(fabricated: ReportData, tmp_path: Path) -> None:
    image, names = image_of(fabricated), ["nearest", "sharpened", "reference"]
    figure = drawn(fabricated, image=image, restorers=names, zoom=8, columns=3, whole=False)
    found = saved(figure, tmp_path / "a.png")
    left, top, width, height = REGION
    for place, name in enumerate(names):
        start = place * (width * 8 + 12)
        shown = found[: height * 8, start : start + width * 8]
        crop = pixels_of(fabricated, name, image)[top : top + height, left : left + width]
        assert (shown == crop.repeat(8, 0).repeat(8, 1)).all(), name


def test_a_smaller_degraded_image_shows_the_same_place(
    fabricated: ReportData, tmp_path: Path
) -> None:
    image = image_of(fabricated)
    small = pixels_of(fabricated, "degraded", image)
    both = drawn(
        fabricated, image=image, restorers=["degraded", "reference"], region=(30, 20, 40, 24),
        zoom=8, whole=False,
    )  # fmt: skip
    found = saved(both, tmp_path / "a.png")[: 24 * 8, : 40 * 8]
    assert (found == small[10:22, 15:35].repeat(16, 0).repeat(16, 1)).all()


def test_order_labels_and_scores_are_those_that_were_asked_for(fabricated: ReportData) -> None:
    image = image_of(fabricated)
    figure = drawn(
        fabricated, image=image, restorers=["sharpened", "bicubic"],
        metrics=["psnr", "blur-effect"], labels={"bicubic": "Bicubic [3]"},
    )  # fmt: skip
    crops_ = figure.grid.crops
    assert [item.label for item in crops_] == ["degraded", "sharpened", "Bicubic [3]", "reference"]
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    scores = {
        (score.cell.restorer, score.metric): score.value
        for score in fabricated.data.scores
        if (score.cell.set, score.cell.image) == ("photos-x2", image)
    }
    for name in ("sharpened", "bicubic"):
        psnr, blur = scores[name, "psnr"], scores[name, "blur-effect"]
        assert f"{psnr:.2f} / {blur:.4f}" in texts
    psnr = {name: scores[name, "psnr"] for name in ("sharpened", "bicubic")}
    best = {item.name for item in crops_ if item.best and item.best[0]}
    assert best == {max(psnr, key=lambda name: psnr[name])}


def test_no_label_is_wider_than_its_picture(fabricated: ReportData) -> None:
    labels = {"sharpened": "W" * 300, "bicubic": "i" * 300}
    figure = drawn(
        fabricated, image=image_of(fabricated), restorers=["sharpened", "bicubic"], labels=labels
    )
    figure.draw_without_rendering()
    for axes in figure.axes:
        for text in axes.texts:
            assert text.get_window_extent().width <= axes.get_window_extent().width + 2
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    wide, narrow = (next(text for text in texts if text.startswith(c * 6)) for c in "Wi")
    assert len(wide) < len(narrow) < 300


def test_latex_has_its_pictures_beside_it_and_escapes_labels(
    fabricated: ReportData, tmp_path: Path
) -> None:
    figure = drawn(fabricated, image=image_of(fabricated), labels={"bicubic": "50 % & more_"})
    figure.savefig(tmp_path / "paper.tex")
    text = (tmp_path / "paper.tex").read_text()
    files = re.findall(r"\\includegraphics\[[^]]*\]\{([^}]*)\}", text)
    assert len(files) == len(figure.grid.crops) + 1
    assert all((tmp_path / name).is_file() for name in files)
    assert r"50 \% \& more\_" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == 2
    assert text.count("{") == text.count("}")


def test_the_default_is_where_restorers_differ_most(fabricated: ReportData, tmp_path: Path) -> None:
    (figure,) = crops(fabricated, "photos-x2", "psnr")
    left, top, width, height = figure.grid.region
    assert left + width <= figure.grid.frame[0]
    assert top + height <= figure.grid.frame[1]
    assert figure.grid.metrics == ("psnr (dB)",)
    figure.savefig(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"image": "gone"}, "no image 'gone'"),
        ({"region": (100, 0, 90, 10)}, "leads out of the image"),
        ({"region": (0, 0, 0, 10)}, "leads out of the image"),
        ({"restorers": ["edsr"]}, "no restorer 'edsr'"),
        ({"metrics": ["dri"]}, "no metric 'dri'"),
        ({"restorers": ["broken"]}, "broken of .* cannot be shown: it has no image"),
        ({"columns": 0}, "above 0"),
        ({"zoom": 10**6}, "pixels is more than .* give a smaller zoom"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    fabricated: ReportData, how: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        drawn(fabricated, **how)


def test_an_image_of_several_sets_needs_its_set(fabricated: ReportData) -> None:
    with pytest.raises(InputError, match="several sets: photos-sigma25, photos-x2"):
        next(crops(fabricated, image=image_of(fabricated)))
