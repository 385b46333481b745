"""The sets of the literature, read from `RESTOBENCH_DATA`: `set5-x2`, `set12-sigma25`, `classic5-q10`, ..."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoise
from benchmarks.degradations.resize import MatlabBicubic, MatlabBicubicFloat
from benchmarks.known_images import facts
from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder
from harness.errors import UnknownNameError
from harness.known_sets import sets_folder
from harness.protocols import Conditions, DegradedSet, Task

Mode = Literal["auto", "rgb", "grey"]


def known_folder(name: str, mode: Mode, part: str = "") -> Folder:
    """The images of a known set, checked against their pins; `part` names a folder within the set's."""
    known = f"{name}/{part}" if part else name
    return Folder(sets_folder() / name / part, mode, facts()[name]["licence"], known=known)


def references(name: str, mode: Mode) -> Folder:
    """The references of a known set: those in `HR` or `reference` where it has such a folder."""
    part = next(
        (part for part in ("HR", "reference") if (sets_folder() / name / part).is_dir()), ""
    )
    return known_folder(name, mode, part)


def _paired_x(name: str, folder: str, scale: int) -> DegradedSet:
    """Super-resolution with the public LR, where it is published."""
    degraded = known_folder(folder, "rgb", f"LR_bicubic/X{scale}")
    conditions = Conditions(scale=scale)
    hr = known_folder(folder, "rgb", "HR")
    return PairedSet(name, Task.SUPER_RESOLVE, degraded, hr, conditions, f"{{id}}x{scale}")


def _synthetic_x(name: str, folder: str, scale: int) -> DegradedSet:
    return SyntheticSet(
        name, Task.SUPER_RESOLVE, references(folder, "rgb"), (MatlabBicubic(scale),)
    )


def _classic_x(name: str, folder: str, scale: int) -> DegradedSet:
    """Protocol B: a one-plane set; everything happens on rounded Y."""
    return SyntheticSet(
        name, Task.SUPER_RESOLVE, references(folder, "grey"), (MatlabBicubicFloat(scale),)
    )


def _noisy(name: str, folder: str, sigma_255: int) -> DegradedSet:
    return SyntheticSet(
        name, Task.DENOISE, references(folder, "auto"), (GaussianNoise(float(sigma_255)),)
    )


def _jpeg(name: str, folder: str, quality: int, mode: Mode) -> DegradedSet:
    return SyntheticSet(name, Task.DEJPEG, references(folder, mode), (Jpeg(quality),))


def _clean(name: str, folder: str) -> DegradedSet:
    """The references themselves: what no-reference metrics say of them, and what a restorer does to a clean image."""
    return SyntheticSet(name, Task.BLIND, references(folder, "rgb"), ())


def _real(name: str, folder: str, task: Task, scale: int) -> DegradedSet:
    return UnreferencedSet(name, task, known_folder(folder, "rgb"), Conditions(scale=scale))


def _own() -> DegradedSet:
    """Anybody's own photographs, in `sets/own`."""
    return UnreferencedSet("own", Task.BLIND, Folder(sets_folder() / "own", "rgb", "your own"))


def _real_pairs(name: str, folder: str, task: Task, scale: int = 1) -> DegradedSet:
    degraded, reference = (known_folder(folder, "rgb", part) for part in ("degraded", "reference"))
    return PairedSet(name, task, degraded, reference, Conditions(scale=scale))


def _catalogue() -> dict[str, Callable[[], DegradedSet]]:
    makers: dict[str, Callable[[], DegradedSet]] = {}
    for scale in (2, 3, 4):
        for folder in ("set5", "set14"):
            name = f"{folder}-x{scale}"
            makers[name] = partial(_paired_x, name, folder, scale)
        for folder in ("bsd100", "urban100", "manga109", "kodak24"):
            name = f"{folder}-x{scale}"
            makers[name] = partial(_synthetic_x, name, folder, scale)
        for folder in ("set5", "set14", "bsd100", "urban100", "manga109"):
            name = f"{folder}-y-x{scale}"
            makers[name] = partial(_classic_x, name, folder, scale)
    for sigma_255 in (15, 25, 50):
        for folder in ("set12", "bsd68", "cbsd68", "kodak24", "mcmaster"):
            name = f"{folder}-sigma{sigma_255}"
            makers[name] = partial(_noisy, name, folder, sigma_255)
    for quality in (10, 20, 30, 40):
        for folder in ("classic5", "live1", "kodak24"):
            name = f"{folder}-q{quality}"
            makers[name] = partial(
                _jpeg, name, folder, quality, "rgb" if folder == "kodak24" else "grey"
            )
    makers["kodak24-clean"] = partial(_clean, "kodak24-clean", "kodak24")
    makers["rni15"] = partial(_real, "rni15", "rni15", Task.BLIND, 1)
    makers["realsrset5-x4"] = partial(_real, "realsrset5-x4", "realsrset5", Task.SUPER_RESOLVE, 4)
    for folder, task in (
        ("sidd", Task.DENOISE),
        ("polyu", Task.DENOISE),
        ("gopro", Task.DEBLUR),
        ("lol", Task.LOW_LIGHT),
    ):
        makers[folder] = partial(_real_pairs, folder, folder, task)
    makers["own"] = _own
    makers["realsr-x4"] = partial(_real_pairs, "realsr-x4", "realsr", Task.SUPER_RESOLVE, 4)
    return makers


CATALOGUE = _catalogue()


class _Family:
    """The entry point `*`."""

    def names(self) -> list[str]:
        return list(CATALOGUE)

    def get(self, name: str) -> Callable[[], DegradedSet]:
        if name not in CATALOGUE:
            raise UnknownNameError("set", name, CATALOGUE)
        return CATALOGUE[name]


family = _Family()
