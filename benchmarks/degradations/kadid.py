"""The 25 distortions of KADID-10k at five levels each, by our plugins.

The strengths are those of the generator that Lin, Hosu and Saupe published with KADID-10k
("KADID-10k: A Large-scale Artificially Distorted IQA Database", QoMEX 2019), in its order, with two
exceptions: contrast is ordered by magnitude, and the variances of white noise are given as standard
deviations. A few first levels are no change, as in KADID-10k: mean shift 0, contrast 0, saturation
1, motion over one pixel. Where our operator differs from KADID's (colour quantisation, denoising),
its class says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from harness.catalogue import find_degradation
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
    levels: tuple[Level, ...]

    def parameters(self, level: int) -> Mapping[str, Level]:
        """The plugin's keywords at a level from 1 to 5."""
        return {self.parameter: self.levels[level - 1]}

    def build(self, level: int) -> Degradation:
        """Makes the degradation at a level from 1 to 5."""
        return find_degradation(self.degradation)(**self.parameters(level))


_VARIANCES = (0.001, 0.002, 0.003, 0.005, 0.01)
_SIGMAS_255 = tuple(round(255 * sqrt(variance), 4) for variance in _VARIANCES)
_GROUPS: dict[str, tuple[tuple[int, str, str, str, tuple[Level, ...]], ...]] = {
    "blur": (
        (1, "gaussian-blur", "gaussian-blur", "sigma", (0.1, 0.5, 1, 2, 5)),
        (2, "lens-blur", "defocus-blur", "radius", (1, 2, 4, 6, 8)),
        (3, "motion-blur", "motion-blur", "length", (1, 2, 4, 6, 10)),
    ),
    "colour": (
        (4, "colour-diffusion", "colour-diffusion", "amount", (1, 3, 6, 8, 12)),
        (5, "colour-shift", "colour-shift", "distance", (1, 3, 6, 8, 12)),
        (6, "colour-quantisation", "colour-quantisation", "colours", (64, 48, 32, 16, 8)),
        (7, "colour-saturation-1", "saturation-hsv", "factor", (0.4, 0.2, 0.1, 0.0, -0.4)),
        (8, "colour-saturation-2", "saturation-lab", "factor", (1, 2, 3, 6, 9)),
    ),
    "compression": (
        (9, "jpeg2000", "jpeg2000", "ratio", (16, 32, 45, 120, 170)),
        (10, "jpeg", "jpeg", "quality", (43, 36, 24, 7, 4)),
    ),
    "noise": (
        (11, "white-noise", "gaussian-noise-clipped", "sigma_255", _SIGMAS_255),
        (12, "colour-noise", "colour-noise", "variance", (0.0001, 0.0005, 0.001, 0.002, 0.003)),
        (13, "impulse-noise", "salt-and-pepper", "density", (0.001, 0.005, 0.01, 0.02, 0.03)),
        (14, "multiplicative-noise", "speckle-noise", "variance", (0.001, 0.005, 0.01, 0.02, 0.05)),
        (15, "denoise", "denoised-noise", "variance", (0.001, 0.002, 0.003, 0.005, 0.01)),
    ),
    "brightness": (
        (16, "brighten", "brighten", "amount", (0.1, 0.2, 0.4, 0.7, 1.1)),
        (17, "darken", "darken", "amount", (0.05, 0.1, 0.2, 0.4, 0.8)),
        (18, "mean-shift", "mean-shift", "shift", (0.0, 0.08, -0.08, 0.15, -0.15)),
    ),
    "spatial": (
        (19, "jitter", "jitter", "amount", (0.05, 0.1, 0.2, 0.5, 1)),
        (20, "non-eccentricity-patch", "patches", "count", (20, 40, 60, 80, 100)),
        (21, "pixelate", "pixelate", "strength", (0.01, 0.05, 0.1, 0.2, 0.5)),
        (22, "quantisation", "quantisation", "levels", (20, 16, 13, 10, 7)),
        (23, "colour-block", "colour-blocks", "count", (2, 4, 6, 8, 10)),
    ),
    "sharpness-contrast": (
        (24, "high-sharpen", "sharpen", "amount", (1, 2, 3, 6, 12)),
        (25, "contrast-change", "contrast", "amount", (0.0, 0.15, 0.3, -0.4, -0.6)),
    ),
}
"""By group: number, type, our plugin, its parameter and the levels."""

KADID = tuple(
    Distortion(number, type, group, degradation, parameter, levels)
    for group, rows in _GROUPS.items()
    for number, type, degradation, parameter, levels in rows
)
"""Every distortion, in KADID-10k's order."""
