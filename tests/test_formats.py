"""Which files of a folder are images."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from harness.errors import InputError
from harness.formats import image_files, images_of, require_images
from harness.images import read_image


def test_images_are_found_in_the_order_of_their_paths_without_what_is_hidden(
    tmp_path: Path,
) -> None:
    for name in ("b.PNG", "a.jpeg", "c.txt", ".d.png", "in/e.tif", ".cache/f.png", "in/.g/h.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in image_files(tmp_path)] == ["a.jpeg", "b.PNG"]
    deep = [path.relative_to(tmp_path).as_posix() for path in image_files(tmp_path, deep=True)]
    assert deep == ["a.jpeg", "b.PNG", "in/e.tif"]
    assert [path.name for path in image_files(tmp_path, suffixes=(".txt",))] == ["c.txt"]
    hidden = tmp_path / ".cache"
    assert [path.name for path in image_files(hidden)] == ["f.png"], "the user named it"


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    with pytest.raises(
        InputError, match=r"holds no image; expected files ending in \.apng, \.avif, \.bmp"
    ):
        require_images(tmp_path)


@pytest.mark.parametrize("name", ["a.avif", "a.JP2", "a.tga", "a.pbm", "a.jfif"])
def test_what_the_decoder_reads_is_an_image_of_a_folder(tmp_path: Path, name: str) -> None:
    PillowImage.new("1" if name == "a.pbm" else "RGB", (8, 8)).save(tmp_path / name)
    assert [path.name for path in require_images(tmp_path)] == [name]
    assert read_image(tmp_path / name).shape[1:] == (8, 8)


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="is a pipe or a device"):
        images_of(tmp_path / "pipe.png")
    assert images_of(tmp_path / "gone.png") == [tmp_path / "gone.png"], "whoever reads it says so"
