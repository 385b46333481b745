"""Every metric of pyiqa through one adapter: `pyiqa-NAME`."""

from __future__ import annotations

import functools
import importlib.util
import json
import math
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ImageError, UnavailableError, describe_error
from harness.metrics.checked import CheckedMetric, Image
from harness.metrics.downloads import WantedFile, refuse
from harness.metrics.fetching import check, fetchable
from harness.protocols import Family, MetricCard

if TYPE_CHECKING:
    from harness.results import MetricValue

PREFIX = "pyiqa-"
# An 8K picture. Networks keep dozens of feature maps of an image's size: four times as much has
# filled 64 GB.
MAX_PIXELS = 2**25

# what its metrics raise of an image that they cannot measure
UNDEFINED = (AssertionError, RuntimeError, ValueError, IndexError, TypeError, ZeroDivisionError)


@functools.cache
def catalogue() -> dict[str, dict[str, Any]]:
    """What pyiqa offers, by its own names; written by `harness.metrics.pyiqa_catalogue`."""
    text = Path(__file__).with_name("pyiqa_catalogue.json").read_text(encoding="utf-8")
    return {row["name"]: row for row in json.loads(text)["metrics"]}


@functools.cache
def _installed_version() -> str:
    """Of pyiqa, whose releases do change scores."""
    return next((found.version for found in distributions(name="pyiqa")), "none")


class PyiqaMetric(CheckedMetric):
    """One metric of pyiqa.

    Weights are downloaded by `restobench zoo get` alone: `missing` says which file to put where.
    """

    def __init__(self, device: str = "cpu") -> None:
        """Builds pyiqa's model from what is on this disk.

        Raises:
            UnavailableError: A weight file is absent, or pyiqa cannot build the metric here.
            InputError: One has changed since it was fetched.
        """
        super().__init__(device)
        for file in self.wanted():
            check(file)
        absent: list[WantedFile] = []
        # what pyiqa prints does not belong to standard output
        with redirect_stdout(sys.stderr):
            import pyiqa
            import torch

            name, place = self.card.name.removeprefix(PREFIX), torch.device(device)
            try:
                with refuse(absent.append):
                    self._model = pyiqa.create_metric(name, device=place)
            except Exception as error:
                reason = _why_not_built(absent, error)
                raise UnavailableError(f"{self.card.name}: {reason}") from error
        if self._model.lower_better == self.card.higher_is_better:
            raise UnavailableError(
                f"the installed pyiqa gives {self.card.name} another direction than the catalogue"
            )

    @classmethod
    def missing(cls) -> str | None:
        """Says which weight files are absent and where they belong, from the catalogue alone."""
        if importlib.util.find_spec("pyiqa") is None:
            return "pyiqa is not installed: pip install pyiqa"
        row = catalogue()[cls.card.name.removeprefix(PREFIX)]
        package = re.search(r"No module named '(\w+)'", row["problem"] or "")
        if row["problem"] and not (package and importlib.util.find_spec(package[1])):
            mended = f": pip install {package[1]}" if package else ""
            return f"pyiqa cannot build it: {row['problem']}{mended}"
        absent = [file for file in cls.wanted() if not file.is_here()]
        if not absent:
            return None
        command = f"run `restobench zoo get {cls.card.name}`, or " if fetchable(absent) else ""
        by_hand = "; ".join(file.how_to_get() for file in absent)
        return f"weights are not here: {command}{by_hand}"

    @classmethod
    def wanted(cls) -> tuple[WantedFile, ...]:
        """The weight files that it wants, as far as the catalogue knows them."""
        row = catalogue()[cls.card.name.removeprefix(PREFIX)]
        return tuple(WantedFile(**wanted) for wanted in row["files"])

    def _measure(self, *images: Image) -> float:
        [value] = self._measure_all([images])
        if math.isnan(value):
            raise ImageError(f"{self.card.name} gives NaN on this image")
        return value

    def measure_batch(
        self, restored: Image, reference: Image | None = None
    ) -> Sequence[MetricValue]:
        """Measures images (N, C, H, W) together, as far as pyiqa's model keeps them apart.

        Raises:
            ImageError: The metric is not defined on one of them, or knows no batches.
        """
        from harness.results import MetricValue

        references = [None] * len(restored) if reference is None else reference
        pairs = zip(restored, references, strict=True)
        return [MetricValue(one) for one in self._measure_all([self._checked(*it) for it in pairs])]

    def _measure_all(self, images: Sequence[Sequence[Image]]) -> list[float]:
        """A value for each image, which has its reference beside it where one is needed."""
        import numpy as np
        import torch

        from harness.images import to_rgb

        tensors = [
            torch.from_numpy(np.stack([to_rgb(image) for image in kind]))
            for kind in zip(*images, strict=True)
        ]
        try:
            with torch.no_grad(), _repeatable():
                values: list[float] = self._model(*tensors).reshape(len(images)).tolist()
        except UNDEFINED as error:
            raise ImageError(f"{self.card.name} is not defined on this image: {error}") from error
        return values


def _why_not_built(absent: list[WantedFile], error: Exception) -> str:
    if absent:
        return f"weights are not here: {absent[0].how_to_get()}"
    return " ".join(f"pyiqa cannot build it here: {describe_error(error)}".split())


@contextmanager
def _repeatable() -> Iterator[None]:
    """One thread and fixed seeds: the same image must not get another score each time.

    Some metrics draw random crops; sums over several threads end in other last digits. All are put
    back after it.
    """
    import numpy as np
    import torch

    threads, state = torch.get_num_threads(), np.random.get_state()
    torch.set_num_threads(1)
    np.random.seed(0)
    in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    try:
        with torch.random.fork_rng(range(torch.cuda.device_count() if in_use else 0)):
            torch.manual_seed(0)
            yield
    finally:
        np.random.set_state(state)
        torch.set_num_threads(threads)


@functools.cache
def _metric(name: str) -> type[CheckedMetric]:
    """The class of one metric; one name is one class.

    A bound that pyiqa calls rough (`~1`) becomes infinite.
    """
    row = catalogue()[name.removeprefix(PREFIX)]
    sides = re.fullmatch(r"(~?-?[\d.]*), (~?-?[\d.]*)", row["range"])
    low, high = sides.groups() if sides else ("~", "~")
    card = MetricCard(
        name=name,
        needs_reference=row["needs_reference"],
        higher_is_better=row["higher_is_better"],
        bounds=(-math.inf if "~" in low else float(low), math.inf if "~" in high else float(high)),
        licence="PolyForm-Noncommercial-1.0.0 (pyiqa)",
        version=_installed_version(),
        max_pixels=MAX_PIXELS,
        source=f"pyiqa's {row['name']}",
    )
    return type("Pyiqa", (PyiqaMetric,), {"card": card, "__module__": __name__})


# the entry point `pyiqa-*`: names and classes, without importing pyiqa
family = Family("metric", lambda: [PREFIX + name for name in catalogue()], _metric)
