"""The registries, one for each kind of plugin, and what is built by its name alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.known_sets import KnownSet
from harness.plugins.registry import Registry
from harness.protocols import (
    Benchmark,
    Degradation,
    DegradedSet,
    Metric,
    MetricCard,
    Restorer,
    RestorerCard,
)
from harness.protocols.executor import Executor

if TYPE_CHECKING:
    from harness.protocols.report import FigureMaker, HistoryReport, Report
    from harness.protocols.study import StudyPage


class MetricClass(Protocol):
    """How the class of a metric looks from outside: constructors are no part of a protocol."""

    card: MetricCard
    __module__: str

    def __call__(self, *, device: str) -> Metric:
        """Builds the metric."""

    def missing(self) -> str | None:
        """As of `Metric`."""


restorers: Registry[Callable[..., Restorer]] = Registry("restorer")
"""Classes, built in a worker with `cls(device=..., **parameters)`."""

loaders: Registry[Callable[..., Restorer]] = Registry("restorer_loader")
"""Classes that make a restorer of a file or a `prefix:argument`.

The name is `.suffix` or `prefix:`.
"""

degradations: Registry[Callable[..., Degradation]] = Registry("degradation")
"""Classes, built with their parameters as keywords; see `harness.protocols.Degradation`."""

sets: Registry[Callable[[], DegradedSet]] = Registry("set")
"""Functions without arguments that return a `DegradedSet`, or families of them."""

known_sets: Registry[KnownSet] = Registry("known_set")
"""Sets of images as they were published, or families of them; `sets` degrades them."""

benchmarks: Registry[Callable[[], Benchmark]] = Registry("benchmark")
"""Functions without arguments that return a `Benchmark`, or families of them."""

benchmark_loaders: Registry[Callable[[Path], Benchmark]] = Registry("benchmark_loader")
"""Functions from a path to a `Benchmark`; the name is the file's suffix."""

metrics: Registry[MetricClass] = Registry("metric")
"""Classes, built with `cls(device=...)`."""

executors: Registry[type[Executor]] = Registry("executor")
"""Classes, built with what stands after their name in `--executor NAME:ARGUMENT`."""

reports: Registry[Callable[[], Report]] = Registry("report")
"""Classes, built without arguments."""

figures: Registry[FigureMaker] = Registry("figure")
"""Functions that draw figures of a run."""

history_reports: Registry[Callable[[], HistoryReport]] = Registry("history_report")
"""Classes, built without arguments; `restobench history` has an option for each of ours."""

study_pages: Registry[Callable[[], StudyPage]] = Registry("study_page")
"""Classes, built without arguments; `restobench study make` writes the one called `html`."""


def fixed_card(cls: Callable[..., Restorer]) -> RestorerCard | None:
    """The card of a class that has one before it is built; that of a file is not known so early."""
    card = getattr(cls, "card", None)
    return card if isinstance(card, RestorerCard) else None


def resolve_benchmark(name: str) -> Benchmark:
    """Builds the benchmark of this name, or the one that a file describes.

    The file's suffix names the loader.
    """
    suffix = Path(name).suffix.lower()
    if suffix and suffix in benchmark_loaders:
        return benchmark_loaders.get(suffix)(Path(name))
    return benchmarks.get(name)()
