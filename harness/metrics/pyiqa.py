"""Every metric of pyiqa through one adapter: `pyiqa-NAME`."""

from __future__ import annotations

import functools
import importlib.util
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ImageError, UnavailableError, UnknownNameError
from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image

PREFIX = "pyiqa-"
MAX_PIXELS = 2**25
"""An 8K picture. Networks keep dozens of feature maps of an image's size: four times as much has filled 64 GB."""

LICENCE = "PolyForm-Noncommercial-1.0.0 (pyiqa)"


@functools.cache
def catalogue() -> dict[str, dict[str, Any]]:
    """What pyiqa offers, by its own names; written by `harness.metrics.pyiqa_catalogue`."""
    text = Path(__file__).with_name("pyiqa_catalogue.json").read_text(encoding="utf-8")
    return {row["name"]: row for row in json.loads(text)["metrics"]}


class _Family:
    """The entry point `pyiqa-*`: names and classes, without importing pyiqa."""

    def names(self) -> list[str]:
        return [PREFIX + name for name in catalogue()]

    @functools.cache  # noqa: B019 - there is one family in a process
    def get(self, name: str) -> type[Metric]:
        row = catalogue().get(name.removeprefix(PREFIX)) if name.startswith(PREFIX) else None
        if row is None:
            raise UnknownNameError("metric", name, self.names())
        return type("Pyiqa", (PyiqaMetric,), {"card": make_card(row), "__module__": __name__})


@functools.cache
def _installed_version() -> str:
    """Of pyiqa, whose releases do change scores."""
    try:
        return version("pyiqa")
    except PackageNotFoundError:
        return "none"


def make_card(row: Mapping[str, Any]) -> MetricCard:
    """Makes a card of a row of the catalogue; a bound that pyiqa calls rough (`~1`) becomes infinite."""
    sides = re.fullmatch(r"(~?-?[\d.]*), (~?-?[\d.]*)", row["range"])
    low, high = sides.groups() if sides else ("~", "~")
    return MetricCard(
        name=PREFIX + row["name"],
        needs_reference=row["needs_reference"],
        higher_is_better=row["higher_is_better"],
        bounds=(-math.inf if "~" in low else float(low), math.inf if "~" in high else float(high)),
        licence=LICENCE,
        version=_installed_version(),
        max_pixels=MAX_PIXELS,
        source=f"pyiqa's {row['name']}",
    )


class PyiqaMetric(Metric):
    """One metric of pyiqa. Weights are never downloaded: `missing` says which file to put where."""

    def __init__(self, device: str = "cpu") -> None:
        """Builds pyiqa's model.

        Raises:
            UnavailableError: A weight file is absent, or pyiqa cannot build the metric here.
        """
        reason = self.missing()
        if reason:
            raise UnavailableError(f"{self.card.name}: {reason}")
        self._model = _build(self.card.name, device)
        if self._model.lower_better == self.card.higher_is_better:
            raise UnavailableError(
                f"the installed pyiqa gives {self.card.name} another direction than the catalogue"
            )

    @classmethod
    def missing(cls) -> str | None:
        """Says which weight files are absent and where they belong, from the catalogue alone."""
        from harness.metrics.downloads import WantedFile

        if importlib.util.find_spec("pyiqa") is None:
            return "pyiqa is not installed: pip install pyiqa"
        row = catalogue()[cls.card.name.removeprefix(PREFIX)]
        package = re.search(r"No module named '(\w+)'", row["problem"] or "")
        if row["problem"] and not (package and importlib.util.find_spec(package[1])):
            return f"pyiqa cannot build it: {row['problem']}" + (
                f": pip install {package[1]}" if package else ""
            )
        absent = [
            file for file in (WantedFile(**wanted) for wanted in row["files"]) if not file.is_here()
        ]
        return (
            f"weights are not here: {'; '.join(file.how_to_get() for file in absent)}"
            if absent
            else None
        )

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image.

        Args:
            restored: Float32 (C, H, W) in [0, 1].
            reference: The same shape, for full-reference metrics.

        Raises:
            ImageError: pyiqa cannot measure the image, or gives NaN.
        """
        import torch

        from harness.images import to_rgb
        from harness.metrics.pairs import check_pair, check_single

        images = [restored]
        if self.card.needs_reference:
            images.append(check_pair(restored, reference, self.card.name))
        check_single(restored, self.card.name)
        tensors = [torch.from_numpy(to_rgb(image).copy())[None] for image in images]
        try:
            with torch.no_grad(), _repeatable():
                value = float(self._model(*tensors).squeeze())
        except (
            AssertionError,
            RuntimeError,
            ValueError,
            IndexError,
            TypeError,
            ZeroDivisionError,
        ) as error:
            raise ImageError(f"{self.card.name} is not defined on this image: {error}") from error
        if math.isnan(value):
            raise ImageError(f"{self.card.name} gives NaN on this image")
        return MetricValue(value)


def _build(name: str, device: str) -> Any:
    """Builds a model of pyiqa from what is on this disk; what pyiqa prints goes to standard error."""
    with redirect_stdout(sys.stderr):
        import pyiqa
        import torch

        from harness.metrics import downloads

        absent: list[downloads.WantedFile] = []
        try:
            with downloads.refuse(absent.append):
                return pyiqa.create_metric(name.removeprefix(PREFIX), device=torch.device(device))
        except Exception as error:
            if absent:
                reason = f"weights are not here: {absent[0].how_to_get()}"
            else:
                reason = " ".join(
                    f"pyiqa cannot build it here: {type(error).__name__}: {error}".split()
                )
            raise UnavailableError(f"{name}: {reason}") from error


@contextmanager
def _repeatable() -> Iterator[None]:
    """One thread and fixed seeds: the same image must not get another score each time. All are put back after it.

    Some metrics draw random crops; sums over several threads end in other last digits.
    """
    import numpy as np
    import torch

    threads, state = torch.get_num_threads(), np.random.get_state()
    torch.set_num_threads(1)
    np.random.seed(0)
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    try:
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(0)
            yield
    finally:
        np.random.set_state(state)
        torch.set_num_threads(threads)


family = _Family()
