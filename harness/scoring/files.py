"""Scores image files, each beside its reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.formats import require_images
from harness.images import Image, content_key, read_image, to_rgb
from harness.plugins.kinds import MetricClass, metrics
from harness.plugins.registry import require_usable
from harness.protocols import Evaluation
from harness.results import MetricValue
from harness.scoring.evaluation import score_image


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """What metrics say of one file.

    Attributes:
        scores: Metric -> its value, or why it has none.
        content: `harness.images.content_key`, where it was asked for and the file could be read.
    """

    scores: Mapping[str, MetricValue | str]
    content: str = ""


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
    """Files as they are given, and the images of folders by name; each once.

    Raises:
        InputError: A folder without any image.
    """
    every = (require_images(path) if path.is_dir() else [path] for path in paths)
    return list(dict.fromkeys(path for found in every for path in found))


def score_file(
    path: Path,
    reference: Path | str | None,
    names: Sequence[str],
    device: str,
    evaluation: Evaluation,
    *,
    content: bool = False,
) -> ScoredFile:
    """Scores one file by every metric, or says why not; never raises for what is in a file.

    Args:
        path: The image.
        reference: Its reference, or why there is none.
        names: Metrics.
        device: `cpu` or `cuda:N`.
        evaluation: How the images are prepared.
        content: Whether the image's `content_key` is wanted.
    """
    needing = [name for name in names if metrics.get(name).card.needs_reference]
    shown = _read(path)
    if isinstance(shown, str):
        return ScoredFile(dict.fromkeys(names, shown))
    both = _beside(shown, reference) if needing else ""
    scores: dict[str, MetricValue | str] = {}
    for name in names:
        pair = both if name in needing else (shown, None)
        scores[name] = (
            pair if isinstance(pair, str) else score_image(name, device, *pair, evaluation)
        )
    return ScoredFile(scores, content_key(shown) if content else "")


def _read(path: Path) -> Image | str:
    try:
        return read_image(path)
    except HarnessError as error:
        return str(error)


def _beside(image: Image, reference: Path | str | None) -> tuple[Image, Image | None] | str:
    """An image and its reference, or why it has none; a grey one beside colours becomes RGB."""
    found = _read(reference) if isinstance(reference, Path) else reference
    if isinstance(found, str):
        return found
    if found is None or image.shape[0] == found.shape[0]:
        return image, found
    return to_rgb(image), to_rgb(found)
