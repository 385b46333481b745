"""Statistics of natural scenes: shapes, cells, and what they tell apart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from benchmarks.sources import Photos
from harness.dri.network.backbone import PATCHES
from harness.dri.network.statistics import STATISTICS_WIDTH, natural_statistics
from harness.resizing import imresize


@pytest.mark.parametrize("size", [(64, 64), (66, 130), (240, 200)])
def test_there_is_a_row_for_the_image_and_each_cell(size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    found = natural_statistics(images)
    assert found.shape == (2, PATCHES, 2 * STATISTICS_WIDTH)
    # an image does not know its neighbours
    assert torch.allclose(found[1:], natural_statistics(images[1:]), atol=1e-4)
    assert float((found[0] - found[1]).abs().max()) > 0


def test_a_cell_is_a_part_of_the_image() -> None:
    left, right = torch.full((1, 3, 64, 64), 0.5), torch.rand(1, 3, 64, 64)
    whole = natural_statistics(torch.cat([left, right], dim=3))
    contrast = whole[0, :, 20 + 1]  # behind 20 means: the median
    # cells go row by row; the left ones are constant
    assert float(contrast[[1, 3]].max()) == pytest.approx(np.log(1e-2), abs=1e-3)
    assert float(contrast[[2, 4]].min()) > 2


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_constant_images_have_finite_statistics(value: float) -> None:
    assert torch.isfinite(natural_statistics(torch.full((1, 3, 64, 64), value))).all()


def test_they_tell_how_far_a_photograph_was_enlarged() -> None:
    """The sharpest tenth of the detail fades, whatever the photograph shows."""
    place = 20 + 2  # behind 20 means of the first scale: the 90 % quantile
    found = []
    for scale in (1, 2, 4, 8):
        images = []
        for name in ("coffee", "chelsea", "china", "flower"):
            photo = Photos(192).read(name)
            small = imresize(photo, 1 / scale) if scale > 1 else photo
            images.append(imresize(small, scale, rounding="none") if scale > 1 else photo)
        said = natural_statistics(torch.from_numpy(np.stack(images)))
        found.append(said[:, 0, place])
    assert all((after < before).all() for before, after in pairwise(found))
