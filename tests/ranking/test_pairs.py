"""Pairs and critical-difference diagrams: what they say is what the leaderboard says.

Mean ranks are those of Demsar's worked example.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from made_run import made_run
from scipy import stats

from harness.ranking.leaderboards import rank_run, versus
from harness.ranking.pairs import critical_difference, pair_tests
from harness.reporting.assemble import headlines
from harness.results import MOST_COMPARED, SIGNIFICANT, CriticalDifference, PairTest, RunData

# AUC of four variants of C4.5 on 14 data sets: Demsar, JMLR 7 (2006), table 6. Of voting, the one
# before the last, his ranks tell the two 0.975 apart, which were rounded
DEMSAR = {
    "c4.5": [.763, .599, .954, .628, .882, .936, .661, .583, .775, 1, .940, .619, .972, .957],
    "c4.5+m": [.768, .591, .971, .661, .888, .931, .668, .583, .838, 1, .962, .666, .981, .978],
    "c4.5+cf": [.771, .590, .968, .654, .886, .916, .609, .563, .866, 1, .965, .614, 0.9751, .946],
    "c4.5+m+cf": [.798, .569, .967, .657, .898, .931, .685, .625, .875, 1, .962, .669, .975, .970],
}  # fmt: skip


def demsar() -> tuple[RunData, list[str]]:
    data = made_run({(name, "s", "psnr"): column for name, column in DEMSAR.items()})
    return data, sorted(DEMSAR, key=lambda name: -np.mean(DEMSAR[name]))


def compared(data: RunData, order: list[str]) -> list[PairTest]:
    ranking = rank_run(data)
    assert ranking.pairs[0] is not None
    return pair_tests(ranking.tables[0], ranking.pairs[0], order)


def diagram_of(data: RunData, order: list[str]) -> CriticalDifference:
    ranking = rank_run(data)
    assert ranking.pairs[0] is not None
    found = critical_difference(ranking.tables[0], ranking.pairs[0], order)
    assert found is not None
    return found


def test_demsars_mean_ranks() -> None:
    diagram = diagram_of(*demsar())
    ranks = dict(zip(diagram.restorers, diagram.mean_ranks, strict=True))
    published = {"c4.5": 3.143, "c4.5+m": 2.000, "c4.5+cf": 2.893, "c4.5+m+cf": 1.964}
    assert ranks == pytest.approx(published, abs=5e-4)
    assert diagram.restorers == ("c4.5+m+cf", "c4.5+m", "c4.5+cf", "c4.5")
    assert diagram.n == 14


def test_friedmans_p_is_scipys() -> None:
    diagram = diagram_of(*demsar())
    assert diagram.friedman_p == pytest.approx(stats.friedmanchisquare(*DEMSAR.values()).pvalue)


def test_pairs_say_what_the_ranges_of_the_leaderboard_say(generator: np.random.Generator) -> None:
    for images in (4, 9, 30):
        scores = generator.normal(30, 1, images) + generator.normal(size=(5, images))
        scores += np.array([[0.0], [0.1], [2.0], [2.2], [6.0]])
        values = {(f"r{i}", "s", "psnr"): list(row) for i, row in enumerate(scores)}
        ranking = rank_run(made_run(values))
        (board,), (table,), (pairs,) = ranking.boards, ranking.tables, ranking.pairs
        order = [row.restorer for row in board.rows]
        assert pairs is not None
        tests = pair_tests(table, pairs, order)
        assert len(tests) == 10
        worse = Counter(test.versus for test in tests if test.p <= SIGNIFICANT)
        better = Counter(test.restorer for test in tests if test.p <= SIGNIFICANT)
        groups = {row.restorer: row.group for row in board.rows}
        for row in board.rows:
            assert row.rank_low == 1 + worse[row.restorer]
            assert row.rank_high == 5 - better[row.restorer]
            assert (row.group == 1) is (row.rank_low == 1)
        for test in tests:
            assert test.ci_low is not None and test.ci_high is not None
            told = test.ci_low > 0 or test.ci_high < 0
            assert told is (test.p <= SIGNIFICANT)
            assert not told or groups[test.restorer] != groups[test.versus]
        gaps = versus(ranking, order[0])
        for row in board.rows[1:]:
            gap = next(gap for gap in gaps if gap.restorer == row.restorer)
            assert (gap.difference, gap.ci_low, gap.ci_high, gap.p) == (
                row.gap, row.gap_low, row.gap_high, row.p,
            )  # fmt: skip
            assert (gap.verdict == "worse") is (row.p is not None and row.p <= SIGNIFICANT)


def test_a_clique_holds_no_pair_that_differs_and_is_as_large_as_it_can_be(
    generator: np.random.Generator,
) -> None:
    noise = generator.normal(size=40)
    # each has the same scores, on other images
    shifts = {"r4": 9.0, "r3": 2.0, "r2": 2.0, "r1": 0.0, "r0": 0.0}
    rolled = {name: np.roll(noise, 7 * place) for place, name in enumerate(shifts)}
    scores = {name: rolled[name] + shift for name, shift in shifts.items()}
    data = made_run({(name, "s", "psnr"): row for name, row in scores.items()})
    cliques = [set(clique) for clique in diagram_of(data, list(shifts)).cliques]
    assert cliques == [{"r3", "r2"}, {"r1", "r0"}]


def test_lower_is_better_turns_the_axis_round() -> None:
    data = made_run({("good", "s", "error"): [1.0] * 8, ("bad", "s", "error"): [2.0] * 8})
    diagram = diagram_of(data, ["good", "bad"])
    assert (diagram.restorers, diagram.mean_ranks) == (("good", "bad"), (1.0, 2.0))
    assert diagram.friedman_p is None


def test_of_a_crowd_the_best_are_compared() -> None:
    count = MOST_COMPARED + 5
    data = made_run({(f"r{i:02d}", "s", "psnr"): [float(i)] * 6 for i in range(count)})
    order = [f"r{i:02d}" for i in reversed(range(count))]
    tests = compared(data, order)
    assert len(tests) == MOST_COMPARED * (MOST_COMPARED - 1) // 2
    assert {test.versus for test in tests} | {tests[0].restorer} == set(order[:MOST_COMPARED])


def test_a_perfect_image_and_no_difference_at_all_survive() -> None:
    values = {"a": np.inf, "b": np.inf, "c": 30.0}
    data = made_run({(name, "s", "psnr"): [value] * 7 for name, value in values.items()})
    tests = {(t.restorer, t.versus): t for t in compared(data, ["a", "b", "c"])}
    assert (tests["a", "b"].difference, tests["a", "b"].p) == (0.0, 1.0)
    assert (tests["a", "c"].difference, tests["a", "c"].ci_low) == (np.inf, np.inf)
    assert tests["a", "c"].p == pytest.approx(2 / 2**7)


def test_a_single_image_tells_nothing() -> None:
    data = made_run({("a", "s", "psnr"): [31.0], ("b", "s", "psnr"): [30.0]})
    (test,) = compared(data, ["a", "b"])
    assert (test.difference, test.ci_low, test.p, test.n) == (1.0, None, 1.0, 1)


def test_a_tie_with_the_best_is_the_p_that_is_shown(generator: np.random.Generator) -> None:
    """Of the third, the second is told apart as better, and the noisy first is not."""
    second = generator.normal(30, 1, 12)
    first = second + 0.1 + np.tile([1.5, -1.5], 6)
    third = second - 0.3 + generator.normal(0, 0.02, 12)
    values = {("a", "s", "psnr"): first, ("b", "s", "psnr"): second, ("c", "s", "psnr"): third}
    ranking = rank_run(made_run({key: list(row) for key, row in values.items()}))
    rows = ranking.boards[0].rows
    assert [row.restorer for row in rows] == ["a", "b", "c"]
    assert rows[2].p is not None and rows[2].p > SIGNIFICANT
    assert rows[2].rank_low == 2
    assert [row.ties_best for row in rows] == [False, True, True]
    assert headlines(ranking)[0].leaders == ("a", "b", "c")
