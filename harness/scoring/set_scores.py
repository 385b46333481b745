"""Metrics of sets: features of all restored images of a set and of its references, in a worker.

Measured when the cells are done, from the images that the run holds. What a value is of is hashed:
a later start measures what has changed, and nothing else.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from harness.atomic import atomic_file
from harness.errors import DamagedImageError, ImageError, describe_error
from harness.images import Image, quantise, to_rgb
from harness.plugins.fingerprints import file_hash, metric_fingerprint
from harness.plugins.kinds import set_metrics
from harness.protocols import DegradedSet, SetMetric
from harness.ranking.set_standings import WholeSet, whole_sets
from harness.results import SetScore, SetScores
from harness.statistics import Floats
from harness.storage.images.arrays import ImageFile, quick_hash
from harness.storage.images.samples import find_image, make_sample
from harness.storage.metadata import SET_SCORES, write_set_scores
from harness.storage.places import cache_folder
from harness.storage.provenance import PACKAGES, installed_versions
from harness.storage.store import Store
from harness.workers.pool import Trouble, WorkerPool

RESAMPLES = 200
"""Bootstrap samples of the images, the same for every restorer."""

FEWER, MANY = 40, 1000
"""So few where there are more feature vectors than that: each costs a matrix of their number."""


@dataclass(frozen=True, slots=True)
class SetTask:
    """One restorer's images of one set, for a worker.

    Attributes:
        fingerprint: Of the metric.
        restored: Its images.
        images: Their ids.
        references: The hash of the reference of each.
        degraded_set: Makes references again that are gone; `None`: the plan has not got it.
        quantised: Whether restored images are rounded to 8 bits.
    """

    metric: str
    fingerprint: str
    device: str
    restored: tuple[ImageFile, ...]
    images: tuple[str, ...]
    references: tuple[str, ...]
    degraded_set: DegradedSet | None
    quantised: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """What a metric says of a set; fields as of `SetScore`."""

    value: float
    vectors: int
    replicates: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SetScorer:
    """Measures metrics of sets for all that a run holds.

    Args:
        store: Of the run; its cells are done.
        sets: Those of the plan, by name.
        device: `cpu` or `cuda:N`.
        quantised: Whether restored images are rounded to 8 bits.
        timeout: Seconds for an image.
        note: Told of each value that is measured.
    """

    store: Store
    sets: Mapping[str, DegradedSet]
    device: str
    quantised: bool
    timeout: float
    note: Callable[[str], None]

    def score(self, names: Sequence[str]) -> None:
        """Measures what is missing or has changed."""
        data = self.store.read()
        fingerprints = {name: fingerprint_of(name, self.device) for name in names}
        # values of other versions must not stand beside what is measured now
        known = {
            (row.restorer, row.set, row.metric): row
            for row in data.set_scores.rows
            if fingerprints.get(row.metric, row.fingerprint) == row.fingerprint
        }
        cards = {**data.set_scores.cards, **{name: set_metrics.get(name).card for name in names}}
        self._write(SetScores(cards, tuple(known.values())))
        with WorkerPool(1) as pool:
            for name, fingerprint in fingerprints.items():
                for item in filter(WholeSet.is_whole, whole_sets(data)):
                    key = item.restorer, item.set, name
                    row = known.get(key)
                    if row and row.value is not None and row.key == item.key():
                        continue
                    self.note(f"{name}: {item.restorer} on {item.set}, {item.of} images")
                    found = self._measure(pool, self._task(name, fingerprint, item))
                    known[key] = _row(key, item, fingerprint, found)
                    self._write(SetScores(cards, tuple(known.values())))

    def _write(self, scores: SetScores) -> None:
        self.store.set_meta(**{SET_SCORES: write_set_scores(scores)})

    def _task(self, name: str, fingerprint: str, item: WholeSet) -> SetTask:
        files = (
            ImageFile(self.store.folder / image.path, image.sha256, image.checksum)
            for image in item.restored
        )
        images = tuple(image.cell.image for image in item.restored)
        known = images, item.references, self.sets.get(item.set), self.quantised
        return SetTask(name, fingerprint, self.device, tuple(files), *known)

    def _measure(self, pool: WorkerPool, task: SetTask) -> Measured | str:
        timeout = self.timeout * len(task.restored)
        found = pool.run(measure_set, task, timeout=timeout)
        return found.message if isinstance(found, Trouble) else found


def fingerprint_of(name: str, device: str) -> str:
    """What a value depends on besides the images: the metric's code, and the weights it wants."""
    ask = getattr(set_metrics.get(name), "wanted", tuple)
    weights = (file_hash(path)[:16] for file in ask() if (path := file.find()) is not None)
    return ":".join([metric_fingerprint(name, device), *weights])


def _row(
    key: tuple[str, str, str], item: WholeSet, fingerprint: str, found: Measured | str
) -> SetScore:
    which = item.key(), fingerprint
    if isinstance(found, str):
        return SetScore(*key, None, found, item.of, 0, (), *which)
    return SetScore(*key, found.value, "", item.of, found.vectors, found.replicates, *which)


def measure_set(task: SetTask) -> Measured | str:
    """Measures one set, or says why not; runs in a worker, and never raises."""
    try:
        metric = _build(task.metric, task.device)
        references = _reference_features(task, metric)
        restored = [_described(metric, file.read(), task.quantised) for file in task.restored]
        return _values(metric, restored, references)
    except Exception as error:  # a third party's metric may raise anything
        return describe_error(error)


@lru_cache(maxsize=1)
def _build(name: str, device: str) -> SetMetric:
    return set_metrics.get(name)(device=device)


def _described(metric: SetMetric, image: Image, quantised: bool = False) -> Floats:
    shown = to_rgb(quantise(image) if quantised else image)
    found = np.asarray(metric.features(shown), dtype=np.float64)
    if found.ndim != 2 or not found.size or not np.isfinite(found).all():
        name, shape = metric.card.name, found.shape
        raise ImageError(f"{name} gave features of shape {shape}; expected finite (vectors, size)")
    return found


def _reference_features(task: SetTask, metric: SetMetric) -> list[Floats]:
    """Those of every reference, kept for all restorers and runs by the hash of the set."""
    known = task.metric, task.fingerprint, metric.card.version, installed_versions(PACKAGES)
    told = repr((*known, task.references)).encode()
    path = cache_folder("features") / f"{hashlib.sha256(told).hexdigest()}.npz"
    # it is not there, or damaged
    with suppress(Exception), np.load(path, allow_pickle=False) as kept:
        rows, lengths = kept["rows"], kept["lengths"]
        if str(kept["check"]) == _check(rows) and len(lengths) == len(task.references):
            return np.split(rows, np.cumsum(lengths)[:-1])
    found = [
        _described(metric, _reference(task, *names))
        for names in zip(task.images, task.references, strict=True)
    ]
    with suppress(OSError):  # where nothing can be written, nothing is kept
        _keep(path, found)
    return found


def _keep(path: Path, found: Sequence[Floats]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.concatenate(found)
    with atomic_file(path) as partial, partial.open("wb") as file:
        np.savez(file, rows=rows, lengths=list(map(len, found)), check=_check(rows))


def _check(rows: Floats) -> str:
    return quick_hash(np.ascontiguousarray(rows).view(np.uint8))


def _reference(task: SetTask, image: str, sha256: str) -> Image:
    """A reference out of the cache; made again where it is gone or damaged.

    Raises:
        ImageError: It cannot be made again.
    """
    with suppress(DamagedImageError):
        if (file := find_image(sha256)) is not None:
            return file.read()
    if task.degraded_set is not None:
        make_sample(task.degraded_set, image, damaged=True)
        if (file := find_image(sha256)) is not None:
            return file.read()
    raise ImageError(f"the reference of {image} is gone from the cache, or is another one now")


def _values(
    metric: SetMetric, restored: Sequence[Floats], references: Sequence[Floats]
) -> Measured:
    """The value of the set, and of bootstrap samples of its images with their references."""
    images, vectors = len(restored), sum(map(len, restored))
    if min(vectors, sum(map(len, references))) < 2:
        raise ImageError("one feature vector is no set: more images are needed")

    def value(chosen: Iterable[int]) -> float:
        places = list(chosen)
        both = (
            np.concatenate([part[place] for place in places]) for part in (restored, references)
        )
        found = float(metric.distance(*both))
        if not np.isfinite(found):
            raise ImageError(f"{metric.card.name} is {found} on this set")
        return found

    generator = np.random.default_rng(0)
    draws = 0 if images < 2 else FEWER if vectors > MANY else RESAMPLES
    replicates = [value(generator.integers(images, size=images)) for _ in range(draws)]
    return Measured(value(range(images)), vectors, tuple(float(f"{x:.9g}") for x in replicates))
