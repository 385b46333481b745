"""The built-in sets: `photos-x2`, `photos-sigma25`, ...

They are made of photographs that come with installed packages.
"""

from functools import partial

from benchmarks.degradations.blur import GaussianBlur
from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoise
from benchmarks.degradations.resize import MatlabBicubic
from benchmarks.sets import SyntheticSet
from benchmarks.sources import Photos
from harness.protocols import Degradation, Family, Task

_CHAINS: dict[str, tuple[Task, Degradation]] = {
    **{f"photos-x{scale}": (Task.SUPER_RESOLVE, MatlabBicubic(scale)) for scale in (2, 3, 4)},
    **{
        f"photos-sigma{sigma}": (Task.DENOISE, GaussianNoise(float(sigma)))
        for sigma in (15, 25, 50)
    },
    **{f"photos-q{quality}": (Task.DEJPEG, Jpeg(quality)) for quality in (10, 20, 40)},
    "photos-blur": (Task.DEBLUR, GaussianBlur(1.6)),
}


def make(name: str) -> SyntheticSet:
    """Builds a set by name."""
    task, degradation = _CHAINS[name]
    return SyntheticSet(name, task, Photos(), (degradation,))


family = Family("set", lambda: _CHAINS, lambda name: partial(make, name))
"""The entry point `photos-*`."""
