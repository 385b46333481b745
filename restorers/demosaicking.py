"""Classical demosaicking: bilinear, and linear filters.

The filters are those of Malvar, He and Cutler (ICASSP 2004).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.protocols import Conditions, RestorerCard, Task
from restorers._arrays import Image, Plane
from restorers._classical import Classical

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_GREEN = ((0, 0, -1, 0, 0), (0, 0, 2, 0, 0), (-1, 2, 4, 2, -1), (0, 0, 2, 0, 0), (0, 0, -1, 0, 0))
_IN_ROW = (
    (0, 0, 0.5, 0, 0),
    (0, -1, 0, -1, 0),
    (-1, 4, 5, 4, -1),
    (0, -1, 0, -1, 0),
    (0, 0, 0.5, 0, 0),
)
_ACROSS = (
    (0, 0, -1.5, 0, 0),
    (0, 2, 0, 2, 0),
    (-1.5, 0, 6, 0, -1.5),
    (0, 2, 0, 2, 0),
    (0, 0, -1.5, 0, 0),
)
"""Eighths (figure 2).

Green at red and blue; red or blue at green pixels of its rows; red at blue and blue at red.
"""


def _card(name: str, paper: str) -> RestorerCard:
    return RestorerCard(
        name=name,
        tasks=(Task.DEMOSAIC,),
        conditions=("cfa",),
        channels=(3,),
        parameters=0,
        licence="Apache-2.0",
        paper=paper,
        source="restobench",
    )


class Bilinear(Classical):
    """The mean of the known neighbours of the same colour."""

    card = _card("demosaic-bilinear", "")

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Fills in the mosaic (3, H, W), which is 0 where its sensor has no such pixel."""
        import numpy as np
        from scipy.ndimage import convolve

        tent = np.outer([1, 2, 1], [1, 2, 1]).astype(np.float32) / 4
        known = _known(str(conditions.cfa), image.shape[1:])
        planes = []
        for plane, where in zip(image, known, strict=True):
            total, weight = (
                convolve(part, tent, mode="mirror") for part in (plane, where.astype(np.float32))
            )
            planes.append(np.where(where, plane, total / weight))
        return np.stack(planes).astype(np.float32)


class Malvar(Classical):
    """Bilinear interpolation corrected by the other colours' second derivatives."""

    card = _card("demosaic-malvar", "Malvar, He, Cutler, ICASSP 2004")

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Fills in the mosaic (3, H, W), which is 0 where its sensor has no such pixel."""
        import numpy as np
        from scipy.ndimage import convolve

        red, green, blue = _known(str(conditions.cfa), image.shape[1:])
        mosaic: Plane = image.sum(axis=0)
        filters = [np.asarray(taps, dtype=np.float32) / 8 for taps in (_GREEN, _IN_ROW, _ACROSS)]
        at_other, in_row, across = (convolve(mosaic, taps, mode="mirror") for taps in filters)
        in_column = convolve(mosaic, filters[1].T, mode="mirror")
        red_rows, blue_rows = (part.any(axis=1, keepdims=True) for part in (red, blue))
        planes = (
            np.select([red, blue, red_rows], [mosaic, across, in_row], in_column),
            np.where(green, mosaic, at_other),
            np.select([blue, red, blue_rows], [mosaic, across, in_row], in_column),
        )
        return np.stack(planes).astype(np.float32)


def _known(cfa: str, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """(3, H, W): where the sensor has a pixel of each colour."""
    import numpy as np

    known = np.zeros((3, *shape), dtype=np.bool_)
    for position, colour in enumerate(cfa):
        known["RGB".index(colour), position // 2 :: 2, position % 2 :: 2] = True
    return known
