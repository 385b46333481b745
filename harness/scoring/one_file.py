"""One image file scored by every metric; in this process or in a worker."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.errors import HarnessError
from harness.images import Image, content_key, image_hash, read_image, to_rgb
from harness.plugins.kinds import metrics
from harness.results import MetricValue
from harness.scoring.evaluation import score_image
from harness.scoring.files import ImagePair
from harness.scoring.recalling import ScoredFile, ScoringJob, file_key, recall_scores, score_key
from harness.storage.kept_scores import KeptScores, Pixels


@dataclass(frozen=True, slots=True)
class _Decoded:
    """What a file holds."""

    image: Image
    pixels: Pixels


def score_in_worker(pair: ImagePair, job: ScoringJob) -> ScoredFile:
    """As `FileScorer.score`, by a scorer that lives as long as its worker."""
    return _workers_scorer().score(pair, job)


@cache
def _workers_scorer() -> "FileScorer":
    return FileScorer(KeptScores())


class FileScorer:
    """Scores files one after the other; a reference that follows itself is decoded once.

    Args:
        kept: Where scores are looked up, and where those that are new are kept.
    """

    def __init__(self, kept: KeptScores) -> None:
        self._kept = kept
        self._last: tuple[str | None, _Decoded | str] = (None, "")

    def score(self, pair: ImagePair, job: ScoringJob) -> ScoredFile:
        """Scores one file by every metric, or says why not; never raises for what is in a file.

        Args:
            pair: The image and its reference.
            job: What is asked.
        """
        shown = self._read(pair.path, file_key(pair.path, job), job)
        if isinstance(shown, str):
            return ScoredFile(dict.fromkeys(job.metrics, shown), notes=self._kept.take_notes())
        needing = any(metrics.get(name).card.needs_reference for name in job.metrics)
        reference = self._reference(pair.reference, job) if needing else None
        scores = self._scores(shown, reference, job)
        return ScoredFile(scores, shown.pixels.content, self._kept.take_notes())

    def _scores(
        self, shown: _Decoded, reference: _Decoded | str | None, job: ScoringJob
    ) -> dict[str, MetricValue | str]:
        beside = reference.pixels if isinstance(reference, _Decoded) else None
        known, pair = recall_scores(shown.pixels, beside, job, self._kept), _pair(shown, reference)
        scores: dict[str, MetricValue | str] = {}
        for name in job.metrics:
            images = pair if metrics.get(name).card.needs_reference else (shown.image, None)
            if name in known:
                scores[name] = known[name]
            elif isinstance(images, str):
                scores[name] = images
            else:
                scores[name] = score_image(name, job.device, *images, job.evaluation)
        keys = {name: score_key(name, shown.pixels, beside, job) for name in job.metrics}
        self._kept.keep_scores(
            (key, value)
            for name, key in keys.items()
            if key and name not in known and isinstance(value := scores[name], MetricValue)
        )
        return scores

    def _reference(self, reference: Path | str | None, job: ScoringJob) -> _Decoded | str | None:
        if not isinstance(reference, Path):
            return reference
        key = file_key(reference, job)
        if key is None or key != self._last[0]:
            decoded = self._read(reference, key, job)
            if isinstance(decoded, _Decoded):
                # a metric that writes into it would change the scores of others
                decoded.image.setflags(write=False)
            self._last = key, decoded
        return self._last[1]

    def _read(self, path: Path, key: str | None, job: ScoringJob) -> _Decoded | str:
        """Decodes a file and keeps which pixels it holds; or says why it cannot be read."""
        try:
            image = read_image(path)
        except HarnessError as error:
            return str(error)
        pixels = Pixels(image_hash(image), content_key(image))
        if key and key == file_key(path, job):  # what was hashed is what was decoded
            self._kept.keep_pixels(key, pixels)
        return _Decoded(image, pixels)


def _pair(shown: _Decoded, reference: _Decoded | str | None) -> tuple[Image, Image | None] | str:
    """An image and its reference, or why it has none; a grey one beside colours becomes RGB."""
    if isinstance(reference, str):
        return reference
    if reference is None or shown.image.shape[0] == reference.image.shape[0]:
        return shown.image, reference.image if reference else None
    return to_rgb(shown.image), to_rgb(reference.image)
