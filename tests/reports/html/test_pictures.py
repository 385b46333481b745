"""Pixels arrive as they are, each once; what is there already is left alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from harness.images import Image, from_uint8, image_hash, read_image, to_uint8, write_image
from reports.html import pixels as pixels_module
from reports.html.pictures import SIDE, Shown, find_window, write_pictures
from reports.html.pixels import PictureFile, Pixels, is_whole
from reports.html.places import FOLDERS, make_folders

Write = Callable[..., Shown]


@pytest.fixture
def image() -> Image:
    return from_uint8(np.random.default_rng(1).integers(0, 256, (120, 144, 3), dtype=np.uint8))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The files folder of a report outside of the run."""
    return make_folders(tmp_path / "out")


@pytest.fixture
def write(tmp_path: Path, out: Path) -> Write:
    """Writes one viewer into a report that was not opened before."""

    def write_all(*sources: PictureFile, files: Path = out) -> Shown:
        pixels = Pixels(files, tmp_path / "run")
        shown = write_pictures(sources, pixels)
        pixels.note(shown.files)
        return shown

    return write_all


def written(files: Path) -> dict[str, int]:
    """When each picture of a report was written."""
    found = [path for name in FOLDERS for path in (files / name).iterdir()]
    return {path.relative_to(files).as_posix(): path.stat().st_mtime_ns for path in found}


def as_picture(image: Image) -> PillowImage.Image:
    pixels = to_uint8(image)
    return PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def test_pixels_and_details_are_lossless(
    image: Image, tmp_path: Path, out: Path, write: Write
) -> None:
    write_image(tmp_path / "a.png", image)
    np.save(tmp_path / "b.npy", image)
    sources = [PictureFile("restored", name, tmp_path / name) for name in ("a.png", "b.npy")]
    shown = write(*sources)
    assert shown.frame == (144, 120)
    left, top = find_window([as_picture(image)] * 2)
    for picture in shown.pictures:
        assert np.array_equal(read_image(out / picture.file), image)
        detail = read_image(out / picture.detail)
        assert np.array_equal(detail, image[:, top : top + SIDE, left : left + SIDE])
    with PillowImage.open(out / shown.thumbnail) as thumbnail:
        assert thumbnail.format == "WEBP"


def test_16_bits_are_shown_as_they_are(tmp_path: Path, out: Path, write: Write) -> None:
    deep = np.random.default_rng(2).integers(0, 65536, (100, 100), dtype=np.uint16)
    PillowImage.fromarray(deep).save(tmp_path / "deep.png")
    (picture,) = write(PictureFile("reference", "deep", tmp_path / "deep.png")).pictures
    assert (out / picture.file).read_bytes() == (tmp_path / "deep.png").read_bytes()
    assert read_image(out / picture.detail).shape == (3, SIDE, SIDE)


def test_a_degraded_detail_shows_the_same_window_at_its_own_scale(
    image: Image, tmp_path: Path, out: Path, write: Write
) -> None:
    write_image(tmp_path / "full.png", image)
    write_image(tmp_path / "small.png", np.ascontiguousarray(image[:, ::2, ::2]))
    small, full = write(
        PictureFile("degraded", "degraded", tmp_path / "small.png"),
        PictureFile("reference", "r", tmp_path / "full.png"),
    ).pictures
    seen, expected = (read_image(out / item.detail) for item in (small, full))
    assert np.array_equal(seen, expected[:, ::2, ::2])


def test_equal_pixels_are_there_once(image: Image, tmp_path: Path, out: Path, write: Write) -> None:
    sha256 = image_hash(image)
    for name in ("one.png", "other.png"):
        write_image(tmp_path / name, image)
    sources = [
        PictureFile("restored", n, tmp_path / n, sha256=sha256) for n in ("one.png", "other.png")
    ]
    assert len({picture.file for picture in write(*sources).pictures}) == 1
    write(sources[0])  # in another viewer
    names = [path.name for path in (out / "pixels").iterdir()]
    assert names == [f"{sha256[:16]}.png"]
    assert len(list((out / "thumbnails").iterdir())) == 1


def test_a_finer_degraded_image_that_looks_like_a_restored_one_is_there_once(
    image: Image, tmp_path: Path, out: Path, write: Write
) -> None:
    finer = image + np.float32(0.1 / 255)
    np.save(tmp_path / "degraded.npy", finer)
    write_image(tmp_path / "identity.png", image)
    given = PictureFile("degraded", "degraded", tmp_path / "degraded.npy", sha256=image_hash(finer))
    path = tmp_path / "identity.png"
    same = PictureFile("restored", "identity", path, sha256=image_hash(image), exact=True)
    for _ in range(2):  # the second report finds the degraded image in its own folder
        shown = write(given, same)
        assert [picture.label for picture in shown.readable] == ["degraded", "identity"]
        own = f"pixels/{image_hash(finer)[:16]}.png"
        assert {picture.file for picture in shown.readable} == {own}
        assert list((out / "pixels").iterdir()) == [out / own], "it is not written to be removed"
        assert np.array_equal(read_image(out / shown.pictures[1].file), image)


def test_what_is_there_is_neither_read_nor_written_again(
    image: Image, tmp_path: Path, out: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    write_image(path, image)
    source = PictureFile("restored", "a", path, sha256=image_hash(image), exact=True)
    first = write(source)
    before = written(out)
    path.unlink()
    monkeypatch.setattr(pixels_module, "decode", None)
    assert write(source) == first
    assert written(out) == before


@pytest.mark.parametrize("kind", ["pixels", "details", "thumbnails"])
@pytest.mark.parametrize(
    "harm", ["emptied", "truncated", "deleted", "inverted", "linked", "touched up", "pipe"]
)
def test_what_was_damaged_is_written_again(
    kind: str, harm: str, image: Image, tmp_path: Path, out: Path, write: Write
) -> None:
    path = tmp_path / "a.png"
    write_image(path, image)
    source = PictureFile("restored", "a", path, sha256=image_hash(image), exact=True)
    write(source)
    (hurt,) = (out / kind).iterdir()
    content = hurt.read_bytes()
    hurt.unlink()
    if harm == "linked":
        (tmp_path / "elsewhere").write_bytes(content)
        hurt.symlink_to(tmp_path / "elsewhere")
    elif harm == "pipe":
        os.mkfifo(hurt)
    elif harm != "deleted":
        half = len(content) // 2
        inverted = bytes(255 - byte for byte in content[:half])
        # as another picture of the same length would be: both its ends are right
        other = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        harmed = {
            "emptied": b"",
            "truncated": content[:half],
            "inverted": inverted + content[half:],
            "touched up": other,
        }
        hurt.write_bytes(harmed[harm])
    write(source)
    assert hurt.read_bytes() == content
    assert not hurt.is_symlink()


def test_pixels_damaged_in_their_middle_are_noticed_when_they_are_needed(
    image: Image, tmp_path: Path, out: Path, write: Write
) -> None:
    write_image(tmp_path / "a.png", image)
    source = PictureFile("restored", "a", tmp_path / "a.png", sha256=image_hash(image))
    (picture,) = write(source).pictures
    content = bytearray((out / picture.file).read_bytes())
    content[200:300] = bytes(100)
    (out / picture.file).write_bytes(content)
    shutil.rmtree(out / "details")
    make_folders(out.parent)
    assert write(source).pictures == (picture,)
    assert np.array_equal(read_image(out / picture.file), image)


def test_a_run_links_its_pictures_and_others_copy_them(
    image: Image, tmp_path: Path, out: Path, write: Write
) -> None:
    path = tmp_path / "run" / "restored" / "a.png"
    path.parent.mkdir(parents=True)
    write_image(path, image)
    source = PictureFile("restored", "a", path, sha256=image_hash(image))
    own = make_folders(tmp_path / "run" / "report")
    (linked,), (copied,) = write(source, files=own).pictures, write(source, files=out).pictures
    assert (own / linked.file).samefile(path)
    assert not (out / copied.file).samefile(path)
    assert (out / copied.file).read_bytes() == path.read_bytes()


def test_pixels_that_are_not_the_runs_are_not_shown(
    image: Image, tmp_path: Path, write: Write, out: Path
) -> None:
    other = np.ascontiguousarray(image[:, ::-1])
    write_image(tmp_path / "a.png", other)
    np.save(tmp_path / "b.npy", other)
    for name in ("a.png", "b.npy"):
        source = PictureFile("restored", "a", tmp_path / name, sha256=image_hash(image), exact=True)
        (picture,) = write(source).pictures
        assert not picture.file
        assert "not what the run wrote" in picture.note
    assert not list((out / "pixels").iterdir())
    grey = image[:1]
    write_image(tmp_path / "grey.png", grey)
    source = PictureFile(
        "restored", "a", tmp_path / "grey.png", sha256=image_hash(grey), exact=True
    )
    assert write(source).readable


def test_what_cannot_be_read_leaves_a_note(
    tmp_path: Path, image: Image, out: Path, write: Write
) -> None:
    write_image(tmp_path / "good.png", image)
    (tmp_path / "damaged.npy").write_bytes(b"\x93NUMPY garbage")
    (tmp_path / "text.png").write_text("<svg onload=alert(1)>")
    names = ["gone.png", "damaged.npy", "text.png", "good.png"]
    shown = write(*(PictureFile("restored", name, tmp_path / name) for name in names))
    unread = ["not readable" in picture.note for picture in shown.pictures]
    assert unread == [True, True, True, False]
    assert [picture.label for picture in shown.readable] == ["good.png"]
    assert [f"pixels/{path.name}" for path in (out / "pixels").iterdir()] == [
        shown.readable[0].file
    ]


@pytest.mark.parametrize("sha256", ["../../x", "A" * 64, "a" * 63, ""])
def test_a_hash_that_is_none_names_no_file(sha256: str, tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", np.zeros((1, 8, 8), np.float32))
    pixels = Pixels(make_folders(tmp_path / "out"), tmp_path / "run")
    kept, _ = pixels.keep(PictureFile("restored", "a", tmp_path / "a.png", sha256=sha256))
    assert kept is not None
    assert len(kept.stem) == 16
    assert pixels.here(sha256) is None


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "site").symlink_to(elsewhere)
    files = make_folders(tmp_path / "report")
    assert not files.is_symlink()
    assert not list(elsewhere.iterdir())


def test_only_a_whole_picture_is_whole(tmp_path: Path, image: Image) -> None:
    for name in ("a.png", "a.webp"):
        as_picture(image).save(tmp_path / name)
        assert is_whole(tmp_path / name)
        content = (tmp_path / name).read_bytes()
        for length in (0, 5, 30, len(content) - 1):
            (tmp_path / name).write_bytes(content[:length])
            assert not is_whole(tmp_path / name)
    assert not is_whole(tmp_path / "gone.png")
    assert not is_whole(tmp_path)


def test_the_window_is_where_the_images_differ() -> None:
    flat = np.full((1, 400, 400), 0.5, np.float32)
    other = flat.copy()
    other[:, 250:300, 130:180] = 1
    left, top = find_window([as_picture(flat), as_picture(other)])
    assert top <= 250
    assert top + SIDE >= 300
    assert left <= 130
    assert left + SIDE >= 180


@pytest.mark.parametrize("shape", [(60, 200), (200, 60), (96, 96), (130, 250), (1, 1)])
def test_the_window_is_the_best_of_all_that_lie_inside(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(4)
    planes = generator.integers(0, 256, (3, *shape), dtype=np.uint8)
    planes[:, : shape[0] // 2] //= 4
    found = find_window([PillowImage.fromarray(plane) for plane in planes])
    variance = planes.astype(np.float64).var(axis=0)
    corners = [
        (left, top)
        for top in range(0, max(1, shape[0] - SIDE + 1), 24)
        for left in range(0, max(1, shape[1] - SIDE + 1), 24)
    ]

    def within(corner: tuple[int, int]) -> float:
        left, top = corner
        return float(variance[top : top + SIDE, left : left + SIDE].sum())

    assert found in corners
    assert within(found) == pytest.approx(max(map(within, corners)))
