"""Which files of a folder are images, whose they are, and text in whatever encoding it was saved.

Apart from `harness.images`, so that `restobench list` needs no numpy.
"""

import codecs
import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePath
from typing import Any

from harness.cards import finite_number
from harness.errors import InputError, as_utf8

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".avif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".pfm", ".tga", ".icb", ".vda", ".vst", ".dib", ".apng"}
    | {".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".mpo", ".qoi", ".pcx", ".dds"}
    | {".sgi", ".rgb", ".rgba", ".bw", ".npy"}
)
"""File name suffixes, in lower case, that folders of images are searched for."""


MANIFEST = "manifest.json"
"""How the names of the files end in which the harness says what a folder holds."""


def image_files(
    folder: Path, *, deep: bool = False, suffixes: Collection[str] = SUFFIXES
) -> list[Path]:
    """The images of a folder in the order of their paths, without what is hidden.

    Args:
        folder: Where to look.
        deep: Whether folders inside it are searched too.
        suffixes: What counts as an image.
    """
    found = _image_names(str(folder), deep, suffixes)
    return sorted(folder / name for name in found) if deep else [folder / n for n in sorted(found)]


def _image_names(folder: str, deep: bool, suffixes: Collection[str]) -> Iterator[str]:
    """Paths within a folder; the kernel says of each name what it is, without another question."""
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            if PurePath(name).suffix.lower() in suffixes and entry.is_file():
                yield name
            elif deep and entry.is_dir(follow_symlinks=False):
                inside = _image_names(entry.path, deep, suffixes)
                yield from (f"{name}/{path}" for path in inside)


def left_out(folder: Path) -> list[str]:
    """What of a folder `image_files` leaves out, a line for each kind.

    A set must not be short in silence. Most hidden ones are what other systems leave beside a file,
    such as macOS's `._photo.png`.
    """
    hidden, other, empty, folders = [], [], [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            name, is_image = entry.name, PurePath(entry.name).suffix.lower() in SUFFIXES
            if name.startswith("."):
                hidden += [name] if is_image else []
            elif entry.is_dir():
                folders += [name] if _holds_images(entry.path) else []
            elif not entry.is_file():
                empty += [name] if is_image else []
            elif not is_image and not name.endswith(MANIFEST):
                other.append(name)
    lines = [f"hidden files of {folder} are left out: {_some(hidden)}"] if hidden else []
    if empty:
        lines.append(
            f"links of {folder} that lead nowhere, and pipes, are left out: {_some(empty)}; "
            "`git annex get` brings what git-annex has not fetched"
        )
    if folders:
        lines.append(f"images in folders of {folder} are left out: {_some(folders)}")
    if other:
        files = "1 file" if len(other) == 1 else f"{len(other)} files"
        lines.append(f"{files} of {folder} left out, of no format that is read: {_some(other)}")
    return lines


def _holds_images(folder: str) -> bool:
    with os.scandir(folder) as entries:
        return any(PurePath(entry.name).suffix.lower() in SUFFIXES for entry in entries)


def _some(names: list[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def require_images(folder: Path, *, deep: bool = False) -> list[Path]:
    """As `image_files`, of a folder that has to hold some.

    Raises:
        InputError: It holds no image.
    """
    found = image_files(folder, deep=deep)
    if not found:
        expected = ", ".join(sorted(SUFFIXES))
        raise InputError(f"{folder} holds no image; expected files ending in {expected}")
    return found


def images_of(path: Path) -> list[Path]:
    """The images of a folder, or the file that a path is.

    Raises:
        InputError: A folder without any image, or what is neither: a pipe would be waited for.
    """
    if path.is_dir():
        return require_images(path)
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a pipe or a device; expected an image file or a folder")
    return [path]


def is_named_for(file: Path, id: str, pattern: str = "") -> bool:
    """Whether a file is a result of an image, by its name alone.

    It is when its name without suffix is the image's, or begins with it and goes on as papers do:
    `baboon.png`, `baboonx4.png`, `baboon_SwinIR.png`.

    Args:
        file: The file.
        id: The image.
        pattern: The exact file name in place of that, `{id}` standing for the image.
    """
    if pattern:
        return as_utf8(file.name) == pattern.replace("{id}", id)
    added = rf"{re.escape(id)}(?:(?:[_\-.]|x\d).*)?"
    return re.fullmatch(added, as_utf8(file.stem), re.DOTALL) is not None


def named_for(id: str, files: Sequence[Path], pattern: str = "") -> list[Path]:
    """The files that are results of an image: those of exactly its name, or else longer ones."""
    found = [file for file in files if is_named_for(file, id, pattern)]
    return [file for file in found if as_utf8(file.stem) == id] or found


def nearly_named(id: str, files: Sequence[Path]) -> list[str]:
    """Names of files that may have been meant for an image that has none."""
    from difflib import get_close_matches

    stems = {as_utf8(file.stem).casefold(): as_utf8(file.name) for file in files}
    name = id.casefold()
    close = get_close_matches(name, stems, 2, 0.75)
    # `Baboon.png`, `0801x4.png` of 801, and `baboon.png` of baboonNet
    part = name.lstrip("0") or name
    close += [stem for stem in stems if part in stem or (len(stem) > 2 and stem in name)]
    return list(dict.fromkeys(stems[stem] for stem in close))[:2]


def check_pattern(pattern: str) -> None:
    """Refuses what is no pattern of file names.

    Raises:
        InputError: It has no `{id}`, or is a path.
    """
    if pattern and ("{id}" not in pattern or "/" in pattern):
        raise InputError(f"pattern is {pattern!r}; expected a file name with {{id}} in it")


_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""What editors put before text to say how it is encoded."""


_STAND_INS = (
    (
        rb"(\xef\xbb\xbf)?version https://git-lfs",
        "is a pointer of Git LFS, and not the file itself: run `git lfs pull` where it was cloned, "
        "or download it by hand",
    ),
    (
        rb"(\xef\xbb\xbf)?(\.\./)*\.git/annex/|/annex/objects/",
        "is a pointer of git-annex, and not the file itself: run `git annex get` on it",
    ),
    (
        rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|\?xml|error)",
        "is a web page, such as a download that wants a click or a login gives: open its address "
        "in a browser",
    ),
)


def stands_in(begins: bytes) -> str | None:
    """What a file plainly is that lies in the place of one that was not downloaded, or `None`.

    Args:
        begins: Its first bytes, 512 or more.

    Returns:
        What to say after its name, with what to do.
    """
    return next((said for pattern, said in _STAND_INS if re.match(pattern, begins)), None)


def lies_in_place(path: str | Path) -> str | None:
    """As `stands_in`, of a file; `None` for one that cannot be opened."""
    try:
        with Path(path).open("rb") as file:
            return stands_in(file.read(512))
    except OSError:
        return None


def read_text(path: Path, what: str, most: int = 2**28) -> str:
    """Reads a text file that somebody may have saved with any editor.

    Args:
        path: The file.
        what: It is called so in messages, which add the path.
        most: So many bytes it may have.

    Raises:
        InputError: As `decode_text`; or it is not there, too long, or cannot be read.
    """
    try:
        with path.open("rb") as file:  # a device may never end
            content = file.read(most + 1)
    except FileNotFoundError:
        raise InputError(f"{what} {path} does not exist") from None
    except OSError as error:
        raise InputError(f"{what} {path} cannot be read: {error.strerror}") from None
    if len(content) > most:
        raise InputError(f"{what} {path} has more than {most:,} bytes; expected a text file")
    return decode_text(content, f"{what} {path}")


def decode_text(content: bytes, what: str) -> str:
    """Decodes what its byte order mark says, or UTF-8; the mark itself is left out.

    Args:
        content: The bytes.
        what: They are called so in messages.

    Raises:
        InputError: They are text in another encoding, no text, or in the place of a file that was
            not downloaded.
    """
    if (why := stands_in(content)) is not None:
        raise InputError(f"{what} {why}")
    encoding = next((name for mark, name in _MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        seen = f"byte 0x{content[error.start]:02x} in line {line}"
        raise InputError(
            f"{what} is not {encoding.removesuffix('-sig').upper()} ({seen}): save it as UTF-8"
        ) from None
    if "\0" in text:
        raise InputError(f"{what} is no text, or UTF-16 that does not say so: save it as UTF-8")
    return text


_MOST_PARTS = 64
_LONG_KEY = re.compile(rf"(?m)^[\s\[]*+(?:[\w\"'-]++[ \t]*+\.[ \t]*+){{{_MOST_PARTS}}}")


def parse_toml(text: str, what: str) -> dict[str, Any]:
    """Parses TOML.

    Args:
        text: The content of a file.
        what: It is called so in messages.

    Raises:
        InputError: It is no TOML, nested too deeply to be read, or has a number that is not finite.
    """
    import tomllib

    if _LONG_KEY.search(text):  # each part is looked up from the first on
        raise InputError(f"{what} cannot be read: a key has more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text, parse_float=finite_number)
    except (tomllib.TOMLDecodeError, InputError) as error:
        raise InputError(f"{what} cannot be read: {error}") from None
    except RecursionError:
        raise InputError(f"{what} cannot be read: its values are nested too deeply") from None
    except ValueError:  # Python's own limit: longer ones take for ever
        raise InputError(f"{what} cannot be read: a number has thousands of digits") from None


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Reads a TOML file; as `read_text` and `parse_toml`."""
    return parse_toml(read_text(path, what), f"{what} {path}")
