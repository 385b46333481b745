"""The views of an image that training sees."""

from __future__ import annotations

import torch

from benchmarks.sources import Photos
from harness.dri.lessons.features import VIEWS, FeatureTable, View
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
    assert VIEWS[:2] == (View(), View(mirrored=True)), "which the scorer averages"
    assert any(view.recompressed for view in VIEWS)


def test_a_table_moves_to_a_device_and_describes_its_rows_there() -> None:
    maps, taps = [torch.zeros(2, 3, 8, 8) for _ in range(4)], [torch.zeros(4, 2, 5, 6)]
    d, tokens, assistance = torch.zeros(4, 2, 7), torch.zeros(4, 2, 5, 1, 7), torch.zeros(4, 2, 9)
    table = FeatureTable(maps, taps, taps, d, tokens, assistance, torch.arange(4) / 4).to("meta")
    # batches are put together by the scores, on the CPU
    assert torch.equal(table.scores, torch.arange(4) / 4)
    rows, views = torch.tensor([3, 1, 0]), torch.tensor([0, 1, 1])
    cropped = table.description(rows, views, 5, torch.Generator())
    seen = table.as_first_seen(rows, views)
    assert cropped.features.shape == (3, 3, 5, 5)
    assert seen.deep is not None
    for described in (cropped, seen, table.whole(2)):
        parts = [described.features, described.d, described.degradation_tokens]
        parts += [described.assistance, *described.pooled, *(described.deep or [])]
        assert {part.device.type for part in parts} == {"meta"}
