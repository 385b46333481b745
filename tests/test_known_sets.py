"""Known sets: what is missing, extra or different is found by pixels; no path leaves the folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from harness.errors import InputError
from harness.images import write_image
from harness.known_sets import KnownSet, hash_file, safe_path, verify


def image(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((3, 6, 7), dtype=np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed, name in enumerate(("a", "b")):
        (tmp_path / "HR").mkdir(exist_ok=True)
        write_image(tmp_path / "HR" / f"{name}.png", image(seed))
    return tmp_path


def known(folder: Path, **changes: object) -> KnownSet:
    files = {f"HR/{name}.png": hash_file(folder / "HR" / f"{name}.png") for name in ("a", "b")}
    facts = {"images": 2, "licence": "MIT", "paper": "", "source": "by hand", "files": files}
    return KnownSet("mine", "Mine", **{**facts, **changes})  # type: ignore[arg-type]


def statuses(known_set: KnownSet, folder: Path) -> dict[str, str]:
    return {finding.path: finding.status for finding in verify(known_set, folder)}


def test_the_same_pixels_in_another_file_format_are_the_same_image(folder: Path) -> None:
    pinned = known(folder)
    PillowImage.open(folder / "HR/a.png").save(folder / "HR/a.bmp")
    (folder / "HR/a.png").unlink()
    assert statuses(pinned, folder) == {"HR/a.png": "same", "HR/b.png": "same"}


def test_what_is_missing_extra_and_different_is_named(folder: Path) -> None:
    pinned = known(folder)
    (folder / "HR/a.png").unlink()
    changed = image(1)
    changed[0, 0, 0] = 1 - changed[0, 0, 0]
    write_image(folder / "HR/b.png", changed)
    write_image(folder / "Grün ü.png", image(5))
    (folder / ".hidden").mkdir()
    write_image(folder / ".hidden/x.png", image(6))
    assert statuses(pinned, folder) == {
        "Grün ü.png": "extra",
        "HR/a.png": "missing",
        "HR/b.png": "different",
    }


def test_an_image_is_known_by_its_pixels_whatever_it_is_called(folder: Path) -> None:
    pinned = known(folder)
    (folder / "HR/a.png").rename(folder / "HR/x.png")
    PillowImage.open(folder / "HR/b.png").save(folder / "img_002.bmp")
    (folder / "HR/b.png").unlink()
    assert statuses(pinned, folder) == {"HR/a.png": "same", "HR/b.png": "same"}
    messages = {finding.path: finding.message for finding in verify(pinned, folder)}
    assert messages["HR/b.png"] == "it lies here as img_002.bmp"
    (folder / "img_002.bmp").unlink()
    write_image(folder / "HR/b.png", image(1))
    (folder / "HR/x.png").rename(folder / "HR/c.png")
    (folder / "HR/b.png").rename(folder / "HR/a.png")
    (folder / "HR/c.png").rename(folder / "HR/b.png")
    assert statuses(pinned, folder) == {"HR/a.png": "same", "HR/b.png": "same"}, "exchanged"


def test_a_picture_of_a_jpeg_is_the_same_image(tmp_path: Path) -> None:
    for name in ("published", "mine", "grey"):
        (tmp_path / name).mkdir()
    noise = np.random.default_rng(3).integers(0, 255, (40, 48, 3), np.uint8)
    PillowImage.fromarray(noise).save(tmp_path / "published/101085.jpg", quality=80)
    PillowImage.open(tmp_path / "published/101085.jpg").save(tmp_path / "mine/001.png")
    files = {"101085.jpg": hash_file(tmp_path / "published/101085.jpg")}
    pinned = known_of(files)
    assert statuses(pinned, tmp_path / "published") == {"101085.jpg": "same"}
    assert statuses(pinned, tmp_path / "mine") == {"101085.jpg": "same"}
    png = known_of({"001.png": hash_file(tmp_path / "mine/001.png")})
    assert statuses(png, tmp_path / "published") == {"001.png": "same"}

    PillowImage.fromarray(noise[..., 0]).save(tmp_path / "grey/a.png")
    grey = known_of({"a.png": hash_file(tmp_path / "grey/a.png")})
    PillowImage.open(tmp_path / "grey/a.png").convert("RGB").save(tmp_path / "grey/a.png")
    assert statuses(grey, tmp_path / "grey") == {"a.png": "same"}, "three equal planes"


def known_of(files: dict[str, str | None]) -> KnownSet:
    return KnownSet("mine", "Mine", len(files), "MIT", "", "by hand", files)


def test_a_broken_file_is_different_and_says_why(folder: Path) -> None:
    pinned = known(folder)
    (folder / "HR/b.png").write_bytes(b"")
    [_, broken] = verify(pinned, folder)
    assert broken.status == "different"
    assert "cannot be read as an image" in broken.message


def test_a_jpeg_is_known_by_its_bytes(tmp_path: Path) -> None:
    PillowImage.new("RGB", (8, 8)).save(tmp_path / "a.jpg", quality=90)
    first = hash_file(tmp_path / "a.jpg")
    PillowImage.new("RGB", (8, 8)).save(tmp_path / "a.jpg", quality=80)
    assert hash_file(tmp_path / "a.jpg") != first


def test_without_hashes_the_count_is_all_that_is_said(folder: Path) -> None:
    assert set(statuses(known(folder, files={}), folder).values()) == {"not pinned"}
    assert statuses(known(folder, files={}, images=3), folder)["."] == "missing"
    assert statuses(known(folder, files={"HR/a.png": None}), folder) == {
        "HR/a.png": "not pinned",
        "HR/b.png": "extra",
    }
    pairs = known(folder, files={}, parts=("degraded", "reference"))
    assert statuses(pairs, folder)["degraded/"] == "missing"


def test_a_folder_that_is_not_there_says_where_to_get_the_set(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="get mine from: by hand"):
        verify(known(folder), tmp_path / "gone")


@pytest.mark.parametrize(
    "path", ["../a.png", "/etc/a.png", "x/../../a.png", "..\\a.png", "run.sh", "link/a.png"]
)
def test_no_path_leaves_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set/link").symlink_to(tmp_path)
    with pytest.raises(InputError, match="is no path of an image"):
        safe_path(tmp_path / "set", path)
