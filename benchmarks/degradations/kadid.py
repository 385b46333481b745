"""The 25 distortions of KADID-10k at five levels each, by our plugins.

The strengths are those of the generator that Lin, Hosu and Saupe published with KADID-10k
("KADID-10k: A Large-scale Artificially Distorted IQA Database", QoMEX 2019), in its order, with two
exceptions: contrast is ordered by magnitude, and the variances of white noise are given as standard
deviations. A few first levels are no change, as in KADID-10k: mean shift 0, contrast 0, saturation
1, motion over one pixel. Where our operator differs from KADID's (colour quantisation, denoising),
its class says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoints, entry_points
from math import sqrt

from harness.protocols import Degradation

Level = int | float


@dataclass(frozen=True, slots=True)
class Distortion:
    """One type of KADID-10k.

    Attributes:
        number: 1 to 25, as in KADID-10k's file names.
        type: Its name there, in kebab-case.
        group: blur, colour, compression, noise, brightness, spatial, or sharpness-contrast.
        degradation: Name of our plugin.
        parameter: The plugin's parameter that grows the distortion.
        levels: Its five values, from the weakest on.
    """

    number: int
    type: str
    group: str
    degradation: str
    parameter: str
    levels: tuple[Level, Level, Level, Level, Level]

    def parameters(self, level: int) -> Mapping[str, Level]:
        """The plugin's keywords at a level from 1 to 5."""
        return {self.parameter: self.levels[level - 1]}

    def build(self, level: int) -> Degradation:
        """Makes the degradation at a level from 1 to 5."""
        degradation: Degradation = _plugins()[self.degradation].load()(**self.parameters(level))
        return degradation


@lru_cache(maxsize=1)
def _plugins() -> EntryPoints:
    return entry_points(group="restobench.degradations")  # reads every installed distribution


_WHITE = (0.001, 0.002, 0.003, 0.005, 0.01)
_W1, _W2, _W3, _W4, _W5 = (round(255 * sqrt(variance), 4) for variance in _WHITE)

KADID = (
    Distortion(1, "gaussian-blur", "blur", "gaussian-blur", "sigma", (0.1, 0.5, 1, 2, 5)),
    Distortion(2, "lens-blur", "blur", "defocus-blur", "radius", (1, 2, 4, 6, 8)),
    Distortion(3, "motion-blur", "blur", "motion-blur", "length", (1, 2, 4, 6, 10)),
    Distortion(4, "colour-diffusion", "colour", "colour-diffusion", "amount", (1, 3, 6, 8, 12)),
    Distortion(5, "colour-shift", "colour", "colour-shift", "distance", (1, 3, 6, 8, 12)),
    Distortion(
        6, "colour-quantisation", "colour", "colour-quantisation", "colours", (64, 48, 32, 16, 8)
    ),
    Distortion(
        7, "colour-saturation-1", "colour", "saturation-hsv", "factor", (0.4, 0.2, 0.1, 0.0, -0.4)
    ),
    Distortion(8, "colour-saturation-2", "colour", "saturation-lab", "factor", (1, 2, 3, 6, 9)),
    Distortion(9, "jpeg2000", "compression", "jpeg2000", "ratio", (16, 32, 45, 120, 170)),
    Distortion(10, "jpeg", "compression", "jpeg", "quality", (43, 36, 24, 7, 4)),
    Distortion(
        11, "white-noise", "noise", "gaussian-noise-clipped", "sigma_255", (_W1, _W2, _W3, _W4, _W5)
    ),
    Distortion(
        12,
        "colour-noise",
        "noise",
        "colour-noise",
        "variance",
        (0.0001, 0.0005, 0.001, 0.002, 0.003),
    ),
    Distortion(
        13, "impulse-noise", "noise", "salt-and-pepper", "density", (0.001, 0.005, 0.01, 0.02, 0.03)
    ),
    Distortion(
        14,
        "multiplicative-noise",
        "noise",
        "speckle-noise",
        "variance",
        (0.001, 0.005, 0.01, 0.02, 0.05),
    ),
    Distortion(
        15, "denoise", "noise", "denoised-noise", "variance", (0.001, 0.002, 0.003, 0.005, 0.01)
    ),
    Distortion(16, "brighten", "brightness", "brighten", "amount", (0.1, 0.2, 0.4, 0.7, 1.1)),
    Distortion(17, "darken", "brightness", "darken", "amount", (0.05, 0.1, 0.2, 0.4, 0.8)),
    Distortion(
        18, "mean-shift", "brightness", "mean-shift", "shift", (0.0, 0.08, -0.08, 0.15, -0.15)
    ),
    Distortion(19, "jitter", "spatial", "jitter", "amount", (0.05, 0.1, 0.2, 0.5, 1)),
    Distortion(20, "non-eccentricity-patch", "spatial", "patches", "count", (20, 40, 60, 80, 100)),
    Distortion(21, "pixelate", "spatial", "pixelate", "strength", (0.01, 0.05, 0.1, 0.2, 0.5)),
    Distortion(22, "quantisation", "spatial", "quantisation", "levels", (20, 16, 13, 10, 7)),
    Distortion(23, "colour-block", "spatial", "colour-blocks", "count", (2, 4, 6, 8, 10)),
    Distortion(24, "high-sharpen", "sharpness-contrast", "sharpen", "amount", (1, 2, 3, 6, 12)),
    Distortion(
        25,
        "contrast-change",
        "sharpness-contrast",
        "contrast",
        "amount",
        (0.0, 0.15, 0.3, -0.4, -0.6),
    ),
)
"""Every distortion, in KADID-10k's order."""
