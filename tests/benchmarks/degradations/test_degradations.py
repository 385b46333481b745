"""What holds for every degradation: the contract, determinism, what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.degradations.kadid import KADID
from harness.errors import ImageError, InputError
from harness.images import check_image
from harness.plugins import degradations
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
    "bayer-mosaic", "colour-diffusion", "colour-noise", "colour-quantisation", "colour-shift", "kadid-mix",
    "saturation-hsv", "saturation-lab",
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
