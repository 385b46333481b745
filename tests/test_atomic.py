"""A file is whole, or as it was."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.error import URLError

import pytest

from harness.atomic import atomic_file, is_unchanged, mark_of


def test_a_file_changes_at_the_end_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_file(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_an_error_leaves_what_was_there(error: BaseException, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(type(error)), atomic_file(path) as partial:
        partial.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_links_are_replaced_and_not_followed(tmp_path: Path) -> None:
    elsewhere, path = tmp_path / "elsewhere.txt", tmp_path / "folder" / "a.txt"
    elsewhere.write_text("mine")
    path.parent.mkdir()
    path.symlink_to(elsewhere)
    path.with_name(f".a.txt.{os.getpid()}.partial").symlink_to(elsewhere)
    with atomic_file(path) as partial:
        partial.write_text("new")
    assert elsewhere.read_text() == "mine"
    assert not path.is_symlink()
    assert path.read_text() == "new"


def test_a_pipe_is_replaced_unless_it_is_what_a_user_names(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    os.mkfifo(path)
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK)) as reading:
        with atomic_file(path, pipes=True) as place:
            place.write_text("told")
        assert reading.read() == "told"
    assert path.is_fifo()
    with atomic_file(path) as partial:
        partial.write_text("kept")
    assert path.is_file()
    assert path.read_text() == "kept"


def test_what_is_in_the_way_or_does_not_fit_is_said_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.mkdir()
    said = r"Is a directory: '[^']*a\.npy'$"
    with pytest.raises(OSError, match=said), atomic_file(path) as partial:
        partial.touch()
    said = r"9 written; is the disk full\?: '.*b\.npy'"
    with pytest.raises(OSError, match=said), atomic_file(tmp_path / "b.npy"):
        raise OSError("16 requested and 9 written")  # as numpy does
    with pytest.raises(URLError, match="refused") as caught, atomic_file(tmp_path / "c.npy"):
        raise URLError("refused")
    assert "disk" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_unchanged_whatever_its_times_as_long_as_its_bytes_are(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.png", tmp_path / "b.png"
    path.write_bytes(b"picture")
    copy.write_bytes(b"picture")
    mark = mark_of(path)
    assert is_unchanged(path, mark)
    assert is_unchanged(copy, mark)
    times = path.stat()
    path.write_bytes(b"rutcip!")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not is_unchanged(path, mark), "of the same length and time"
    path.unlink()
    assert not is_unchanged(path, mark)
    for make in (os.mkfifo, Path.mkdir, lambda it: it.symlink_to(copy)):
        make(path)
        assert not is_unchanged(path, mark)
        path.rmdir() if path.is_dir() else path.unlink()
