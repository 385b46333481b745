"""Which files are scored, by which metrics, each beside which reference.

Apart from what scores them: it needs no numpy.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.formats import images_of, require_images
from harness.plugins.kinds import MetricClass, metrics
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
    classes = {name: metrics.get(name) for name in names}
    for name, cls in classes.items():
        require_usable(f"metric {name}", cls)
    return classes


class References:
    """Finds an image's reference by its name without suffix, never by its position.

    Args:
        source: A folder; a file, which is everyone's reference; or `None`: there are none.

    Raises:
        InputError: A folder without any image.
    """

    def __init__(self, source: Path | None) -> None:
        self.source = source
        self._by_stem: dict[str, list[Path]] = {}
        for path in require_images(source) if source and source.is_dir() else []:
            self._by_stem.setdefault(path.stem, []).append(path)

    def pair(self, path: Path) -> ImagePair:
        """An image beside its reference."""
        return ImagePair(path, self.find(path))

    def find(self, path: Path) -> Path | str:
        """The reference of an image, or why it has none."""
        if self.source is None:
            return "no references were given: add --reference DIR"
        if self.source.is_file():
            return self.source
        found = self._by_stem.get(path.stem, [])
        if not found:
            return (
                f"{self.source} holds no reference called {path.stem!r}; names without suffix "
                "must agree"
            )
        if len(found) > 1:
            return f"two references are called {path.stem!r}: {found[0].name} and {found[1].name}"
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
