"""The arrays that restorers take and return, named without importing numpy."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Image: TypeAlias = "npt.NDArray[np.float32]"
"""(C, H, W), as `harness.images.Image`."""

Plane: TypeAlias = "npt.NDArray[np.float32]"
"""(H, W)."""
