"""The views of an image that training sees."""

from __future__ import annotations

import torch

from benchmarks.sources import Photos
from harness.dri.features import VIEWS, View
from harness.images import Image


def darker(image: Image) -> Image:
    return image / 2


def test_a_view_shifts_compresses_and_mirrors() -> None:
    photo = torch.from_numpy(Photos(32).read("coffee").copy())
    assert torch.equal(View().of(photo, darker), photo)
    assert torch.equal(View(mirrored=True).of(photo, darker), photo.flip(2))
    assert torch.equal(View(3, 5).of(photo, darker), photo[:, 3:, 5:])
    assert torch.equal(View(3, 5, True, True).of(photo, darker), photo[:, 3:, 5:].flip(2) / 2)


def test_predictions_see_the_image_as_it_is() -> None:
    assert VIEWS[:2] == (View(), View(mirrored=True)), "the image and its mirror image, which the scorer averages"
    assert any(view.recompressed for view in VIEWS)
