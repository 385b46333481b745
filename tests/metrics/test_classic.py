"""Our own classic metrics against second implementations, and on images at the edge."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from harness.errors import ImageError
from harness.images import from_uint8, quantise
from harness.metrics.blur_effect import BlurEffect
from harness.metrics.ms_ssim import MSSSIM
from harness.metrics.niqe import NIQE
from harness.metrics.psnr import PSNR, PSNRY
from harness.metrics.ssim import SSIM, SSIMY
from harness.protocols import Evaluation
from harness.scoring.evaluation import prepare

FULL_REFERENCE = [PSNR, SSIM, MSSSIM]
NO_REFERENCE = [NIQE, BlurEffect]
WANG = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
"""How scikit-image's SSIM has Wang's window; it returns the map beside the mean."""


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    from skimage.data import astronaut

    return from_uint8(astronaut()[:256, 100:356])


def noisy(image: np.ndarray, sigma: float) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, image.shape)
    return quantise((image + noise).astype(np.float32))


@settings(max_examples=25, deadline=None)
@given(st.integers(11, 40), st.integers(11, 40), st.sampled_from([1, 3]), st.integers(0, 2**32 - 1))
def test_psnr_and_ssim_agree_with_scikit_image(
    height: int, width: int, planes: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    x = random.random((planes, height, width), dtype=np.float32)
    y = np.clip(x + random.normal(0, 0.1, x.shape), 0, 1).astype(np.float32)
    expected = peak_signal_noise_ratio(x, y, data_range=1)
    assert PSNR()(y, x).value == pytest.approx(expected, abs=1e-3)
    exact = (x.astype(float), y.astype(float))
    _, full = structural_similarity(*exact, channel_axis=0, data_range=1, **WANG)
    inner = full[:, 5 : height - 5, 5 : width - 5]
    assert SSIM()(y, x).value == pytest.approx(inner.mean(), abs=1e-4)


@pytest.mark.parametrize("metric", FULL_REFERENCE)
def test_identity_is_the_best_value(metric: type[PSNR], photo: np.ndarray) -> None:
    best = metric.card.bounds[1]
    assert metric()(photo, photo).value == pytest.approx(best)
    assert math.isinf(PSNR()(photo, photo).value)


@pytest.mark.parametrize("metric", FULL_REFERENCE)
def test_more_noise_is_worse_and_order_does_not_matter(
    metric: type[PSNR], photo: np.ndarray
) -> None:
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
    with pytest.raises(ImageError, match="is not defined"):
        metric()(np.full((3, 256, 256), 0.5, dtype=np.float32))


def test_stripes_have_no_edges_in_one_direction(photo: np.ndarray) -> None:
    stripes = np.repeat(photo[:, :1], 64, axis=1)
    assert BlurEffect()(stripes).value == 1


def batch(image: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(image)[None]


@pytest.mark.parametrize("sigma", [0.01, 0.05, 0.2])
def test_ssim_and_ms_ssim_agree_with_pyiqa(photo: np.ndarray, sigma: float) -> None:
    from pyiqa.archs import ssim_arch

    restored = noisy(photo, sigma)
    # the networks themselves: pyiqa's named metrics take full-range rounded Y, which ours do not
    for ours, theirs in ((SSIM, ssim_arch.SSIM), (MSSSIM, ssim_arch.MS_SSIM)):
        expected = float(theirs(channels=3, test_y_channel=False)(batch(restored), batch(photo)))
        # pyiqa cuts off negative structure in each pixel, Wang's code does not; weak noise makes
        # little of it
        tolerance = 1e-4 if sigma < 0.1 else 2e-3
        assert ours()(restored, photo).value == pytest.approx(expected, abs=tolerance)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(FULL_REFERENCE))
def test_identity_and_symmetry_hold_for_any_image(seed: int, metric: type[PSNR]) -> None:
    x, y = np.random.default_rng(seed).random((2, 1, 176, 180), dtype=np.float32)
    assert metric()(x, x).value == pytest.approx(metric.card.bounds[1])
    assert metric()(x, y).value == pytest.approx(metric()(y, x).value, rel=1e-9)
    assert metric.card.bounds[0] <= metric()(x, y).value < metric.card.bounds[1]


def test_ms_ssim_of_an_inverted_image_is_zero_not_nan(photo: np.ndarray) -> None:
    assert MSSSIM()(1 - photo, photo).value == 0


@pytest.mark.parametrize("metric", [*FULL_REFERENCE, *NO_REFERENCE])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_never_becomes_a_score(metric: type[PSNR], bad: float, photo: np.ndarray) -> None:
    spoilt = photo.copy()
    spoilt[1, 2, 3] = bad
    reference = photo if metric.card.needs_reference else None
    with pytest.raises(ImageError, match="NaN or infinite"):
        metric()(spoilt, reference)
    if reference is not None:
        with pytest.raises(ImageError, match="reference has 1 values"):
            metric()(photo, spoilt)


@pytest.mark.parametrize("metric", [*FULL_REFERENCE, *NO_REFERENCE])
def test_inputs_are_not_modified(metric: type[PSNR], photo: np.ndarray) -> None:
    restored, reference = noisy(photo, 0.05), photo.copy()
    before = restored.copy()
    metric()(restored, reference if metric.card.needs_reference else None)
    assert np.array_equal(restored, before)
    assert np.array_equal(reference, photo)


@pytest.mark.parametrize("metric", [PSNRY, SSIMY])
def test_the_engine_hands_luma_to_luma_metrics(metric: type[PSNR], photo: np.ndarray) -> None:
    from skimage.color import rgb2ycbcr
    from skimage.metrics import peak_signal_noise_ratio

    restored = noisy(photo, 0.05)
    ours = metric()(*prepare(restored, photo, metric.card, Evaluation("test"), scale=1)).value
    planes = [image.transpose(1, 2, 0).astype(float) for image in (photo, restored)]
    y, y_restored = (rgb2ycbcr(image)[..., 0] for image in planes)
    if metric is PSNRY:
        expected = peak_signal_noise_ratio(y, y_restored, data_range=255)
        assert ours == pytest.approx(expected, abs=1e-3)
    else:
        _, full = structural_similarity(y, y_restored, data_range=255, **WANG)
        assert ours == pytest.approx(full[5:-5, 5:-5].mean(), abs=1e-4)


def test_niqe_needs_two_whole_blocks(photo: np.ndarray) -> None:
    assert math.isfinite(NIQE()(photo[:, :96, :192]).value)
    with pytest.raises(ImageError, match="two blocks"):
        NIQE()(photo[:, :191, :191])


def test_niqe_and_blur_effect_see_blur(photo: np.ndarray) -> None:
    from scipy.ndimage import gaussian_filter

    blurred = gaussian_filter(photo, (0, 2.5, 2.5))
    assert NIQE()(blurred).value > NIQE()(photo).value
    assert BlurEffect()(blurred).value > BlurEffect()(photo).value
