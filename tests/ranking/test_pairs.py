"""Tests of pairs and critical-difference diagrams, against scipy and as published.

Published are Demsar's worked example and his table of critical values.
"""

from __future__ import annotations

import numpy as np
import pytest
from made_run import made_run, tables_of
from scipy import stats

from harness.ranking.pairs import critical_difference, nemenyi, pair_tests
from harness.results import MOST_COMPARED

# AUC of four variants of C4.5 on 14 data sets: Demsar, JMLR 7 (2006), table 6. Of voting, the one
# before the last, his ranks tell the two 0.975 apart, which were rounded
DEMSAR = {
    "c4.5": [.763, .599, .954, .628, .882, .936, .661, .583, .775, 1, .940, .619, .972, .957],
    "c4.5+m": [.768, .591, .971, .661, .888, .931, .668, .583, .838, 1, .962, .666, .981, .978],
    "c4.5+cf": [.771, .590, .968, .654, .886, .916, .609, .563, .866, 1, .965, .614, 0.9751, .946],
    "c4.5+m+cf": [.798, .569, .967, .657, .898, .931, .685, .625, .875, 1, .962, .669, .975, .970],
}  # fmt: skip


def demsar() -> tuple[object, list[str]]:
    data = made_run({(name, "s", "psnr"): column for name, column in DEMSAR.items()})
    return tables_of(data)[0], sorted(DEMSAR, key=lambda name: -np.mean(DEMSAR[name]))


def test_demsars_example() -> None:
    table, order = demsar()
    diagram = critical_difference(table, order, pair_tests(table, order))  # type: ignore[arg-type]
    assert diagram is not None
    ranks = dict(zip(diagram.restorers, diagram.mean_ranks, strict=True))
    published = {"c4.5": 3.143, "c4.5+m": 2.000, "c4.5+cf": 2.893, "c4.5+m+cf": 1.964}
    assert ranks == pytest.approx(published, abs=5e-4)
    assert diagram.restorers == ("c4.5+m+cf", "c4.5+m", "c4.5+cf", "c4.5")
    assert diagram.critical_difference == pytest.approx(1.25, abs=5e-3)  # his: 1.25
    # "the Nemenyi test is not powerful enough": the best and the worst are 1.18 apart
    assert diagram.nemenyi_cliques == (diagram.restorers,)
    assert diagram.n == 14


def test_friedmans_p_is_scipys() -> None:
    table, order = demsar()
    diagram = critical_difference(table, order, [])  # type: ignore[arg-type]
    assert diagram is not None
    assert diagram.friedman_p == pytest.approx(stats.friedmanchisquare(*DEMSAR.values()).pvalue)


@pytest.mark.parametrize(
    ("restorers", "q"),
    [
        (2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031),
        (9, 3.102), (10, 3.164),
    ],
)  # fmt: skip
def test_nemenyis_critical_values_are_those_of_the_table(restorers: int, q: float) -> None:
    # Demsar 2006, table 5a; his values are rounded to three digits, some of them down
    expected = q * np.sqrt(restorers * (restorers + 1) / (6 * 30))
    assert nemenyi(restorers, 30) == pytest.approx(expected, rel=5e-4)


def mean_difference(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
    return (a - b).mean(axis=axis)


def test_pairs_are_those_of_scipy(generator: np.random.Generator) -> None:
    images, noise = generator.normal(30, 1, 30), generator.normal(size=(3, 30))
    scores = images + noise + np.array([[0.0], [0.3], [1.0]])
    data = made_run({(f"r{i}", "s", "psnr"): row for i, row in enumerate(scores)})
    tests = pair_tests(tables_of(data)[0], ["r2", "r1", "r0"])
    pairs = [(test.restorer, test.versus) for test in tests]
    assert pairs == [("r2", "r1"), ("r2", "r0"), ("r1", "r0")]
    options = {"permutation_type": "samples", "n_resamples": 9999, "vectorized": True}
    for test in tests:
        one, other = (scores[int(name[1])] for name in (test.restorer, test.versus))
        expected = stats.wilcoxon(one, other, zero_method="pratt").pvalue
        flipped = stats.permutation_test((one, other), mean_difference, rng=1, **options).pvalue
        assert test.p_wilcoxon == pytest.approx(expected)
        assert test.p_flip == pytest.approx(flipped, abs=0.02)
        assert test.difference == pytest.approx(one.mean() - other.mean())
        assert test.p_flip_holm >= test.p_flip
    lowest = min(tests, key=lambda test: test.p_wilcoxon)
    assert lowest.p_wilcoxon_holm == pytest.approx(3 * lowest.p_wilcoxon)


def test_a_clique_holds_no_pair_that_differs_and_is_as_large_as_it_can_be(
    generator: np.random.Generator,
) -> None:
    noise = generator.normal(size=40)
    # each has the same scores, on other images
    shifts = {"r4": 9.0, "r3": 2.0, "r2": 2.0, "r1": 0.0, "r0": 0.0}
    rolled = {name: np.roll(noise, 7 * place) for place, name in enumerate(shifts)}
    scores = {name: rolled[name] + shift for name, shift in shifts.items()}
    (table,) = tables_of(made_run({(name, "s", "psnr"): row for name, row in scores.items()}))
    diagram = critical_difference(table, list(shifts), pair_tests(table, list(shifts)))
    assert diagram is not None
    cliques = [set(clique) for clique in diagram.wilcoxon_cliques]
    assert cliques == [{"r3", "r2"}, {"r1", "r0"}]


def test_lower_is_better_turns_the_axis_round() -> None:
    data = made_run({("good", "s", "error"): [1.0] * 8, ("bad", "s", "error"): [2.0] * 8})
    (table,) = tables_of(data)
    diagram = critical_difference(table, ["good", "bad"], [])
    assert diagram is not None
    assert (diagram.restorers, diagram.mean_ranks) == (("good", "bad"), (1.0, 2.0))
    assert diagram.friedman_p is None


def test_of_a_crowd_the_best_are_compared() -> None:
    count = MOST_COMPARED + 5
    data = made_run({(f"r{i:02d}", "s", "psnr"): [float(i)] * 6 for i in range(count)})
    order = [f"r{i:02d}" for i in reversed(range(count))]
    tests = pair_tests(tables_of(data)[0], order)
    assert len(tests) == MOST_COMPARED * (MOST_COMPARED - 1) // 2
    assert {test.versus for test in tests} | {tests[0].restorer} == set(order[:MOST_COMPARED])


def test_a_perfect_image_and_no_difference_at_all_survive() -> None:
    values = {"a": np.inf, "b": np.inf, "c": 30.0}
    data = made_run({(name, "s", "psnr"): [value] * 7 for name, value in values.items()})
    tests = {(t.restorer, t.versus): t for t in pair_tests(tables_of(data)[0], ["a", "b", "c"])}
    perfect = tests["a", "b"]
    assert (perfect.difference, perfect.p_flip, perfect.p_wilcoxon) == (0.0, 1.0, 1.0)
    assert tests["a", "c"].difference == np.inf
    assert tests["a", "c"].p_flip == pytest.approx(2 / 2**7)


def test_a_single_image_tells_nothing() -> None:
    data = made_run({("a", "s", "psnr"): [31.0], ("b", "s", "psnr"): [30.0]})
    (test,) = pair_tests(tables_of(data)[0], ["a", "b"])
    assert (test.difference, test.p_flip, test.p_wilcoxon, test.n) == (1.0, 1.0, 1.0, 1)
