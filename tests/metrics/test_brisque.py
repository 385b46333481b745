"""BRISQUE through the package that carries it: direction, repeats, images without statistics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from harness.errors import ImageError, UnavailableError
from harness.images import from_uint8
from harness.metrics.brisque import BRISQUE


@pytest.fixture(scope="module")
def metric() -> BRISQUE:
    pytest.importorskip("brisque")
    return BRISQUE()


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    from skimage.data import astronaut

    return from_uint8(astronaut()[:256, 100:356])


def test_a_clean_photograph_is_better_than_its_noisy_and_blurred_versions(
    metric: BRISQUE, photo: np.ndarray
) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, photo.shape)
    noisy = np.clip(photo + noise, 0, 1).astype(np.float32)
    blurred = gaussian_filter(photo, (0, 2, 2)).astype(np.float32)
    clean = metric(photo).value
    # the package's fit depends in its last digits on where an array lies in memory
    assert clean == pytest.approx(metric(photo).value, abs=1e-9)
    assert clean + 10 < metric(noisy).value
    assert clean + 10 < metric(blurred).value


def test_grey_is_read_as_colour_without_saturation(metric: BRISQUE, photo: np.ndarray) -> None:
    grey = photo.mean(axis=0, keepdims=True)
    again = metric(np.repeat(grey, 3, axis=0)).value
    assert metric(grey).value == pytest.approx(again, abs=1e-9)


def test_images_without_statistics_are_refused(metric: BRISQUE) -> None:
    with pytest.raises(ImageError, match=r"structure|not defined"):
        metric(np.full((3, 64, 64), 0.5, np.float32))
    with pytest.raises(ImageError, match="brisque"):
        metric(np.zeros((3, 8, 8), np.float32))


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UnavailableError, match=r"pip install 'restobench\[brisque\]'"):
        BRISQUE()
