"""The sets of the literature: `set5-x2`, `set12-sigma25`, `classic5-q10`, ...

Their images are read from `RESTOBENCH_DATA`.
"""

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoise
from benchmarks.degradations.resize import MatlabBicubic, MatlabBicubicFloat
from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder, Mode
from harness.catalogue import find_known_set
from harness.known_sets import sets_folder
from harness.protocols import Conditions, Degradation, DegradedSet, Family, Task

Arguments = ParamSpec("Arguments")


def known_folder(name: str, mode: Mode, part: str = "") -> Folder:
    """The images of a known set, checked against their pins.

    Args:
        name: The set.
        mode: Of reading, as `Folder` has it.
        part: A folder within the set's.
    """
    known = f"{name}/{part}" if part else name
    return Folder(sets_folder() / name / part, mode, find_known_set(name).licence, known=known)


def references(name: str, mode: Mode) -> Folder:
    """The references of a known set: those in `HR` or `reference` where it has such a folder."""
    folder = sets_folder() / name
    part = next((part for part in ("HR", "reference") if (folder / part).is_dir()), "")
    return known_folder(name, mode, part)


def _public_lr(name: str, folder: str, scale: int) -> DegradedSet:
    """Super-resolution with the public LR, where it is published."""
    degraded = known_folder(folder, "rgb", f"LR_bicubic/X{scale}")
    hr = known_folder(folder, "rgb", "HR")
    known = Conditions(scale=scale)
    return PairedSet(name, Task.SUPER_RESOLVE, degraded, hr, known, f"{{id}}x{scale}")


def _degraded(name: str, task: Task, folder: str, mode: Mode, *chain: Degradation) -> DegradedSet:
    """References that are degraded here."""
    return SyntheticSet(name, task, references(folder, mode), chain)


def _real(name: str, folder: str, task: Task, scale: int = 1) -> DegradedSet:
    return UnreferencedSet(name, task, known_folder(folder, "rgb"), Conditions(scale=scale))


def _real_pairs(name: str, folder: str, task: Task, scale: int = 1) -> DegradedSet:
    degraded, reference = (known_folder(folder, "rgb", part) for part in ("degraded", "reference"))
    return PairedSet(name, task, degraded, reference, Conditions(scale=scale))


def _own(name: str) -> DegradedSet:
    """Anybody's own photographs, in `sets/own`."""
    return UnreferencedSet(name, Task.BLIND, Folder(sets_folder() / name, "rgb", "your own"))


def _catalogue() -> dict[str, Callable[[], DegradedSet]]:
    makers: dict[str, Callable[[], DegradedSet]] = {}

    def add(
        name: str,
        make: Callable[Concatenate[str, Arguments], DegradedSet],
        *arguments: Arguments.args,
        **keywords: Arguments.kwargs,
    ) -> None:
        makers[name] = partial(make, name, *arguments, **keywords)

    sr = Task.SUPER_RESOLVE
    for scale in (2, 3, 4):
        for folder in ("set5", "set14"):
            add(f"{folder}-x{scale}", _public_lr, folder, scale)
        for folder in ("bsd100", "urban100", "manga109", "kodak24"):
            add(f"{folder}-x{scale}", _degraded, sr, folder, "rgb", MatlabBicubic(scale))
        # convention B: a one-plane set; everything happens on rounded Y
        for folder in ("set5", "set14", "bsd100", "urban100", "manga109"):
            add(f"{folder}-y-x{scale}", _degraded, sr, folder, "grey", MatlabBicubicFloat(scale))
    for sigma in (15, 25, 50):
        noise = GaussianNoise(float(sigma))
        for folder in ("set12", "bsd68", "cbsd68", "kodak24", "mcmaster"):
            add(f"{folder}-sigma{sigma}", _degraded, Task.DENOISE, folder, "auto", noise)
    for quality in (10, 20, 30, 40):
        for folder, mode in _JPEG_MODES.items():
            jpeg = Jpeg(quality)
            add(f"{folder}-q{quality}", _degraded, Task.DEJPEG, folder, mode, jpeg)
    # what no-reference metrics say of references, and what a restorer does to a clean image
    add("kodak24-clean", _degraded, Task.BLIND, "kodak24", "rgb")
    add("rni15", _real, "rni15", Task.BLIND)
    add("realsrset5-x4", _real, "realsrset5", sr, 4)
    for folder, task in _REAL_PAIRS.items():
        add(folder, _real_pairs, folder, task)
    add("realsr-x4", _real_pairs, "realsr", sr, 4)
    add("own", _own)
    return makers


_JPEG_MODES: dict[str, Mode] = {"classic5": "grey", "live1": "grey", "kodak24": "rgb"}
_REAL_PAIRS = {
    "sidd": Task.DENOISE,
    "polyu": Task.DENOISE,
    "gopro": Task.DEBLUR,
    "lol": Task.LOW_LIGHT,
}
CATALOGUE = _catalogue()


family = Family("set", lambda: CATALOGUE, CATALOGUE.__getitem__)
"""The entry point `*`."""
