"""Every metric of pyiqa through one adapter: `pyiqa-NAME`."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ImageError, UnavailableError, UnknownNameError
from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

if TYPE_CHECKING:
    from harness.images import Image

PREFIX = "pyiqa-"
LICENCE = "PolyForm-Noncommercial-1.0.0 (pyiqa)"


@functools.cache
def catalogue() -> dict[str, dict[str, Any]]:
    """What pyiqa offers, by its own names; written by `harness.metrics.pyiqa_catalogue`."""
    rows = json.loads(Path(__file__).with_name("pyiqa_catalogue.json").read_text())["metrics"]
    return {row["name"]: row for row in rows}


class _Family:
    """The entry point `pyiqa-*`: names and classes, without importing pyiqa."""

    def names(self) -> list[str]:
        return [PREFIX + name for name in catalogue()]

    @functools.cache  # noqa: B019 - there is one family in a process
    def get(self, name: str) -> type[Metric]:
        row = catalogue().get(name.removeprefix(PREFIX))
        if row is None:
            raise UnknownNameError("metric", name, self.names())
        return type("Pyiqa", (PyiqaMetric,), {"card": make_card(row), "__module__": __name__})


def make_card(row: Mapping[str, Any]) -> MetricCard:
    """Makes a card of a row of the catalogue; bounds that pyiqa calls rough become infinite."""
    bounds = re.fullmatch(r"(-?[\d.]+), (-?[\d.]+)", row["range"])
    low, high = (float(bounds[1]), float(bounds[2])) if bounds else (float("-inf"), float("inf"))
    return MetricCard(
        name=PREFIX + row["name"],
        needs_reference=row["needs_reference"],
        higher_is_better=row["higher_is_better"],
        bounds=(low, high),
        licence=LICENCE,
        source=f"pyiqa's {row['name']}",
    )


def weight_path(wants: str) -> Path:
    """Where pyiqa looks for a file before it downloads it.

    Args:
        wants: The catalogue's entry: a URL, or `hf://REPOSITORY/FILE`.

    Returns:
        The file in torch's hub folder, or the repository's folder in Hugging Face's cache.
    """
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    if wants.startswith("hf://"):
        hub = os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME", home / "huggingface")) / "hub"
        owner, repository = wants.removeprefix("hf://").split("/")[:2]
        return Path(hub) / f"models--{owner}--{repository}"
    hub = Path(os.environ.get("TORCH_HOME", home / "torch")) / "hub"
    hosts = {"download.pytorch.org": "checkpoints", "github.com/SwinTransformer": "checkpoints", "/clip/": "clip"}
    folder = next((folder for host, folder in hosts.items() if host in wants), "pyiqa")
    return hub / folder / wants.rpartition("/")[2].partition("?")[0]


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
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import pyiqa
        import torch

        try:
            self._model = pyiqa.create_metric(self.card.name.removeprefix(PREFIX), device=torch.device(device))
        except Exception as error:
            raise UnavailableError(
                f"pyiqa cannot build {self.card.name} here: {type(error).__name__}: {error}"
            ) from error
        if self._model.lower_better == self.card.higher_is_better:
            raise UnavailableError(f"the installed pyiqa gives {self.card.name} another direction than the catalogue")

    @classmethod
    def missing(cls) -> str | None:
        """Says which weight file is absent and where it belongs, from the catalogue alone."""
        wants = catalogue()[cls.card.name.removeprefix(PREFIX)]["wants"]
        if wants is None:
            return None
        if wants.startswith("error: "):
            return f"pyiqa cannot build it ({wants.removeprefix('error: ')})"
        path = weight_path(wants)
        return None if path.exists() else f"weights are not here: get {wants} and put it at {path}"

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

        images = [restored] if reference is None else [restored, reference]
        tensors = [torch.from_numpy(to_rgb(image).copy())[None] for image in images]
        try:
            # some metrics draw random crops: the same image must not get another score each time
            with torch.no_grad(), torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                value = float(self._model(*tensors).squeeze())
        except (AssertionError, RuntimeError, ValueError, IndexError) as error:
            raise ImageError(f"{self.card.name} is not defined on this image: {error}") from error
        if value != value:
            raise ImageError(f"{self.card.name} gives NaN on this image")
        return MetricValue(value)


family = _Family()
