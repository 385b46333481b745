"""Training images: MOS folders, and synthetic pairs with known degradations. Degradations are handed in as objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.errors import InputError
from harness.formats import SUFFIXES
from harness.images import Image, imresize, quantise, read_image
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import SSIM
from harness.protocols import Degradation

MIXED = 0.3
"""Share of a batch to which a second degradation is applied."""


@dataclass(frozen=True, slots=True)
class LabelledDegradation:
    """A degradation with what the degradation encoder has to learn about it.

    Attributes:
        type: Index of its type; 0 is `clean`.
        level: Its strength in (0, 1].
        degradation: The degradation itself; one that shrinks is followed by a bicubic enlargement.
    """

    type: int
    level: float
    degradation: Degradation

    @property
    def title(self) -> str:
        """Name and parameters, for people."""
        return " ".join(
            [self.degradation.name, *(f"{value}" for value in self.degradation.params.values())]
        )

    def apply(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades float32 (3, H, W); the result has the same size and 8 bits."""
        degraded = self.degradation(image, generator)
        scale = image.shape[1] // degraded.shape[1]
        if scale > 1:
            degraded = imresize(degraded, scale, rounding="none")
        return quantise(degraded)


@dataclass(frozen=True, slots=True)
class Batch:
    """Synthetic pairs.

    Attributes:
        degraded: (N, 3, H, W) in [0, 1].
        reference: (N, 3, H, W).
        types: (N, types), 1 where the type was applied; mixtures have two.
        levels: (N, types), strength in (0, 1]; 0 where the type was not applied.
        scores: (N,), pseudo-scores of the degraded images in [0, 1].
        contents: (N,), which content each image shows.
    """

    degraded: Tensor
    reference: Tensor
    types: Tensor
    levels: Tensor
    scores: Tensor
    contents: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        return Batch(*(getattr(self, item.name).to(device) for item in fields(self)))


def photographs_in(folder: Path) -> list[Path]:
    """The images below a folder, sorted.

    Raises:
        InputError: There are none.
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise InputError(f"{folder} holds no clean photographs to train on")
    return paths


class SyntheticPairs:
    """Patches of clean photographs, degraded on the fly; a batch depends on (seed, step) alone.

    Args:
        folder: Clean photographs.
        degradations: What to do to them.
        seed: Of all randomness.
    """

    def __init__(
        self, folder: Path, degradations: Sequence[LabelledDegradation], seed: int
    ) -> None:
        paths = photographs_in(folder)
        self.photographs = [quantise(read_image(path, mode="rgb")) for path in paths]
        self.degradations, self.seed = list(degradations), seed

    def batch(self, step: int, contents: int, versions: int, size: int) -> Batch:
        """Makes one batch of `contents` patches with `versions` degradations each, some of them mixtures of two.

        Args:
            step: Which batch.
            contents: Different patches.
            versions: Different degradations of each patch.
            size: Height and width, a multiple of 12.
        """
        generator = np.random.default_rng([self.seed, step])
        # few degradations a batch: several contents then share each, which contrast needs
        shared = generator.choice(
            len(self.degradations), min(3 * versions, len(self.degradations)), replace=False
        )
        rows = []
        for content in range(contents):
            reference = self._patch(generator, size)
            for labelled in (
                self.degradations[index]
                for index in generator.choice(shared, versions, replace=False)
            ):
                degraded, applied = labelled.apply(reference, generator), [labelled]
                if generator.random() < MIXED:
                    second = self.degradations[generator.integers(len(self.degradations))]
                    degraded, applied = second.apply(degraded, generator), [labelled, second]
                rows.append(_Row(degraded, reference, applied, content))
        return _collate(rows, self.types)

    @property
    def types(self) -> int:
        """Number of types, with `clean`."""
        return 1 + max(item.type for item in self.degradations)

    def centre(self, content: int, size: int) -> Image:
        """The middle of a photograph, float32 (3, size, size) in [0, 1]."""
        photograph = self.photographs[content % len(self.photographs)]
        top, left = ((side - size) // 2 for side in photograph.shape[1:])
        return np.ascontiguousarray(photograph[:, top : top + size, left : left + size])

    def _patch(self, generator: np.random.Generator, size: int) -> Image:
        photograph = self.photographs[generator.integers(len(self.photographs))]
        top, left = (generator.integers(side - size + 1) for side in photograph.shape[1:])
        patch = photograph[:, top : top + size, left : left + size]
        return patch[:, :, ::-1] if generator.random() < 0.5 else patch


@dataclass(frozen=True, slots=True)
class _Row:
    degraded: Image
    reference: Image
    applied: Sequence[LabelledDegradation]
    content: int


def _collate(rows: Sequence[_Row], types: int) -> Batch:
    levels = torch.zeros(len(rows), types)
    for place, row in enumerate(rows):
        for item in row.applied:
            levels[place, item.type] = max(float(levels[place, item.type]), item.level)
    return Batch(
        degraded=torch.from_numpy(np.stack([row.degraded for row in rows])),
        reference=torch.from_numpy(np.stack([np.ascontiguousarray(row.reference) for row in rows])),
        types=(levels > 0).float(),
        levels=levels,
        scores=torch.tensor([pseudo_score(row.degraded, row.reference) for row in rows]),
        contents=torch.tensor([row.content for row in rows]),
    )


def pseudo_score(image: Any, reference: Any) -> float:
    """A stand-in for MOS where there is a reference: the mean of SSIM and of PSNR mapped from 15-45 dB to 0-1.

    Args:
        image: Float32 (3, H, W) in [0, 1].
        reference: The same shape.

    Returns:
        0 to 1; identical images get 1.
    """
    psnr = min(max((PSNR()(image, reference).value - 15) / 30, 0.0), 1.0)
    return (psnr + max(SSIM()(image, reference).value, 0.0)) / 2
