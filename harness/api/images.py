"""Images scored, degraded and restored: arrays and files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.conditions import Conditions
from harness.errors import InputError
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    import pandas as pd

    from harness.cards import RestorerCard
    from harness.images import Image
    from harness.results import MetricValue
    from harness.scoring.files import References
    from harness.scoring.many_files import Progress
    from harness.scoring.recalling import ScoringJob

DEFAULT_METRIC = "dri"
COLUMNS = ("path", "metric", "value", "spread", "error")
HINTS = {"sigma_255": "give --sigma", "quality": "give --quality", "cfa": "give --cfa"}
"""What mends it that a restorer is not told something; in Python, the field of `Conditions`."""


def score_paths(
    images: Sequence[Path],
    references: References,
    metrics: Sequence[str],
    crop_border: int = 0,
    device: str = "auto",
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[dict[str, object]]:
    """Scores files; one that cannot be scored is a row with its error.

    Args:
        images: Files.
        references: Finds the reference of each.
        metrics: Names.
        crop_border: Pixels cut from each side for metrics with a reference.
        device: `auto`, `cpu` or `cuda:N`.
        workers: As of `harness.scoring.many_files.score_files`.
        progress: Told how far it is.

    Returns:
        Rows of `restobench/score/1`: path, metric, value, spread, error.

    Raises:
        UnknownNameError: Nobody registers one of the metrics.
        UnavailableError: One is not usable here.
        InputError: A metric needs references, and there are none.
    """
    from harness.scoring.many_files import score_files

    job = _job(metrics, references.source is not None, crop_border, device)
    pairs = list(map(references.pair, images))
    scored = score_files(pairs, job, progress or _Silent(), workers)
    return [
        _row(str(pair.path), name, found)
        for pair, file in zip(pairs, scored, strict=True)
        for name, found in file.scores.items()
    ]


def _job(metrics: Sequence[str], given: bool, crop_border: int, device: str) -> ScoringJob:
    from harness.protocols import Evaluation
    from harness.scoring.files import usable_metrics
    from harness.scoring.recalling import plan_job

    names = list(usable_metrics(metrics))
    _require_references(names, given)
    return plan_job(names, choose_device(device), Evaluation("score", crop_border=crop_border))


def score(
    images: Image | str | Path | Sequence[Image | str | Path],
    metrics: str | Sequence[str] = DEFAULT_METRIC,
    *,
    reference: Image | str | Path | None = None,
    crop_border: int = 0,
    device: str = "cpu",
) -> pd.DataFrame:
    """Scores images that exist already, quantised to 8 bits, in this process.

    Args:
        images: One or several: float32 (C, H, W) in [0, 1], files, or folders.
        metrics: Names.
        reference: Of all images: an array or a file; or a folder, in which each file finds its own
            by its name without suffix.
        crop_border: Pixels cut from each side for metrics with a reference.
        device: `auto`, `cpu` or `cuda:N`.

    Returns:
        A row for each image and metric: path (missing for arrays), metric, value, spread, error.

    Raises:
        InputError: No such metric; one needs a reference; or arrays and files are mixed.
        UnavailableError: A metric is not usable here.
    """
    import numpy as np

    from harness.api.result import frame_of

    several = _listed(images, reference)
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    arrays = [item for item in several if isinstance(item, np.ndarray)]
    paths = [Path(item) for item in several if isinstance(item, str | Path)]
    if not paths:
        return frame_of(_score_arrays(arrays, names, reference, crop_border, device), COLUMNS)
    if arrays or isinstance(reference, np.ndarray):
        raise InputError("arrays and files are scored in calls of their own")
    return frame_of(_score_files(paths, names, reference, crop_border, device), COLUMNS)


def _listed(images: object, reference: object) -> list[Any]:
    """One image or several, each an array or a path; so is a reference."""
    import numpy as np

    kinds = str | Path | np.ndarray
    single = isinstance(images, kinds) or not isinstance(images, Iterable)
    found = [images] if single else list(images)  # type: ignore[call-overload]  # looked at above
    for item in found:
        if not isinstance(item, kinds):
            raise InputError(
                f"an image is of type {type(item).__name__}; expected a numpy array float32 "
                "(C, H, W), or a path"
            )
    if not found:
        raise InputError("there is no image to score")
    if not isinstance(reference, kinds | None):
        kind = type(reference).__name__
        raise InputError(f"reference is a {kind}; expected one array, file or folder")
    return found


def _score_files(
    paths: Sequence[Path],
    names: Sequence[str],
    reference: str | Path | None,
    crop_border: int,
    device: str,
) -> list[dict[str, object]]:
    from harness.scoring.files import References, find_files

    found = References(None if reference is None else Path(reference))
    return score_paths(find_files(paths), found, names, crop_border, device)


def _score_arrays(
    images: Sequence[Image],
    names: Sequence[str],
    reference: Image | str | Path | None,
    crop_border: int,
    device: str,
) -> list[dict[str, object]]:
    from harness.protocols import Evaluation
    from harness.scoring.evaluation import score_image
    from harness.scoring.files import usable_metrics
    from harness.workers.as_in_workers import as_in_workers

    names, place = list(usable_metrics(names)), choose_device(device)
    _require_references(names, reference is not None)
    other = None if reference is None else _pixels(reference, "", "reference")[0]
    given = [_pixels(image, "")[0] for image in images]
    evaluation = Evaluation("score", crop_border=crop_border)
    with as_in_workers():
        return [
            _row(None, name, score_image(name, place, image, other, evaluation))
            for image in given
            for name in names
        ]


def _require_references(names: Sequence[str], given: bool) -> None:
    from harness.scoring.files import usable_metrics

    for name, cls in usable_metrics(names).items():
        if cls.card.needs_reference and not given:
            raise InputError(
                f"{name} compares with a reference: give --reference DIR (in Python reference=), "
                "or another metric"
            )


def _row(path: str | None, name: str, found: MetricValue | str) -> dict[str, object]:
    told = {"error": found} if isinstance(found, str) else asdict(found)
    return {**dict.fromkeys(COLUMNS), "path": path, "metric": name, **told}


class _Silent:
    """Nobody is told how far it is."""

    def start(self, total: int, done: int) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def advance(self, name: str) -> None:
        pass


def degrade(
    image: Image | str | Path, recipe: str, *, seed: int | None = None, name: str = "image"
) -> Image:
    """Degrades one image, the same way for the same arguments.

    Args:
        image: Float32 (C, H, W) in [0, 1], or a file.
        recipe: As after `restobench degrade`: `gaussian-noise:sigma_255=25`, a chain of these
            joined by `+`, a set's name, or a TOML file.
        seed: Of its randomness; default: the recipe's own.
        name: The image's, on which its randomness depends as well; a file has its own.

    Returns:
        Float32 (C, H', W'); not clipped where the recipe does not clip.

    Raises:
        ImageError: It is no image.
        InputError: It is no recipe.
    """
    from harness.plugins.degradation_text import parse_recipe
    from harness.sets.degrading import degrade_image

    known = parse_recipe(recipe)
    known = replace(known, seed=known.seed if seed is None else seed)
    pixels, own = _pixels(image, name)
    return degrade_image(known, pixels, own)[1]


def restore(
    image: Image | str | Path, restorer: object, conditions: Conditions | None = None
) -> Image:
    """Restores one image in this process.

    Args:
        image: Float32 (C, H, W), or a file.
        restorer: As for `evaluate`.
        conditions: What is known of the degradation; default: the restorer's smallest scale.

    Returns:
        Float32 (C, scale * H, scale * W) in [0, 1].

    Raises:
        ImageError: It is no image.
        InputError: It is no restorer, or one that has to know more.
        RestorationError: What came of it is no restored image.
    """
    from harness.api.in_process import alone
    from harness.api.planning import build_here, name_things
    from harness.restoring.adaptation import restore_image
    from harness.restoring.build import seed_everything
    from harness.restoring.wrapping import Feeding, device_of

    pixels, _ = _pixels(image, "")
    with alone(restorer):
        built = build_here(name_things(restorer), Feeding(), device_of(restorer))
        [(found, _)] = built.values()
        known = conditions or Conditions(min(found.card.scales or (1,)))
        require_known(found.card, known)
        seed_everything()
        return restore_image(found, pixels, known)


def require_known(card: RestorerCard, known: Conditions) -> None:
    """Refuses what a restorer cannot do, or has to be told more of.

    Raises:
        InputError: Says what, and what to give.
    """
    if card.scales and known.scale not in card.scales:
        scales = ", ".join(map(str, card.scales))
        raise InputError(f"{card.name} has no x{known.scale}; its scales: {scales}")
    for name in card.conditions:
        if not known.knows(name):
            how = HINTS.get(name, "run it on a set that knows it, with `restobench run`")
            raise InputError(f"{card.name} needs to know {name}: {how}")


def _pixels(image: Image | str | Path, name: str, what: str = "image") -> tuple[Image, str]:
    """The pixels of an array or a file, and its name: `name`, or the file's own.

    Raises:
        ImageError: It is no image, or its white is not 1; an array is called `what` then.
    """
    from harness.decoding.arrays import check_white
    from harness.images import check_image, read_image

    if isinstance(image, str | Path):
        return read_image(image), Path(image).stem
    return check_white(check_image(image, what), what), name
