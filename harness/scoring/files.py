"""Which files are scored, by which metrics, each beside which reference.

Apart from what scores them: it needs no numpy.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError, as_utf8
from harness.formats import (
    check_pattern,
    images_of,
    is_named_for,
    nearly_named,
    require_images,
)
from harness.plugins.kinds import MetricClass, image_metric
from harness.plugins.registry import require_usable


@dataclass(frozen=True, slots=True)
class ImagePair:
    """One image to be scored.

    Attributes:
        path: Its file.
        reference: Its reference's file, why it has none, or `None`: nobody named one.
    """

    path: Path
    reference: Path | str | None = None


def usable_metrics(names: Sequence[str]) -> dict[str, MetricClass]:
    """The classes of metrics by name, each once.

    Raises:
        UnknownNameError: Nobody registers one of the names.
        UnavailableError: One is not usable here.
    """
    classes = {name: image_metric(name) for name in names}
    for name, cls in classes.items():
        require_usable(f"metric {name}", cls)
    return classes


class References:
    """Finds an image's reference by its name, never by its position.

    They belong together as results and images do (`harness.formats.is_named_for`).

    Args:
        source: A folder; a file, which is everyone's reference; or `None`: there are none.
        pattern: How the image of the reference `{id}` is called, where that is not seen.

    Raises:
        InputError: A folder without any image, or no pattern.
    """

    def __init__(self, source: Path | None, pattern: str = "") -> None:
        check_pattern(pattern)
        self.source, self.pattern = source, pattern
        folder = source is not None and source.is_dir()
        if pattern and not folder:
            raise InputError("a pattern is for a folder of references: give --reference DIR")
        self.files = require_images(source) if source and folder else []
        self._by_stem: dict[str, list[Path]] = {}
        for path in self.files:
            self._by_stem.setdefault(as_utf8(path.stem), []).append(path)

    def pair(self, path: Path) -> ImagePair:
        """An image beside its reference."""
        return ImagePair(path, self.find(path))

    def find(self, path: Path) -> Path | str:
        """The reference of an image, or why it has none."""
        if self.source is None:
            return "no references were given: add --reference DIR"
        if self.source.is_file():
            return self.source
        ids = [id for id in self._by_stem if is_named_for(path, id, self.pattern)]
        if not ids:
            called = f"by the pattern {self.pattern!r}" if self.pattern else f"called {path.stem!r}"
            near = nearly_named(as_utf8(path.stem), self.files)
            hint = f"; there is {' and '.join(near)}" if near else "; pairs are found by name"
            return f"{self.source} holds no reference {called}{hint}"
        # `img_1.png` is of `img_1`, where there is an `img` as well
        found = self._by_stem[max(ids, key=len)]
        if len(found) > 1:
            names = f"{found[0].name} and {found[1].name}"
            return f"two references are called {found[0].stem!r}: {names}"
        return found[0]


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Files as they are given, and the images of folders by name; each once, however it is named.

    Raises:
        InputError: A folder without any image, or what is no file.
    """
    places: dict[str, Path] = {}
    for path in paths:
        for file in images_of(path):
            places.setdefault(os.path.realpath(file), file)
    return list(places.values())
