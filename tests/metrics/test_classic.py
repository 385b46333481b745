"""Our own classic metrics against second implementations, and on images at the edge."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from harness.errors import ImageError
from harness.images import quantise
from harness.metrics.blur_effect import BlurEffect
from harness.metrics.ms_ssim import MSSSIM
from harness.metrics.niqe import NIQE
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import SSIM

FULL_REFERENCE = [PSNR, SSIM, MSSSIM]
NO_REFERENCE = [NIQE, BlurEffect]


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:256, 100:356].transpose(2, 0, 1)).astype(np.float32) / 255


def noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, image.shape)
    return quantise((image + noise).astype(np.float32))


@settings(max_examples=25, deadline=None)
@given(st.integers(11, 40), st.integers(11, 40), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1))
def test_psnr_and_ssim_agree_with_scikit_image(height: int, width: int, planes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.random((planes, height, width), dtype=np.float32)
    y = np.clip(x + random.normal(0, 0.1, x.shape), 0, 1).astype(np.float32)
    assert PSNR()(y, x).value == pytest.approx(peak_signal_noise_ratio(x, y, data_range=1), abs=1e-3)
    _, full = structural_similarity(
        x.astype(float), y.astype(float), channel_axis=0, gaussian_weights=True, sigma=1.5,
        use_sample_covariance=False, data_range=1, full=True,
    )  # fmt: skip
    assert SSIM()(y, x).value == pytest.approx(full[:, 5 : height - 5, 5 : width - 5].mean(), abs=1e-4)


@pytest.mark.parametrize("metric", FULL_REFERENCE)
def test_identity_is_the_best_value(metric: type[PSNR], photo: np.ndarray) -> None:
    best = metric.card.bounds[1]
    assert metric()(photo, photo).value == pytest.approx(best)
    assert math.isinf(PSNR()(photo, photo).value)


@pytest.mark.parametrize("metric", FULL_REFERENCE)
def test_more_noise_is_worse_and_order_does_not_matter(metric: type[PSNR], photo: np.ndarray) -> None:
    little, much = noisy(photo, 0.02), noisy(photo, 0.1)
    assert metric()(little, photo).value > metric()(much, photo).value
    assert metric()(photo, little).value == pytest.approx(metric()(little, photo).value)


@pytest.mark.parametrize("metric", FULL_REFERENCE)
def test_no_reference_or_another_shape_is_refused(metric: type[PSNR], photo: np.ndarray) -> None:
    with pytest.raises(ImageError, match="reference"):
        metric()(photo, None)
    with pytest.raises(ImageError, match=r"\(3, 256, 255\)"):
        metric()(photo[:, :, 1:], photo)


@pytest.mark.parametrize("metric", [SSIM, MSSSIM, *NO_REFERENCE])
def test_an_image_too_small_is_refused_with_its_size(metric: type[PSNR]) -> None:
    tiny = np.full((3, 8, 9), 0.5, dtype=np.float32)
    with pytest.raises(ImageError, match=r"at least|needs"):
        metric()(tiny, tiny if metric.card.needs_reference else None)


@pytest.mark.parametrize("metric", NO_REFERENCE)
def test_a_constant_image_is_refused(metric: type[NIQE]) -> None:
    with pytest.raises(ImageError):
        metric()(np.full((3, 256, 256), 0.5, dtype=np.float32))


def test_ms_ssim_agrees_with_pyiqa(photo: np.ndarray) -> None:
    from harness.images import to_luma
    from harness.metrics.pyiqa import family

    restored = noisy(photo, 0.05)
    # pyiqa's has Y of full range 0-255 rounded; ours is handed the planes, so both get the same grey image
    grey, grey_restored = to_luma(photo), to_luma(restored)
    theirs = family.get("pyiqa-ms_ssim")()(np.repeat(grey_restored, 3, 0), np.repeat(grey, 3, 0)).value
    assert MSSSIM()(grey_restored, grey).value == pytest.approx(theirs, abs=3e-3)


def test_niqe_and_blur_effect_see_blur(photo: np.ndarray) -> None:
    from scipy.ndimage import gaussian_filter

    blurred = gaussian_filter(photo, (0, 2.5, 2.5))
    assert NIQE()(blurred).value > NIQE()(photo).value
    assert BlurEffect()(blurred).value > BlurEffect()(photo).value
