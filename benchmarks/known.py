"""The sets of the literature, read from `RESTOBENCH_DATA`: `set5-x2`, `set12-sigma25`, `classic5-q10`, ..."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoise
from benchmarks.degradations.resize import MatlabBicubic, MatlabBicubicFloat
from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder
from harness.errors import UnknownNameError
from harness.protocols import Conditions, DegradedSet, Task

RESEARCH = "research use"
KODAK = "unrestricted use (Kodak)"


def data_folder() -> Path:
    """Where the sets lie: `RESTOBENCH_DATA`, or `data` in the working folder."""
    return Path(os.environ.get("RESTOBENCH_DATA", "data")) / "sets"


def _paired_x(name: str, folder: str, scale: int) -> DegradedSet:
    """Super-resolution with the public LR, where it is published."""
    root = data_folder() / folder
    return PairedSet(
        name,
        Task.SUPER_RESOLVE,
        Folder(root / "LR_bicubic" / f"X{scale}", "rgb", RESEARCH),
        Folder(root / "HR", "rgb", RESEARCH),
        Conditions(scale=scale),
        f"{{id}}x{scale}",
    )


def _synthetic_x(name: str, folder: str, scale: int, licence: str = RESEARCH) -> DegradedSet:
    root = data_folder() / folder
    references = Folder(root / "HR" if (root / "HR").is_dir() else root, "rgb", licence)
    return SyntheticSet(name, Task.SUPER_RESOLVE, references, (MatlabBicubic(scale),))


def _classic_x(name: str, folder: str, scale: int) -> DegradedSet:
    """Protocol B: a one-plane set; everything happens on rounded Y."""
    root = data_folder() / folder
    references = Folder(root / "HR" if (root / "HR").is_dir() else root, "grey", RESEARCH)
    return SyntheticSet(name, Task.SUPER_RESOLVE, references, (MatlabBicubicFloat(scale),))


def _noisy(name: str, folder: str, sigma_255: int, licence: str = RESEARCH) -> DegradedSet:
    references = Folder(data_folder() / folder, "auto", licence)
    return SyntheticSet(name, Task.DENOISE, references, (GaussianNoise(float(sigma_255)),))


def _jpeg(name: str, folder: str, quality: int, grey: bool, licence: str = RESEARCH) -> DegradedSet:
    references = Folder(data_folder() / folder, "grey" if grey else "rgb", licence)
    return SyntheticSet(name, Task.DEJPEG, references, (Jpeg(quality),))


def _clean(name: str, folder: str, licence: str) -> DegradedSet:
    """The references themselves: what no-reference metrics say of them, and what a restorer does to a clean image."""
    return SyntheticSet(name, Task.BLIND, Folder(data_folder() / folder, "rgb", licence), ())


def _real(name: str, folder: str, task: Task, scale: int) -> DegradedSet:
    return UnreferencedSet(name, task, Folder(data_folder() / folder, "rgb", RESEARCH), Conditions(scale=scale))


def _catalogue() -> dict[str, Callable[[], DegradedSet]]:
    makers: dict[str, Callable[[], DegradedSet]] = {}
    for scale in (2, 3, 4):
        for folder in ("set5", "set14"):
            name = f"{folder}-x{scale}"
            makers[name] = partial(_paired_x, name, folder, scale)
        for folder in ("bsd100", "urban100", "manga109"):
            name = f"{folder}-x{scale}"
            makers[name] = partial(_synthetic_x, name, folder, scale)
        for folder in ("set5", "set14", "bsd100", "urban100", "manga109"):
            name = f"{folder}-y-x{scale}"
            makers[name] = partial(_classic_x, name, folder, scale)
        makers[f"kodak24-x{scale}"] = partial(_synthetic_x, f"kodak24-x{scale}", "kodak24", scale, KODAK)
    for sigma_255 in (15, 25, 50):
        for folder in ("set12", "bsd68", "cbsd68", "kodak24", "mcmaster"):
            name = f"{folder}-sigma{sigma_255}"
            makers[name] = partial(_noisy, name, folder, sigma_255, KODAK if folder == "kodak24" else RESEARCH)
    for quality in (10, 20, 30, 40):
        for folder in ("classic5", "live1"):
            name = f"{folder}-q{quality}"
            makers[name] = partial(_jpeg, name, folder, quality, True)
        makers[f"kodak24-q{quality}"] = partial(_jpeg, f"kodak24-q{quality}", "kodak24", quality, False, KODAK)
    makers["kodak24-clean"] = partial(_clean, "kodak24-clean", "kodak24", KODAK)
    makers["rni15"] = partial(_real, "rni15", "rni15", Task.BLIND, 1)
    makers["realsrset5-x4"] = partial(_real, "realsrset5-x4", "realsrset5", Task.SUPER_RESOLVE, 4)
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
