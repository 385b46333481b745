"""Where everything of the report lies.

Names that came with the run become file names that cannot leave the folder.
"""

import hashlib
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

_PLAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
FOLDERS = ("pixels", "details", "thumbnails", "static", "data")
_OURS = re.compile(
    r"((restorer|set|images?)-[a-z0-9-]+|disagreement|about|regression|people)\.html"
    r"|(pixels|details|thumbnails)/([a-z0-9-]+/)?[a-z0-9-]+\.(png|webp)"
    r"|(static|data|pixels)/[a-z0-9-]+\.(css|js|svg)"
)


def slug(name: str) -> str:
    """Turns any name into lower-case letters, digits and hyphens.

    One that is nothing else stays as it is.
    """
    if _PLAIN.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    safe = re.sub(r"[^a-z0-9]+", "-", name.lower())[:48].strip("-")
    return f"{safe}-{digest}" if safe else digest


def _slugs(names: Mapping[Key, str]) -> dict[Key, str]:
    """One slug for each key.

    A name that was made to look like another's slug gets a number behind it.
    """
    found: dict[str, Key] = {}
    for key, name in names.items():
        first = text = slug(name)
        number = 2
        while text in found:
            text = f"{first}-{number}"
            number += 1
        found[text] = key
    return {key: text for text, key in found.items()}


@dataclass(frozen=True, slots=True)
class Places:
    """File names of the report.

    Attributes:
        index: The page to open.
        files: The folder of everything else, beside it.
        restorers: The stem of each restorer's file names.
        sets: That of each set's.
        images: That of each (set, image) that has a page.
    """

    index: Path
    files: Path
    restorers: Mapping[str, str]
    sets: Mapping[str | None, str]
    images: Mapping[tuple[str, str], str]

    def restorer(self, name: str) -> str:
        """Address of a restorer's page, from a page in the files folder."""
        return f"restorer-{self.restorers[name]}.html" if name in self.restorers else ""

    def set(self, name: str | None) -> str:
        """Address of a set's page; `None`: that of the whole benchmark."""
        return f"set-{self.sets[name]}.html" if name in self.sets else ""

    def images_of(self, name: str | None, page: int) -> str:
        """Address of a page of all images of a set; the first is 1."""
        return f"images-{self.sets[name]}-{page}.html"

    def image(self, set_name: str, image: str) -> str:
        """Address of an image's page, or an empty string when it has none."""
        known = (set_name, image) in self.images
        return f"image-{self.images[set_name, image]}.html" if known else ""


def plan_places(
    out: Path,
    restorers: Iterable[str],
    sets: Iterable[str | None],
    images: Iterable[tuple[str, str]],
) -> Places:
    """Decides on all file names.

    Args:
        out: A folder, which gets `index.html` and `site/`; or a page `NAME.html`, which gets
            `NAME-files/`.
        restorers: All restorers.
        sets: All sets that have a leaderboard, `None` for the whole benchmark.
        images: The images that get a page.
    """
    return Places(
        out if _is_page(out) else out / "index.html",
        _files(out),
        _slugs({name: name for name in restorers}),
        _slugs({name: name or "all-sets" for name in sets}),
        _slugs({(name, image): f"{name}-{image}" for name, image in images}),
    )


def _is_page(out: Path) -> bool:
    return out.suffix.lower() in (".html", ".htm")


def _files(out: Path) -> Path:
    return out.with_name(f"{out.stem}-files") if _is_page(out) else out / "site"


def make_folders(out: Path) -> Path:
    """Makes the files folder and what it holds; a link in place of one is not followed but goes.

    Args:
        out: As for `plan_places`.

    Returns:
        The files folder.
    """
    files = _files(out)
    for folder in (files, *(files / name for name in FOLDERS)):
        if folder.is_symlink():
            folder.unlink()
        folder.mkdir(parents=True, exist_ok=True)
    return files


def remove_stale(files: Path, written: Iterable[Path]) -> None:
    """Removes what an earlier report left in its folder.

    Files with names of ours that were not written now.
    """
    keep = set(written)
    for path in list(files.rglob("*")):
        if (
            path not in keep
            and _OURS.fullmatch(path.relative_to(files).as_posix())
            and path.is_file()
        ):
            path.unlink()
            if path.parent.parent.parent == files and not any(path.parent.iterdir()):
                path.parent.rmdir()
