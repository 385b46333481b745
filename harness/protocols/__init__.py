"""What a plugin is, an extension point a file.

A plugin may subclass a protocol (and inherit what is written out here) or simply have its shape.
Modules of plugins are imported by `restobench list`, so they import heavy packages (numpy, torch,
...) inside functions only. Reports alone are given results, so theirs is imported by its own name:
`harness.protocols.report`.
"""

from harness.cards import MetricCard, RestorerCard, SetMetricCard, Task, WeightFile
from harness.conditions import Conditions
from harness.protocols.benchmark import (
    Benchmark,
    Degradation,
    DegradedSet,
    Evaluation,
    InformedDegradation,
    Origins,
    Sample,
    iterate,
)
from harness.protocols.family import Family
from harness.protocols.metric import BatchMetric, Metric
from harness.protocols.restorer import BatchRestorer, Restorer, card_mismatch
from harness.protocols.set_metric import SetMetric

__all__ = [
    "BatchMetric",
    "BatchRestorer",
    "Benchmark",
    "Conditions",
    "Degradation",
    "DegradedSet",
    "Evaluation",
    "Family",
    "InformedDegradation",
    "Metric",
    "MetricCard",
    "Origins",
    "Restorer",
    "RestorerCard",
    "Sample",
    "SetMetric",
    "SetMetricCard",
    "Task",
    "WeightFile",
    "card_mismatch",
    "iterate",
]
