"""Degraded images and references are found in the run's old previews, and in the cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.images import exact_uint8, image_hash, read_image, write_image
from harness.protocols.report import FoundImage, ReportData
from harness.reporting.images import SampleImages
from harness.results import SampleRecord
from harness.storage.images.arrays import save_array
from harness.storage.places import cache_folder, preview

KEY = ("a set", "an/image")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESTOBENCH_IMAGE_CACHE", str(tmp_path / "cache"))
    return cache_folder()


@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_previews_come_before_the_cache(
    noise: float, fabricated: ReportData, cache: Path, tmp_path: Path
) -> None:
    image = np.zeros((3, 8, 8), np.float32) + np.float32(noise)
    sha256 = image_hash(image)
    data = replace(fabricated.data, samples={KEY: SampleRecord(sha256, None)})
    find = SampleImages(data, tmp_path / "run")
    assert find(*KEY, "degraded") is None
    assert find(*KEY, "reference") is None
    assert find.missed == [(*KEY, "degraded"), (*KEY, "reference")]
    path = save_array(image, cache / sha256[:2] / sha256, exact_uint8(image))
    assert find(*KEY, "degraded") == FoundImage(path, exact=True)
    shown = tmp_path / "run" / preview(*KEY, "degraded")
    shown.parent.mkdir(parents=True)
    write_image(shown, image)
    assert find(*KEY, "degraded") == FoundImage(shown.resolve(), exact=False)
    assert len(find.missed) == 2


def test_a_preview_that_leads_out_of_the_run_is_none(
    fabricated: ReportData, tmp_path: Path
) -> None:
    data = replace(fabricated.data, samples={KEY: SampleRecord("../../secret", None)})
    secret = tmp_path / "secret.png"
    write_image(secret, np.zeros((1, 4, 4), np.float32))
    assert read_image(secret).shape == (1, 4, 4)
    shown = tmp_path / "run" / preview(*KEY, "degraded")
    shown.parent.mkdir(parents=True)
    shown.symlink_to(secret)
    assert SampleImages(data, tmp_path / "run")(*KEY, "degraded") is None
