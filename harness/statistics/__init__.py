"""Intervals, tests and strengths over arrays; knows nothing of restorers."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
