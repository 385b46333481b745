"""Chunks: of one restorer, as long as is wanted, more than there are nodes, and nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.distributing.chunking import CHUNKS_A_SLOT, FIRST, Chunking, Where


def cells(count: int, name: str = "s") -> list[Where]:
    return [(name, f"{number:04d}") for number in range(count)]


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 300), min_size=1),
    st.floats(0.01, 100),
    st.integers(1, 50),
    st.one_of(st.none(), st.floats(0.001, 30)),
)
def test_every_cell_is_in_one_chunk_and_chunks_have_one_restorer(
    counts: dict[str, int], seconds: float, slots: int, pace: float | None
) -> None:
    left = {name: cells(count) for name, count in counts.items()}
    chunking, found = Chunking.of(left, seconds, slots, pace), dict[str, list[Where]]()
    while (taken := chunking.take()) is not None:
        assert taken[1]
        found.setdefault(taken[0], []).extend(taken[1])
        chunking.learn(taken[0], {"s"}, 0.5 * len(taken[1]), len(taken[1]))
    assert {name: some for name, some in left.items() if some} == found
    assert chunking.cells() == 0


def test_chunks_are_small_until_a_cell_has_been_timed_and_then_as_long_as_wanted() -> None:
    chunking = Chunking.of({"a": cells(10_000)}, 10.0, 2)
    assert [len((chunking.take() or ("", []))[1]) for _ in range(3)] == 3 * [FIRST]
    chunking.learn("a", {"s"}, 0.4, 4)
    assert len((chunking.take() or ("", []))[1]) == 100


def test_a_plan_is_shared_among_all_nodes_as_far_as_chunks_stay_worth_it() -> None:
    chunking = Chunking.of({"a": cells(800)}, 1000.0, 10, 1.0)
    assert len((chunking.take() or ("", []))[1]) == 100, "a tenth of what is wanted, at least"
    chunking = Chunking.of({"a": cells(80_000)}, 1000.0, 100, 1.0)
    assert len((chunking.take() or ("", []))[1]) == 80_000 / (CHUNKS_A_SLOT * 100)


def test_what_came_to_nothing_is_next_and_slow_sets_are_told_from_quick_ones() -> None:
    chunking = Chunking.of({"a": cells(10) + cells(10, "slow"), "b": cells(5)}, 10.0, 1)
    chunking.learn("a", {"s"}, 1.0, 10)
    chunking.learn("a", {"slow"}, 100.0, 10)
    name, some = chunking.take() or ("", [])
    assert (name, some[:3]) == ("a", cells(3))
    chunking.give_back("a", some[:2])
    assert (chunking.take() or ("", []))[1][:2] == some[:2]
    assert chunking.pace("a", "slow") == 10.0
    assert chunking.pace("b", "s") is None
    assert chunking.expected("a", [("s", "x"), ("slow", "y")]) == 10.1


def test_cells_of_a_restorer_that_nobody_asks_for_any_more_are_left() -> None:
    chunking = Chunking.of({"b": cells(1)}, 1.0, 1)
    chunking.give_back("a", cells(3))
    assert chunking.cells() == 1
    assert chunking.take() == ("b", cells(1))
    assert chunking.take() is None
