"""What a score depends on, and which scores are there already.

Apart from what scores: it needs no numpy, so that what was scored before costs nobody a start-up.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.plugins.fingerprints import code_hash, file_hash, metric_fingerprint
from harness.plugins.kinds import metrics
from harness.protocols import Evaluation
from harness.results import MetricValue
from harness.scoring.files import ImagePair
from harness.storage.kept_scores import KeptScores, Pixels
from harness.storage.provenance import PACKAGES, installed_versions


@dataclass(frozen=True, slots=True)
class ScoringJob:
    """What is asked of each image.

    Attributes:
        metrics: Names, each once.
        device: `cpu` or `cuda:N`.
        evaluation: How the images are prepared.
        depends: Metric -> what its scores depend on besides pixels. One that was added in this
            process alone is not there: nothing tells one version of its code from the next.
        reading: What the pixels of a file depend on besides its bytes.
    """

    metrics: tuple[str, ...]
    device: str
    evaluation: Evaluation
    depends: Mapping[str, str]
    reading: str


@dataclass(frozen=True, slots=True)
class ScoredFile:
    """What metrics say of one file.

    Attributes:
        scores: Metric -> its value, or why it has none.
        content: `harness.images.content_key`; empty for a file that could not be read.
        notes: What went wrong with the kept scores on the way.
    """

    scores: Mapping[str, MetricValue | str]
    content: str = ""
    notes: tuple[str, ...] = ()


READERS = ("harness.images", "harness.decoding.deep", "harness.decoding.tiff")
"""Modules that decide the pixels of a file."""


def plan_job(names: Sequence[str], device: str, evaluation: Evaluation) -> ScoringJob:
    """Finds what scores by these metrics depend on.

    Args:
        names: Metrics.
        device: `cpu` or `cuda:N`.
        evaluation: How the images are prepared.

    Raises:
        UnknownNameError: Nobody registers one of the names.
    """
    reading = _hash([installed_versions(PACKAGES), *map(code_hash, READERS)])
    common = [reading, code_hash("harness.scoring.evaluation"), evaluation.hash()]
    depends = {
        name: _hash(
            [name, metric_fingerprint(name, device), metrics.get(name).card.version, *common]
        )
        for name in names
        if metrics.origin(name).distribution != "this process"
    }
    return ScoringJob(tuple(names), device, evaluation, depends, reading)


def recall(pair: ImagePair, job: ScoringJob, kept: KeptScores) -> ScoredFile:
    """The scores of a file that are there already, by its bytes and those of its reference."""
    image = _known(pair.path, job, kept)
    if image is None:
        return ScoredFile({})
    needing = any(metrics.get(name).card.needs_reference for name in job.metrics)
    reference = pair.reference if needing else None
    beside = _known(reference, job, kept) if isinstance(reference, Path) else None
    return ScoredFile(recall_scores(image, beside, job, kept), image.content)


def recall_scores(
    image: Pixels, reference: Pixels | None, job: ScoringJob, kept: KeptScores
) -> dict[str, MetricValue]:
    """The scores of pixels that are there already, those that need a reference only with it."""
    keys = {name: score_key(name, image, reference, job) for name in job.metrics}
    found = {name: kept.score(key) for name, key in keys.items() if key}
    return {name: value for name, value in found.items() if value is not None}


def score_key(name: str, image: Pixels, reference: Pixels | None, job: ScoringJob) -> str | None:
    """The hash of everything that a score depends on, or `None` for one that is not kept."""
    needs_reference = metrics.get(name).card.needs_reference
    if name not in job.depends or (needs_reference and reference is None):
        return None
    beside = reference.sha256 if needs_reference and reference else ""
    return _hash([job.depends[name], image.sha256, beside])


def file_key(path: Path, job: ScoringJob) -> str | None:
    """The hash of everything that a file's pixels depend on, or `None` where it cannot be read.

    Its bytes are read every time; the hash is one that nobody makes two files for.
    """
    try:
        return _hash([file_hash(path), job.reading])
    except OSError:
        return None


def _known(path: Path, job: ScoringJob, kept: KeptScores) -> Pixels | None:
    key = file_key(path, job)
    return kept.pixels(key) if key else None


def _hash(parts: Collection[object]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
