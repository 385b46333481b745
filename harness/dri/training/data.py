"""Training images: synthetic pairs with known degradations, which are handed in as objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from harness.errors import InputError
from harness.formats import image_files
from harness.images import Image, quantise, read_image
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import SSIM
from harness.protocols import Degradation
from harness.resizing import imresize

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
        """Name and parameters: of a single one, as people's tables of degradations have it."""
        return " ".join([self.degradation.name, *map(str, self.degradation.params.values())])

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
    paths = image_files(folder, deep=True)
    if not paths:
        raise InputError(f"{folder} holds no clean photographs to train on")
    return paths


class SyntheticPairs:
    """Patches of clean photographs, degraded on the fly; a batch depends on (seed, step) alone.

    Args:
        folder: Clean photographs.
        degradations: What to do to them.
        seed: Of all randomness.
        least: Height and width that patches may have.

    Raises:
        InputError: There is no photograph, or one is smaller than that.
    """

    def __init__(
        self,
        folder: Path,
        degradations: Sequence[LabelledDegradation],
        seed: int,
        least: int = 1,
    ) -> None:
        paths = photographs_in(folder)
        self.photographs = [quantise(read_image(path, mode="rgb")) for path in paths]
        for path, photograph in zip(paths, self.photographs, strict=True):
            height, width = photograph.shape[1:]
            if min(height, width) < least:
                raise InputError(
                    f"{path} is {width} x {height} pixels; expected at least {least} x {least}: "
                    "leave it out, or make size in [versions] smaller"
                )
        self.degradations, self.seed = list(degradations), seed

    def batch(self, step: int, contents: int, versions: int, size: int) -> Batch:
        """Makes one batch of patches with several degradations each, some of them mixtures of two.

        Args:
            step: Which batch.
            contents: Different patches.
            versions: Different degradations of each patch.
            size: Height and width, a multiple of 12.
        """
        generator = np.random.default_rng([self.seed, step])
        known = len(self.degradations)
        # few degradations a batch: several contents then share each, which contrast needs
        shared = generator.choice(known, min(3 * versions, known), replace=False)
        pairs: list[tuple[Image, Image]] = []
        types = 1 + max(item.type for item in self.degradations)
        levels = torch.zeros(contents * versions, types)
        for _ in range(contents):
            reference = self._patch(generator, size)
            for index in generator.choice(shared, versions, replace=False):
                applied = [self.degradations[index]]
                degraded = applied[0].apply(reference, generator)
                if generator.random() < MIXED:
                    applied.append(self.degradations[generator.integers(known)])
                    degraded = applied[1].apply(degraded, generator)
                for item in applied:  # of one type twice: the stronger
                    levels[len(pairs), item.type].clamp_(min=item.level)
                pairs.append((degraded, reference))
        return Batch(
            degraded=torch.from_numpy(np.stack([degraded for degraded, _ in pairs])),
            reference=torch.from_numpy(
                np.stack([np.ascontiguousarray(reference) for _, reference in pairs])
            ),
            types=(levels > 0).float(),
            levels=levels,
            scores=torch.tensor([pseudo_score(*pair) for pair in pairs]),
            contents=torch.arange(contents).repeat_interleave(versions),
        )

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


def pseudo_score(image: Image, reference: Image) -> float:
    """A stand-in for MOS where there is a reference: the mean of SSIM and of PSNR.

    PSNR is mapped from 15-45 dB to 0-1.

    Args:
        image: Float32 (3, H, W) in [0, 1].
        reference: The same shape.

    Returns:
        0 to 1; identical images get 1.
    """
    psnr = min(max((PSNR()(image, reference).value - 15) / 30, 0.0), 1.0)
    return (psnr + max(SSIM()(image, reference).value, 0.0)) / 2
