"""Which files of a folder are images, and text in whatever encoding it was saved."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image as PillowImage

from harness.dri.training.config_files import FOLDER as CONFIGS
from harness.dri.training.config_files import read_config
from harness.errors import HarnessError, InputError
from harness.formats import (
    image_files,
    images_of,
    left_out,
    parse_toml,
    read_text,
    read_toml,
    require_images,
)
from harness.images import read_image
from harness.plugins.degradation_text import parse_recipe
from harness.plugins.kinds import resolve_benchmark
from harness.regression.baseline_file import read_baseline
from harness.regression.tolerances import read_settings
from harness.scoring.mos import read_labels


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


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n"
PAGE = "\n<!DOCTYPE html><html><body>Log in</body></html>"


@pytest.mark.parametrize(("content", "what"), [(POINTER, "git lfs pull"), (PAGE, "a web page")])
def test_what_was_not_downloaded_is_called_that(content: str, what: str, tmp_path: Path) -> None:
    readers: dict[str, Callable[[Path], object]] = {
        "a.toml": read_settings, "b.toml": lambda path: resolve_benchmark(str(path)),
        "labels.csv": lambda path: read_labels(path.parent), "baseline.json": read_baseline,
        "a.png": read_image, "a.tif": read_image, "a.npy": read_image,
    }  # fmt: skip
    for name, read in readers.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(HarnessError, match=what):
            read(tmp_path / name)


WORDS = 'name = "Größe 写真"\n'


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_text_is_read_in_the_encoding_that_it_names(encoding: str, tmp_path: Path) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (tmp_path / "a.toml").write_bytes(mark + WORDS.encode(encoding))
    assert read_text(tmp_path / "a.toml", "file") == WORDS
    assert read_toml(tmp_path / "a.toml", "file") == {"name": "Größe 写真"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a = 1\nb = 'Größe'".encode("latin-1"), "is not UTF-8 (byte 0xf6 in line 2): save it"),
        ("a = '写真'".encode("shift-jis"), "is not UTF-8 (byte 0x8e in line 1)"),
        ("a = 1".encode("utf-16-le"), "is no text, or UTF-16 that does not say so"),
        (b"\xff\xfea", "is not UTF-16"),
        (b"\x89PNG\r\n\x1a\n", "is not UTF-8"),
        (None, "does not exist"),
    ],
)
def test_other_text_is_refused_with_the_place(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(InputError) as error:
        read_toml(tmp_path / "a.toml", "settings")
    assert f"settings {tmp_path / 'a.toml'} {message}" in str(error.value)


@pytest.mark.parametrize("deep", ["a = " + "[" * 30_000, "a = " + "{b = " * 30_000])
def test_toml_that_is_nested_too_deeply_is_one_line(deep: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(deep)
    with pytest.raises(InputError, match="nested too deeply"):
        read_toml(tmp_path / "a.toml", "recipe")


def benchmark(path: Path) -> object:
    return resolve_benchmark(str(path))


def recipe(path: Path) -> object:
    return parse_recipe(str(path), None)


READERS = {"benchmark": benchmark, "recipe": recipe, "settings": read_settings,
           "training": read_config}  # fmt: skip
GOOD = {
    "benchmark": 'name = "t"\nmetrics = ["psnr"]\n[[sets]]\nname = "s"\ntask = "denoise"\n'
    'folder = "."\ndegradations = [{ name = "gaussian-noise", sigma_255 = 25 }]\n',
    "recipe": 'degradations = [{ name = "gaussian-noise", sigma_255 = 25 }]\n',
    "settings": "[tolerance]\npsnr = 0.5\n",
    "training": 'extends = "stage-1"\n',
}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", READERS)
def test_a_byte_order_mark_stops_no_reader(kind: str, encoding: str, tmp_path: Path) -> None:
    good = GOOD[kind].replace("stage-1", sorted(CONFIGS.glob("*.toml"))[0].stem)
    (tmp_path / "plain.toml").write_text(good)
    (tmp_path / "marked.toml").write_bytes(good.encode(encoding))
    plain, marked = (READERS[kind](tmp_path / f"{name}.toml") for name in ("plain", "marked"))
    assert repr(marked) == repr(plain).replace("plain", "marked")


@pytest.mark.parametrize(
    "bad", ["a = " + "[" * 30_000, "a = 'Gr\xf6\xdfe'"], ids=["deep", "latin-1"]
)
@pytest.mark.parametrize("kind", READERS)
def test_every_reader_says_in_one_line_what_is_wrong(kind: str, bad: str, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(bad.encode("latin-1"))
    with pytest.raises(InputError, match=r"bad\.toml (cannot be read|is not UTF-8)") as error:
        READERS[kind](tmp_path / "bad.toml")
    assert len(str(error.value).splitlines()) == 1


def test_a_key_of_thousands_of_parts_is_one_line() -> None:
    for text in ("a." * 20_000 + "a = 1", "[" + "a . " * 20_000 + "a]", '"a".' * 5000 + "a = 1"):
        with pytest.raises(InputError, match="a key has more than 64 parts"):
            parse_toml(text, "file")
    long = {"text": "a.b." * 1000, "a": {"b": 1}}
    assert parse_toml(f'text = "{"a.b." * 1000}"\na.b = 1', "file") == long


def test_what_a_folder_has_besides_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "fetched.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "not-fetched.png").symlink_to(".git/annex/objects/gone.png")
    os.mkfifo(tmp_path / "pipe.png")
    for folder in ("inside", "empty", "photo.png"):
        (tmp_path / folder).mkdir()
    (tmp_path / "inside" / "b.png").touch()
    assert [path.name for path in image_files(tmp_path)] == ["a.png", "fetched.png"]
    links, folders = left_out(tmp_path)
    assert "lead nowhere, and pipes, are left out: not-fetched.png, pipe.png" in links
    assert "git annex get" in links
    assert folders.endswith("are left out: inside")


def test_a_number_of_thousands_of_digits_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("a = " + "9" * 5000)
    with pytest.raises(InputError, match="a number has thousands of digits"):
        read_toml(tmp_path / "a.toml", "file")
