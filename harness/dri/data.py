"""Training images: MOS folders, and synthetic pairs with known degradations. Degradations are handed in as objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
        types: (N,), index of the degradation's type.
        levels: (N,), strength in (0, 1].
        scores: (N,), pseudo-scores of the degraded images in [0, 1].
        contents: (N,), which content each image shows.
    """

    degraded: Tensor
    reference: Tensor
    types: Tensor
    levels: Tensor
    scores: Tensor
    contents: Tensor


class SyntheticPairs:
    """Patches of clean photographs, degraded on the fly; a batch depends on (seed, step) alone.

    Args:
        folder: Clean photographs.
        degradations: What to do to them.
        seed: Of all randomness.
    """

    def __init__(self, folder: Path, degradations: Sequence[LabelledDegradation], seed: int) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        if not paths:
            raise InputError(f"{folder} holds no clean photographs to train on")
        self.photographs = [quantise(read_image(path, mode="rgb")) for path in paths]
        self.degradations, self.seed = list(degradations), seed

    def batch(self, step: int, contents: int, versions: int, size: int) -> Batch:
        """Makes one batch of `contents` patches with `versions` degradations each.

        Args:
            step: Which batch.
            contents: Different patches.
            versions: Different degradations of each patch.
            size: Height and width, a multiple of 12.
        """
        generator = np.random.default_rng([self.seed, step])
        rows: list[tuple[Image, Image, int, float, int]] = []
        for content in range(contents):
            reference = self._patch(generator, size)
            chosen = generator.choice(len(self.degradations), versions, replace=False)
            for labelled in (self.degradations[index] for index in chosen):
                degraded = labelled.apply(reference, generator)
                rows.append((degraded, reference, labelled.type, labelled.level, content))
        return _collate(rows)

    def _patch(self, generator: np.random.Generator, size: int) -> Image:
        photograph = self.photographs[generator.integers(len(self.photographs))]
        top, left = (generator.integers(side - size + 1) for side in photograph.shape[1:])
        patch = photograph[:, top : top + size, left : left + size]
        return patch[:, :, ::-1] if generator.random() < 0.5 else patch


def _collate(rows: Sequence[tuple[Image, Image, int, float, int]]) -> Batch:
    degraded, references, types, levels, contents = zip(*rows, strict=True)
    return Batch(
        degraded=torch.from_numpy(np.stack(degraded)),
        reference=torch.from_numpy(np.stack([np.ascontiguousarray(item) for item in references])),
        types=torch.tensor(types),
        levels=torch.tensor(levels, dtype=torch.float32),
        scores=torch.tensor([pseudo_score(x, y) for x, y in zip(degraded, references, strict=True)]),
        contents=torch.tensor(contents),
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
