"""What commands print: strict JSON and aligned tables."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cli.output import json_document, json_value, print_table

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_every_value_fits_strict_json(value: object) -> None:
    rows = json.loads(json_document("anything", [{"value": value}]))["rows"]
    assert rows == json.loads(json.dumps([{"value": json_value(value)}], allow_nan=False))


def test_infinity_and_nan() -> None:
    assert json_value([math.inf, -math.inf, math.nan, 1.5]) == ["inf", "-inf", None, 1.5]


def test_table_aligns_and_drops_empty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"name": "a", "value": 1.23456, "note": None},
        {"name": "longer", "value": math.inf, "note": None},
    ]
    print_table(rows, ["name", "value", "note"])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["name    value", "a       1.235", "longer    inf"]


def test_table_of_nothing_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([], ["name"])
    assert capsys.readouterr().out == ""
