"""The registries, one for each kind of plugin, and what is built by its name alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.errors import InputError
from harness.known_sets import KnownSet
from harness.plugins.registry import Registry, require_usable
from harness.protocols import (
    Benchmark,
    Degradation,
    DegradedSet,
    Metric,
    MetricCard,
    Restorer,
    RestorerCard,
    SetMetric,
    SetMetricCard,
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


class SetMetricClass(Protocol):
    """How the class of a metric of sets looks from outside."""

    card: SetMetricCard
    __module__: str

    def __call__(self, *, device: str) -> SetMetric:
        """Builds the metric."""

    def missing(self) -> str | None:
        """As of `SetMetric`."""


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

set_metrics: Registry[SetMetricClass] = Registry("set_metric")
"""Classes of metrics that give one value to a set, built with `cls(device=...)`."""

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


def image_metric(name: str) -> MetricClass:
    """The class of a metric of images.

    Raises:
        InputError: It is one of sets, or nobody has registered it.
    """
    if name in set_metrics:
        raise InputError(
            f"{name} is a metric of sets, and says nothing of one image: `restobench run "
            f"-m {name}` measures what restorers make of a set"
        )
    return metrics.get(name)


def any_metric(name: str) -> MetricClass | SetMetricClass:
    """The class of a metric of images or of sets."""
    return set_metrics.get(name) if name in set_metrics else metrics.get(name)


def part_metrics(names: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Which names are of metrics of images, or of nobody, and which of metrics of sets.

    Raises:
        UnavailableError: A metric of sets is not usable here.
    """
    of_sets = tuple(name for name in dict.fromkeys(names) if name in set_metrics)
    for name in of_sets:
        require_usable(f"metric {name}", set_metrics.get(name))
    return [name for name in names if name not in of_sets], of_sets


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
