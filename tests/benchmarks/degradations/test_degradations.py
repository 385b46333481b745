"""What holds for every degradation: the contract, determinism, what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.degradations.kadid import KADID
from harness.conditions import conditions_of
from harness.errors import ImageError, InputError
from harness.images import check_image, image_hash, quantise
from harness.plugins.kinds import degradations
from harness.protocols import Degradation

GOOD: dict[str, dict[str, Any]] = {
    **{item.degradation: dict(item.parameters(4)) for item in KADID},
    "gaussian-noise": {"sigma_255": 20.0},
    "correlated-noise": {"sigma_255": 20.0, "grain": 1.5},
    "poisson-noise": {"peak": 30.0},
    "poisson-gaussian-noise": {"peak": 60.0, "read_255": 10.0},
    "camera-noise": {"shot": 0.01, "read": 0.0002},
    "jpeg-after-noise": {"sigma_255": 15.0, "quality": 40},
    "anisotropic-blur": {"sigma_x": 3.0, "sigma_y": 1.0, "angle": 30.0},
    "imresize": {"scale": 2},
    "imresize-float": {"scale": 2},
    "shake-blur": {"size": 15, "number": 3},
    "imresize-rounded-once": {"scale": 2},
    "opencv-resize": {"scale": 2, "method": "linear"},
    "pillow-resize": {"scale": 2, "method": "lanczos"},
    "nearest-resize": {"scale": 2},
    "eight-bits": {},
    "exposure": {"stops": -2.0},
    "low-light": {"stops": 3.0, "shot": 0.003, "read": 0.00001},
    "haze": {"beta": 1.2, "airlight": 0.8},
    "rain": {"density": 0.01, "length": 12.0, "strength": 0.8, "slant": 10.0},
    "bsrgan": {"scale": 2},
    "real-esrgan": {"scale": 2},
    "kadid-mix": {"count": 2},
    "webp": {"quality": 20},
    "avif": {"quality": 20},
    "bayer-mosaic": {"cfa": "GRBG"},
    "missing-pixels": {"fraction": 0.3},
    "missing-boxes": {"fraction": 0.3},
    "missing-strokes": {"fraction": 0.3},
}
"""A degradation's parameters for the tests; a new degradation is added here."""

COLOUR_ONLY = {
    "bayer-mosaic", "colour-diffusion", "colour-noise", "colour-quantisation", "colour-shift",
    "kadid-mix", "saturation-hsv", "saturation-lab",
}  # fmt: skip
"""Those that have nothing to do on a grey plane, and say so."""


def build(name: str) -> Degradation:
    degradation: Degradation = degradations.get(name)(**GOOD[name])
    return degradation


def photograph(seed: int = 0, shape: tuple[int, ...] = (3, 33, 46)) -> Any:
    """Smooth noise in [0, 1]."""
    from scipy.ndimage import gaussian_filter

    image = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), (0, 3, 3))
    return ((image - image.min()) / np.ptp(image)).astype(np.float32)


@pytest.mark.parametrize("name", list(degradations))
def test_the_contract(name: str) -> None:
    degradation = build(name)
    assert isinstance(degradation, Degradation)
    assert degradation.name == name
    assert set(GOOD[name]) <= set(degradation.params)
    image = photograph()
    before = image.copy()
    degraded = check_image(degradation(image, np.random.default_rng(1)))
    assert np.array_equal(image, before)
    assert not np.array_equal(degraded, image)
    assert np.array_equal(degraded, degradation(image, np.random.default_rng(1)))


@pytest.mark.parametrize("name", list(degradations))
def test_grey_in_grey_out_or_a_clear_refusal(name: str) -> None:
    grey = photograph(shape=(1, 33, 46))
    if name in COLOUR_ONLY:
        with pytest.raises(ImageError, match="one plane; expected RGB"):
            build(name)(grey, np.random.default_rng(1))
    else:
        assert check_image(build(name)(grey, np.random.default_rng(1))).shape[0] == 1


@pytest.mark.parametrize("name", list(degradations))
def test_nonsense_parameters_are_refused_by_name(name: str) -> None:
    for key in GOOD[name]:
        with pytest.raises(InputError, match=f"^{name}: {key} is"):
            degradations.get(name)(**{**GOOD[name], key: -1e9})


FLOAT = {
    "gaussian-noise", "gaussian-blur", "anisotropic-blur", "defocus-blur", "motion-blur",
    "shake-blur", "imresize-float",
}  # fmt: skip
"""Those that do not round to 8 bits."""

UNCLIPPED = {"gaussian-noise", "imresize-float"}

GOLDEN = {
    "bayer-mosaic": "7208aa029c3547a9",
    "colour-blocks": "5e0b89c89a6bc1c6",
    "contrast": "c811b1efa286c8a2",
    "gaussian-noise": "6fef3fef9766a122",
    "gaussian-noise-clipped": "00e5a8392bde846b",
    "imresize": "ca03593536f83d2e",
    "imresize-float": "43ae2350d36aaf18",
    "mean-shift": "d1f4fdc86d82b9db",
    "missing-boxes": "e7f3ac87de78f5a4",
    "missing-pixels": "877abc5497460635",
    "nearest-resize": "e33571206ff46de9",
    "patches": "2b42e26c0cd64108",
    "pixelate": "058fc4b4da3a764b",
    "poisson-noise": "e95213363f6707b0",
    "quantisation": "03891885d5c91f8d",
    "salt-and-pepper": "27f1545f0bf3c17a",
    "saturation-hsv": "27e9d09e7cb5d00f",
    "speckle-noise": "97d0ea08e4995028",
}
"""Pixel hashes of those that numpy alone makes: they hold on every machine."""


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (8, 2), (31, 20)], ids=str)
@pytest.mark.parametrize("name", list(degradations))
def test_any_size_gives_an_image_of_the_same_range(name: str, shape: tuple[int, int]) -> None:
    image = quantise(photograph(shape=(3, *shape)))
    degraded = check_image(build(name)(image, np.random.default_rng(2)))
    scale = conditions_of(build(name)).scale
    assert degraded.shape == (3, -(-shape[0] // scale), -(-shape[1] // scale))
    if name not in UNCLIPPED:
        assert degraded.min() > -1e-6
        assert degraded.max() < 1 + 1e-6
    if name not in FLOAT:
        assert np.array_equal(quantise(degraded), degraded)


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_pixels(name: str) -> None:
    levels = np.round(np.linspace(0, 1, 3 * 24 * 25) ** 2 * 255).reshape(3, 24, 25)
    image = levels.astype(np.float32) / np.float32(255)
    assert image_hash(build(name)(image, np.random.default_rng(1)))[:16] == GOLDEN[name]
