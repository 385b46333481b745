"""Degraded sets: made from references, found as pairs, or found without references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.sources import Folder, Source
from harness.chain import Chain
from harness.errors import ImageError, InputError
from harness.protocols import Conditions, Degradation, Origins, Sample, Task
from harness.set_identity import sample_generator

if TYPE_CHECKING:
    from harness.images import Image


def _in_range(id: str, reference: Image) -> Image:
    """A reference as it is, unless it is an array that no picture has."""
    if reference.min() < 0 or reference.max() > 1:
        seen = f"{reference.min():.3g} to {reference.max():.3g}"
        raise ImageError(f"{id}: the reference holds values from {seen}; expected 0 to 1")
    return reference


@dataclass(frozen=True, slots=True)
class SyntheticSet:
    """References, and a chain of degradations.

    Args:
        name: Unique.
        task: What is asked of a restorer.
        source: The references.
        degradations: Applied in this order.
        seed: Of all randomness, together with the set's and the sample's name.
    """

    name: str
    task: Task
    source: Source
    degradations: tuple[Degradation, ...]
    seed: int = 0

    @property
    def conditions(self) -> Conditions:
        """What the chain's parameters tell a restorer."""
        return Chain(self.degradations).conditions

    def ids(self) -> tuple[str, ...]:
        """The source's ids."""
        return self.source.ids()

    def sample(self, id: str) -> Sample:
        """Makes one sample: the reference is cut to a multiple of the scale and degraded."""
        from harness.images import crop_to_multiple

        reference = crop_to_multiple(_in_range(id, self.source.read(id)), self.conditions.scale)
        generator = sample_generator(self.name, id, self.seed)
        degraded, known = Chain(self.degradations).degrade(reference, generator)
        return Sample(id, degraded, reference, conditions=known)

    def origins(self, id: str) -> Origins:
        """The source's file, and the code of source and degradations."""
        parts = self, self.source, *self.degradations
        return Origins((self.source.file(id),), parts, self.source.facts(id))

    def describe(self) -> Mapping[str, object]:
        """Source, degradations and seed."""
        chain = [{"name": item.name, **item.params} for item in self.degradations]
        return {**self.source.describe(), "degradations": chain, "seed": self.seed}

    def left_out(self) -> list[str]:
        """Which files of a folder are no images."""
        return self.source.left_out() if isinstance(self.source, Folder) else []

    def absent(self) -> str | None:
        """Why the source is not here."""
        return self.source.absent()


@dataclass(frozen=True, slots=True)
class PairedSet:
    """Degraded images and references in two folders, paired by name and never by position.

    Args:
        name: Unique.
        task: What is asked of a restorer.
        degraded: The degraded images.
        references: The references.
        conditions: What is known of the degradation.
        pattern: Name of the degraded file for a reference, such as `{id}x2`.
    """

    name: str
    task: Task
    degraded: Folder
    references: Folder
    conditions: Conditions = field(default_factory=Conditions)
    pattern: str = "{id}"

    def ids(self) -> tuple[str, ...]:
        """Names of the references.

        Raises:
            InputError: A reference without its degraded image, or the other way round; both lists
                are named.
        """
        names, degraded = self.references.ids(), set(self.degraded.ids())
        expected = {self._degraded_name(id) for id in names}
        lonely = sorted(expected - degraded), sorted(degraded - expected)
        if any(lonely):
            without, extra = (
                ", ".join(ids[:5]) + (" ..." if len(ids) > 5 else "") or "none" for ids in lonely
            )
            raise InputError(
                f"set {self.name}: the folders do not pair up by name ({self.pattern!r}): "
                f"missing in {self.degraded.path}: {without}; without a reference: {extra}"
            )
        return names

    def sample(self, id: str) -> Sample:
        """Reads one pair.

        A reference that is larger than scale x degraded by less than the scale is cut to fit.
        """
        from harness.images import crop_to_multiple

        scale = self.conditions.scale
        degraded = self.degraded.read(self._degraded_name(id))
        reference = crop_to_multiple(_in_range(id, self.references.read(id)), scale)
        planes, height, width = degraded.shape
        expected = (planes, height * scale, width * scale)
        if reference.shape != expected:
            enlarged = f"x{scale} of the degraded image is {expected}"
            raise ImageError(f"{id}: the reference is {reference.shape}; {enlarged}")
        return Sample(id, degraded, reference)

    def origins(self, id: str) -> Origins:
        """Both files."""
        names = self._degraded_name(id), id
        folders = self.degraded, self.references
        pairs = list(zip(folders, names, strict=True))
        facts = tuple(fact for folder, name in pairs for fact in folder.facts(name))
        return Origins(tuple(folder.file(name) for folder, name in pairs), (self, *folders), facts)

    def describe(self) -> Mapping[str, object]:
        """Both folders and the pattern."""
        return {
            **self.references.describe(),
            "degraded": self.degraded.describe(),
            "pattern": self.pattern,
        }

    def left_out(self) -> list[str]:
        """Which files of the folders are no images."""
        return [*self.degraded.left_out(), *self.references.left_out()]

    def absent(self) -> str | None:
        """Why one of the folders is not here."""
        return self.degraded.absent() or self.references.absent()

    def _degraded_name(self, id: str) -> str:
        return self.pattern.replace("{id}", id)


@dataclass(frozen=True, slots=True)
class UnreferencedSet:
    """Degraded images alone: only no-reference metrics see them.

    Args:
        name: Unique.
        task: What is asked of a restorer.
        degraded: The images.
        conditions: What is known of the degradation.
    """

    name: str
    task: Task
    degraded: Folder
    conditions: Conditions = field(default_factory=Conditions)

    def ids(self) -> tuple[str, ...]:
        """File names without suffix."""
        return self.degraded.ids()

    def sample(self, id: str) -> Sample:
        """Reads one image."""
        return Sample(id, self.degraded.read(id), None)

    def origins(self, id: str) -> Origins:
        """The file."""
        return Origins((self.degraded.file(id),), (self, self.degraded), self.degraded.facts(id))

    def describe(self) -> Mapping[str, object]:
        """The folder."""
        return {**self.degraded.describe(), "references": False}

    def left_out(self) -> list[str]:
        """Which files of the folder are no images."""
        return self.degraded.left_out()

    def absent(self) -> str | None:
        """Why the folder is not here."""
        return self.degraded.absent()
