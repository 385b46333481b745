"""The page: complete, self-contained, and inert whatever the names are."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from fabricated_run import hostile

from harness.images import read_image, write_image
from harness.protocols import ReportData
from harness.report_data import assemble
from harness.results import CellRecord, TradeOff, TradeOffPoint
from reports.figures import draw_trade_off
from reports.html.crops import SIDE, find_window, inside
from reports.html.report import HTMLReport

MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>$\\frac{{{ 7*7 }}{% x %}</style></title>&../\u202e"


class Page(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def write(report: ReportData, out: Path) -> Page:
    return Page(HTMLReport().write(report, out).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(fabricated: ReportData, tmp_path_factory: pytest.TempPathFactory) -> tuple[Page, Path]:
    out = tmp_path_factory.mktemp("report")
    return write(fabricated, out), out


def test_it_shows_what_the_engine_computed(page: tuple[Page, Path], fabricated: ReportData) -> None:
    text = page[0].text
    for row in fabricated.rows:
        assert str(row["restorer"]) in text
        if row["mean"] is not None:
            assert f"{row['mean']:.{2 if row['metric'] == 'psnr' else 4}f}" in text
    for words in (
        "A title",
        "Some notes",
        "a1b2c3d4e5f6",
        "9f2c41d07be2a310",
        "size mismatch",
        "does not super-resolve",
    ):
        assert words in text
    assert "CC-BY-NC-4.0 non-commercial" in " ".join(text.split())


def test_every_image_is_a_crop_beside_the_page_with_a_name_of_ours(
    page: tuple[Page, Path], fabricated: ReportData
) -> None:
    images = [attributes["src"] or "" for tag, attributes in page[0].tags if tag == "img"]
    restored_and_samples = len(fabricated.data.cells) + 2 * len(fabricated.data.samples)
    assert len(images) == len(set(images)) == restored_and_samples
    for source in images:
        assert re.fullmatch(r"crops/set\d+-image\d+-\d+\.png", source)
        assert (page[1] / source).is_file()
    lazy = [attributes.get("loading") for tag, attributes in page[0].tags if tag == "img"]
    assert set(lazy) == {"lazy"}


def test_crops_are_the_pixels_of_the_run(page: tuple[Page, Path], fabricated: ReportData) -> None:
    reference = read_image(fabricated.run_folder / fabricated.data.samples[min(fabricated.data.samples)]["reference"])
    crop = read_image(page[1] / "crops" / "set0-image0-8.png")
    places = [
        (top, left)
        for top in range(reference.shape[1] - SIDE + 1)
        for left in range(reference.shape[2] - SIDE + 1)
        if np.array_equal(reference[:, top : top + SIDE, left : left + SIDE], crop)
    ]
    assert len(places) == 1


def test_nothing_in_the_page_asks_the_network(page: tuple[Page, Path]) -> None:
    for _, attributes in page[0].tags:
        for name, value in attributes.items():
            if name in ("src", "href", "action", "srcset", "data", "poster", "xlink:href"):
                assert value is not None
                assert re.match(r"#|crops/", value), value
    source = (page[1] / "index.html").read_text()
    assert not re.findall(r"@import|url\((?!#)", source)


def test_a_hostile_run_is_inert(fabricated: ReportData, tmp_path: Path) -> None:
    secret = fabricated.run_folder.parent / "secret.png"
    write_image(secret, np.zeros((3, 128, 128), np.float32))
    data = hostile(fabricated.data, MARKUP, "../secret.png")
    report = replace(assemble(data, fabricated.run_folder), title=MARKUP, notes=MARKUP)
    out = tmp_path / "deep" / "report"
    out.mkdir(parents=True)
    found = write(report, out)
    count = lambda page, tag: sum(1 for name, _ in page.tags if name == tag)  # noqa: E731
    assert count(found, "script") == count(found, "style") == count(found, "title") == 1
    assert not [key for _, attributes in found.tags for key in attributes if key.startswith("on")]
    assert "alert(1)" in found.text
    assert "{{ 7*7 }}" in found.text
    assert "\u202e" not in found.text
    assert "refused: the path leads out of the run" in found.text
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"index\.html|set\d+-image\d+-\d+\.png", path.name) for path in files)
    assert len(files) == 1 + len(fabricated.data.samples)  # the page, and the references alone


@pytest.mark.parametrize("path", ["../x.png", "/etc/passwd", "a/../../x", "link/x.png", "a\0b"])
def test_paths_that_leave_the_run_are_refused(path: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "link").symlink_to(tmp_path)
    assert inside(run, path) is None


def test_paths_inside_the_run_are_found(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b.png") == tmp_path.resolve() / "b.png"


def test_damaged_and_missing_images_leave_a_note(fabricated: ReportData, tmp_path: Path) -> None:
    first, second, third, *others = fabricated.data.cells
    (fabricated.run_folder / "damaged.npy").write_bytes(b"\x93NUMPY garbage")
    cells = (CellRecord(first.cell, "gone.png", None), CellRecord(second.cell, "damaged.npy", None), third, *others)
    found = write(replace(fabricated, data=replace(fabricated.data, cells=cells)), tmp_path)
    assert found.text.count("not readable") == 2


def test_unquantised_images_are_read_too(fabricated: ReportData, tmp_path: Path) -> None:
    first, *others = fabricated.data.cells
    assert first.restored is not None
    image = read_image(fabricated.run_folder / first.restored)
    np.save(fabricated.run_folder / "float.npy", image)
    cells = (CellRecord(first.cell, "float.npy", None), *others)
    found = write(replace(fabricated, data=replace(fabricated.data, cells=cells)), tmp_path)
    assert "not readable" not in found.text


def test_an_html_file_can_be_named_and_stale_crops_go(fabricated: ReportData, tmp_path: Path) -> None:
    folder = tmp_path / "mine-files"
    folder.mkdir()
    (folder / "set9-image9-9.png").touch()
    (folder / "keep.txt").touch()
    assert HTMLReport().write(fabricated, tmp_path / "mine.html") == tmp_path / "mine.html"
    assert not (folder / "set9-image9-9.png").exists()
    assert (folder / "keep.txt").exists()


def test_an_empty_run_still_makes_a_page(fabricated: ReportData, tmp_path: Path) -> None:
    empty = replace(fabricated.data, scores=(), failures=(), timings=(), skipped=(), cells=(), samples={})
    assert "No restorer has a score yet" in write(assemble(empty, tmp_path), tmp_path).text


def test_the_window_is_where_the_images_differ() -> None:
    flat = np.full((1, 400, 400), 0.5, np.float32)
    other = flat.copy()
    other[:, 250:300, 130:180] = 1
    top, left = find_window([flat, other])
    assert top <= 250 and top + SIDE >= 300
    assert left <= 130 and left + SIDE >= 180


def test_plots_take_no_mathematics_or_markup_from_names() -> None:
    points = tuple(TradeOffPoint(f"{MARKUP}{n}", n + 1.0, n + 30.0, n == 2) for n in range(3))
    svg = draw_trade_off(
        TradeOff("quality-seconds", "s", "seconds", "psnr", False, True, points), {"psnr": MARKUP}, "a"
    )
    assert svg.startswith("<svg")
    found = Page(svg)
    assert {"script", "img", "style"}.isdisjoint(tag for tag, _ in found.tags)
    assert "alert(1)" in found.text


def test_plots_leave_out_infinite_points() -> None:
    points = (TradeOffPoint("a", 1.0, float("inf"), True), TradeOffPoint("b", 2.0, 30.0, False))
    assert draw_trade_off(TradeOff("quality-seconds", "s", "seconds", "psnr", False, True, points), {}, "a") == ""
