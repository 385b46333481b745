"""restobench: which image restorer is better, on what, by how much, and is the difference real?

In Python (docs/python.md):

    import harness

    result = harness.evaluate(network, "sr-y", sets=["set5-x2"], scale=2)
    result.leaderboard()

Importing it costs nothing: what a name needs is imported when the name is used.
"""

import gc
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.api.evaluation import evaluate as evaluate
    from harness.api.images.restoring import degrade as degrade
    from harness.api.images.restoring import restore as restore
    from harness.api.images.scores import score as score
    from harness.api.plugins.listing import list_benchmarks as list_benchmarks
    from harness.api.plugins.listing import list_degradations as list_degradations
    from harness.api.plugins.listing import list_metrics as list_metrics
    from harness.api.plugins.listing import list_reports as list_reports
    from harness.api.plugins.listing import list_restorers as list_restorers
    from harness.api.plugins.listing import list_sets as list_sets
    from harness.api.result import Result as Result
    from harness.api.runs import compare as compare
    from harness.api.runs import load_run as load_run
    from harness.api.runs import rank as rank
    from harness.api.training.validation import Validation as Validation
    from harness.api.training.validator import Validator as Validator
    from harness.cards import MetricCard as MetricCard
    from harness.cards import RestorerCard as RestorerCard
    from harness.cards import Task as Task
    from harness.conditions import Conditions as Conditions
    from harness.errors import EvaluationError as EvaluationError
    from harness.errors import HarnessError as HarnessError
    from harness.errors import ImageError as ImageError
    from harness.errors import IncomparableError as IncomparableError
    from harness.errors import InputError as InputError
    from harness.errors import PluginError as PluginError
    from harness.errors import RestorationError as RestorationError
    from harness.errors import StoreError as StoreError
    from harness.errors import UnavailableError as UnavailableError
    from harness.errors import UnknownNameError as UnknownNameError
    from harness.protocols import BatchMetric as BatchMetric
    from harness.protocols import BatchRestorer as BatchRestorer
    from harness.protocols import Benchmark as Benchmark
    from harness.protocols import Degradation as Degradation
    from harness.protocols import DegradedSet as DegradedSet
    from harness.protocols import Evaluation as Evaluation
    from harness.protocols import Metric as Metric
    from harness.protocols import Restorer as Restorer
    from harness.protocols import Sample as Sample
    from harness.results import MetricValue as MetricValue

__version__ = "0.1.0"

_PLACES = {
    "api.evaluation": ("evaluate",),
    "api.images.restoring": ("degrade", "restore"),
    "api.images.scores": ("score",),
    "api.plugins.listing": (
        "list_benchmarks",
        "list_degradations",
        "list_metrics",
        "list_reports",
        "list_restorers",
        "list_sets",
    ),
    "api.result": ("Result",),
    "api.runs": ("compare", "load_run", "rank"),
    "api.training.validation": ("Validation",),
    "api.training.validator": ("Validator",),
    "cards": ("MetricCard", "RestorerCard", "Task"),
    "conditions": ("Conditions",),
    "errors": (
        "EvaluationError",
        "HarnessError",
        "ImageError",
        "IncomparableError",
        "InputError",
        "PluginError",
        "RestorationError",
        "StoreError",
        "UnavailableError",
        "UnknownNameError",
    ),
    "protocols": (
        "BatchMetric",
        "BatchRestorer",
        "Benchmark",
        "Degradation",
        "DegradedSet",
        "Evaluation",
        "Metric",
        "Restorer",
        "Sample",
    ),
    "results": ("MetricValue",),
}
_MODULES = {name: f"harness.{module}" for module, names in _PLACES.items() for name in names}

__all__ = [
    "BatchMetric",
    "BatchRestorer",
    "Benchmark",
    "Conditions",
    "Degradation",
    "DegradedSet",
    "Evaluation",
    "EvaluationError",
    "HarnessError",
    "ImageError",
    "IncomparableError",
    "InputError",
    "Metric",
    "MetricCard",
    "MetricValue",
    "PluginError",
    "RestorationError",
    "Restorer",
    "RestorerCard",
    "Result",
    "Sample",
    "StoreError",
    "Task",
    "UnavailableError",
    "UnknownNameError",
    "Validation",
    "Validator",
    "compare",
    "degrade",
    "evaluate",
    "list_benchmarks",
    "list_degradations",
    "list_metrics",
    "list_reports",
    "list_restorers",
    "list_sets",
    "load_run",
    "rank",
    "restore",
    "score",
]


if not TYPE_CHECKING:  # which would believe that every name is there

    def __getattr__(name: str) -> object:
        """Imports what a public name needs, once."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        collecting = gc.isenabled()
        gc.disable()  # nothing is garbage yet, and beside torch each look for it takes 30 ms
        try:
            found = globals()[name] = getattr(import_module(_MODULES[name]), name)
        finally:
            if collecting:
                gc.enable()
        return found


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted([*__all__, "__version__"])
