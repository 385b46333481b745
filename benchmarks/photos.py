"""The built-in sets, made of photographs that come with installed packages: `photos-x2`, `photos-sigma25`, ..."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.degradations.blur import GaussianBlur
from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoise
from benchmarks.degradations.resize import MatlabBicubic
from benchmarks.sets import SyntheticSet
from benchmarks.sources import Photos
from harness.errors import UnknownNameError
from harness.protocols import Degradation, Task

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


class _Family:
    """The entry point `photos-*`."""

    def names(self) -> list[str]:
        return list(_CHAINS)

    def get(self, name: str) -> Callable[[], SyntheticSet]:
        if name not in _CHAINS:
            raise UnknownNameError("set", name, _CHAINS)
        return partial(make, name)


family = _Family()
