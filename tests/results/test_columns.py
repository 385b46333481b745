"""Columns behave as the rows that they stand for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.results import Cell, Score
from harness.results.columns import Rows, ScoreColumns, as_columns, read_columns

names = st.sampled_from(["a", "b", "ü", "", "x/y"])
scores = st.builds(
    Score,
    st.builds(Cell, names, names, names),
    names,
    st.floats(allow_nan=False),
    st.none() | st.floats(allow_nan=False),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(scores, max_size=8))
def test_scores_come_back_as_they_went_in(rows: list[Score]) -> None:
    columns = as_columns(tuple(rows))
    assert list(columns) == rows
    assert len(columns) == len(rows)
    assert columns[1:3] == tuple(rows[1:3])
    assert all(columns[index] == row for index, row in enumerate(rows))
    assert columns == tuple(rows)
    assert as_columns(columns) is columns
    assert (columns == [*rows, Score(Cell("a", "b", "c"), "m", 1.0)]) is False


def test_rows_are_made_when_asked_for_and_names_are_shared() -> None:
    names = ["".join(["rest", "orer"]) for _ in range(3)]  # three objects
    columns = read_columns([(name, float(place)) for place, name in enumerate(names)], 2)
    rows = Rows(lambda name, value: f"{name} {value}", columns)
    assert (len(rows), rows[1], rows[-1], rows[:2]) == (
        3,
        "restorer 1.0",
        "restorer 2.0",
        ("restorer 0.0", "restorer 1.0"),
    )
    assert list(rows) == ["restorer 0.0", "restorer 1.0", "restorer 2.0"]
    assert columns[0][0] is columns[0][2]


def test_nothing_at_all() -> None:
    assert list(ScoreColumns.from_rows([])) == []
    assert len(Rows(Cell, read_columns([], 3))) == 0
