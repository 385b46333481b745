"""Which files of a folder are images."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.formats import image_files, require_images


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
    with pytest.raises(InputError, match=r"holds no image; expected files ending in \.bmp, \.gif"):
        require_images(tmp_path)
