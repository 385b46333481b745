"""What a benchmark is made of: degradations, degraded sets, an evaluation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from harness.cards import Task
from harness.conditions import Conditions

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a degraded set.

    Attributes:
        id: Unique within the set; a plain file name without suffix.
        degraded: Float32 (3, H, W) or (1, H, W); may lie outside [0, 1] (convention E).
        reference: Float32 in [0, 1], (C, scale * H, scale * W), or `None`.
        metadata: Where it came from, for reports.
        conditions: What is known of this image, where that is more than the set knows
            (`Conditions.per_image`).
    """

    id: str
    degraded: Image
    reference: Image | None
    metadata: Mapping[str, object] = field(default_factory=dict)
    conditions: Conditions | None = None


@runtime_checkable
class Degradation(Protocol):
    """A named, seeded, labelled way to make an image worse."""

    @property
    def name(self) -> str:
        """Kebab-case, unique."""

    @property
    def params(self) -> Mapping[str, object]:
        """Its parameters as JSON types.

        `scale`, `sigma_255`, `quality` and `cfa` become the set's `Conditions`.
        A degradation that knows something else has a property `conditions` beside it.
        """

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades one image.

        Args:
            image: Float32 (C, H, W) in [0, 1]; not modified.
            generator: Source of all randomness. Convention E ignores it and seeds `RandomState(0)`
                for each image.

        Returns:
            Float32 (C, H', W').
        """


@runtime_checkable
class InformedDegradation(Degradation, Protocol):
    """A degradation that draws what a restorer may know, image by image: a mask, a kernel."""

    @property
    def conditions(self) -> Conditions:
        """What is known of every image; `per_image` names the fields that `degrade` adds."""

    def degrade(self, image: Image, generator: np.random.Generator) -> tuple[Image, Conditions]:
        """Degrades one image as `__call__` does, and tells what is known of it."""


@dataclass(frozen=True, slots=True)
class Origins:
    """What decides the pixels of a sample besides `DegradedSet.describe`, which knows no content.

    Attributes:
        files: The files that it is read from.
        parts: Objects whose classes' code makes it: the set, its source, its degradations.
        facts: Whatever else decides.
    """

    files: tuple[Path, ...]
    parts: tuple[object, ...]
    facts: tuple[str, ...] = ()


@runtime_checkable
class DegradedSet(Protocol):
    """Images with one task: a source, and what was done to it.

    It is lazy: an image is made when it is asked for. A set that can say what a sample is made of
    without making it has a method `origins(id) -> Origins` as well: its samples are then kept in
    the cache, and made again only when something of that has changed.
    """

    @property
    def name(self) -> str:
        """Kebab-case, unique."""

    @property
    def task(self) -> Task:
        """What is asked of a restorer."""

    @property
    def conditions(self) -> Conditions:
        """What is known of the degradation."""

    def ids(self) -> tuple[str, ...]:
        """The samples' ids in a fixed order, without reading an image."""

    def sample(self, id: str) -> Sample:
        """Reads or makes one sample; deterministic, and independent of the order of calls.

        Raises:
            ImageError: The image cannot be read.
        """

    def describe(self) -> Mapping[str, object]:
        """Source, degradation, seed and licence as JSON types: enters the run's plan."""

    def absent(self) -> str | None:
        """Why the set is not usable here (its folder is missing), or `None`."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How metrics see images, by a name (docs/conventions.md).

    Scores of different hashes are never ranked together.

    Attributes:
        name: Such as `sr-y`.
        crop_border: Pixels cut from each side before a full-reference metric; "scale" means the
            set's factor.
        luma: `float` Y, or Y rounded to integers as the SRCNN-era scripts did.
        quantise: Whether restored images are clipped and rounded to 8 bits before scoring.
    """

    name: str
    crop_border: int | Literal["scale"] = 0
    luma: Literal["float", "rounded"] = "float"
    quantise: bool = True

    def hash(self) -> str:
        """The first 12 hex digits of the SHA-256 over all fields but the name."""
        fields = {key: value for key, value in asdict(self).items() if key != "name"}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Sets, metrics and an evaluation under one name."""

    name: str
    description: str
    sets: tuple[DegradedSet, ...]
    metrics: tuple[str, ...]
    evaluation: Evaluation
    restorers: tuple[str, ...] = ()
    """Restorers that run when the user names none."""
    optional: frozenset[str] = frozenset()
    """Sets that may be absent: they are skipped, with their reason."""


def iterate(degraded_set: DegradedSet) -> Iterator[Sample]:
    """Yields every sample of a set in order, made when it is asked for."""
    for id in degraded_set.ids():
        yield degraded_set.sample(id)
