"""Images scored: arrays and files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.api.arguments import from_0, path_of, some
from harness.api.images.pixels import pixels_of
from harness.errors import InputError
from harness.workers.as_in_workers import as_in_workers
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    import pandas as pd

    from harness.images import Image
    from harness.results import MetricValue
    from harness.scoring.files import References
    from harness.scoring.many_files import Progress
    from harness.scoring.recalling import ScoringJob

DEFAULT_METRIC = "dri"
COLUMNS = ("path", "metric", "value", "spread", "error")


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
        images: One or several: float32 (C, H, W) in [0, 1], files, folders.
        metrics: Names.
        reference: Of all images: an array or a file; or a folder, where files find their own by
            their names without suffix.
        crop_border: Pixels cut from each side for metrics with a reference; others see the whole
            image, and no reference.
        device: `auto`, `cpu` or `cuda:N`.

    Returns:
        A row for each image and metric: path (missing for arrays), metric, value, spread, error.

    Raises:
        InputError: No such metric; one needs a reference; arrays and files are mixed.
        UnavailableError: A metric is not usable here.
    """
    import numpy as np

    from harness.api.frames import frame_of

    names, border = some(metrics, "metrics"), from_0(crop_border, "crop_border")
    given = _listed(images, reference)
    arrays = [item for item in given if isinstance(item, np.ndarray)]
    paths = [path_of(item, "image") for item in given if isinstance(item, str | Path)]
    if not paths:
        return frame_of(_score_arrays(arrays, names, reference, border, device), COLUMNS)
    if not arrays and not isinstance(reference, np.ndarray):
        return frame_of(_score_files(paths, names, reference, border, device), COLUMNS)
    raise InputError("arrays and files are scored in calls of their own")


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

    found = References(None if reference is None else path_of(reference, "reference"))
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

    names, place = list(usable_metrics(names)), choose_device(device)
    _require_references(names, reference is not None)
    other = None if reference is None else pixels_of(reference, "", "reference")[0]
    given = [pixels_of(image, "")[0] for image in images]
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
