"""Pixels arrive as they are; what cannot be read, or lies outside the run, leaves a note."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from harness.images import Image, from_uint8, read_image, write_image
from reports.html.pictures import SIDE, PictureFile, find_window, inside, write_pictures


@pytest.fixture
def image() -> Image:
    return from_uint8(np.random.default_rng(1).integers(0, 256, (120, 144, 3), dtype=np.uint8))


def test_pixels_and_details_are_lossless(image: Image, tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", image)
    np.save(tmp_path / "b.npy", image)
    sources = [
        PictureFile("restored", "a", tmp_path / "a.png"),
        PictureFile("restored", "b", tmp_path / "b.npy"),
    ]
    shown = write_pictures(sources, tmp_path / "out", "stem")
    assert shown.frame == (144, 120)
    top, left = find_window([image, image])
    for picture in shown.pictures:
        assert np.array_equal(read_image(tmp_path / "out" / picture.file), image)
        detail = read_image(tmp_path / "out" / picture.detail)
        assert np.array_equal(detail, image[:, top : top + SIDE, left : left + SIDE])
    with PillowImage.open(tmp_path / "out" / shown.thumbnail) as thumbnail:
        assert thumbnail.format == "WEBP"


def test_a_degraded_detail_shows_the_same_window_at_its_own_scale(
    image: Image, tmp_path: Path
) -> None:
    write_image(tmp_path / "full.png", image)
    write_image(tmp_path / "small.png", np.ascontiguousarray(image[:, ::2, ::2]))
    sources = [
        PictureFile("degraded", "degraded", tmp_path / "small.png"),
        PictureFile("reference", "r", tmp_path / "full.png"),
    ]
    small, full = write_pictures(sources, tmp_path / "out", "stem").pictures
    seen, expected = (read_image(tmp_path / "out" / item.detail) for item in (small, full))
    assert np.array_equal(seen, expected[:, ::2, ::2])


def test_what_cannot_be_read_leaves_a_note(tmp_path: Path, image: Image) -> None:
    write_image(tmp_path / "good.png", image)
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY garbage")
    (tmp_path / "text.png").write_text("<svg onload=alert(1)>")
    names = ["gone.png", "damaged.npy", "text.png", "good.png"]
    sources = [PictureFile("restored", name, tmp_path / name) for name in names]
    shown = write_pictures(sources, tmp_path / "out", "stem")
    unread = ["not readable" in picture.note for picture in shown.pictures]
    assert unread == [True, True, True, False]
    assert [picture.label for picture in shown.readable] == ["good.png"]
    assert [path.name for path in (tmp_path / "out" / "pixels").rglob("*.*")] == ["3.png"]


@pytest.mark.parametrize("path", ["../x.png", "/etc/passwd", "a/../../x", "link/x.png", "a\0b"])
def test_paths_that_leave_the_run_are_refused(path: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "link").symlink_to(tmp_path)
    assert inside(run, path) is None


def test_paths_inside_the_run_are_found(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/../b.png") == tmp_path.resolve() / "b.png"


def test_the_window_is_where_the_images_differ() -> None:
    flat = np.full((1, 400, 400), 0.5, np.float32)
    other = flat.copy()
    other[:, 250:300, 130:180] = 1
    top, left = find_window([flat, other])
    assert top <= 250
    assert top + SIDE >= 300
    assert left <= 130
    assert left + SIDE >= 180
