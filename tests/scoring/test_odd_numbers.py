"""Numbers of a third party's metric and restorer: taken as Python's, or a failure that says why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from harness.images import Image
from harness.plugins.kinds import metrics
from harness.protocols import Evaluation, MetricCard
from harness.recording import record_precision, record_tile, recording
from harness.results import MetricValue
from harness.scoring.evaluation import build_metric, score_image

IMAGE = np.full((3, 8, 8), 0.5, np.float32)
RESULTS: dict[str, tuple[Any, Any, MetricValue | str]] = {
    "numpy": (np.float32(1.5), np.float64(0.5), MetricValue(1.5, 0.5)),
    "whole": (np.int64(3), np.int8(1), MetricValue(3.0, 1.0)),
    "array": (np.array(2.0), None, MetricValue(2.0)),
    "nan-spread": (1.0, np.nan, "odd returned a spread of nan; expected 0 or more, or none"),
    "negative-spread": (1.0, -1, "odd returned a spread of -1.0; expected 0 or more, or none"),
    "masked": (np.ma.masked, None, "odd returned NaN"),
    "text": ("much", None, "TypeError: must be real number, not str"),
    "many": (np.ones(2), None, "TypeError: only "),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("value", "spread", "expected"), RESULTS.values(), ids=RESULTS)
def test_a_metric_says(
    monkeypatch: pytest.MonkeyPatch, value: Any, spread: Any, expected: MetricValue | str
) -> None:
    class Odd:
        card = MetricCard("odd", needs_reference=False, higher_is_better=True)

        def __init__(self, *, device: str) -> None:
            pass

        def __call__(self, restored: Image, reference: Image | None) -> MetricValue:
            return MetricValue(value, spread)

    monkeypatch.setitem(metrics._added, "odd", Odd)
    build_metric.cache_clear()
    found = score_image("odd", "cpu", IMAGE, None, Evaluation("rgb"))
    build_metric.cache_clear()
    if isinstance(expected, str):
        assert isinstance(found, str)
        assert found.startswith(expected)
    else:
        assert isinstance(found, MetricValue)
        assert found == expected
        assert {type(found.value), type(found.spread)} <= {float, type(None)}


@pytest.mark.parametrize("value", [1.5, None, {"value": 1.5}])
def test_a_metric_that_returns_no_metric_value(
    monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    class Odd:
        card = MetricCard("odd", needs_reference=False, higher_is_better=True)

        def __init__(self, *, device: str) -> None:
            pass

        def __call__(self, restored: Image, reference: Image | None) -> object:
            return value

    monkeypatch.setitem(metrics._added, "odd", Odd)
    build_metric.cache_clear()
    found = score_image("odd", "cpu", IMAGE, None, Evaluation("rgb"))
    build_metric.cache_clear()
    assert found == f"odd returned {value!r}; expected a MetricValue"


def test_what_a_restorer_records_is_plain() -> None:
    with recording() as recorded:
        record_tile(np.int64(64))  # type: ignore[arg-type]
        record_precision(np.str_("fp16"), fell_back=np.bool_(False))
    kinds = type(recorded.tile), type(recorded.precision), type(recorded.fell_back)
    assert kinds == (int, str, bool)
