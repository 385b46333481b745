"""Every pair at once: against enumeration and Student, what is said by p and interval, coverage."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.statistics import Floats
from harness.statistics.permutation import compare_pairs


def compared(scores: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    return compare_pairs(scores, (scores.shape[1],), scores.shape[1])


def enumerated(rows: Floats, centred: bool) -> Floats:
    """p of each row: how often the largest ratio of any, under all signs, is as large as it."""
    observed = np.abs(rows.sum(axis=1)) / np.sqrt((rows**2).sum(axis=1))
    if centred:
        rows = rows - rows.mean(axis=1, keepdims=True)
    patterns = np.array(list(product((-1, 1), repeat=rows.shape[1])))
    ratios = np.abs(patterns @ rows.T) / np.sqrt((rows**2).sum(axis=1))
    return (ratios.max(axis=1)[:, None] >= observed - 1e-9).mean(axis=0)


def test_p_is_the_enumeration_of_the_largest_difference(generator: np.random.Generator) -> None:
    scores = generator.normal(size=(3, 7)) + np.array([[0.0], [0.0], [1.5]])
    pairs = [(0, 1), (0, 2), (1, 2)]
    rows = np.array([scores[i] - scores[j] for i, j in pairs])
    expected = np.maximum(enumerated(rows, centred=False), enumerated(rows, centred=True))
    difference, _, _, p = compared(scores)
    assert [p[i, j] for i, j in pairs] == pytest.approx(expected)
    assert (p == p.T).all()
    assert [difference[i, j] for i, j in pairs] == pytest.approx(rows.mean(axis=1))


@pytest.mark.parametrize("images", [2, 3, 5])
def test_of_few_images_a_pair_has_the_t_test_and_students_interval(
    images: int, generator: np.random.Generator
) -> None:
    scores = generator.normal(size=(2, images)) + np.array([[1.0], [0.0]])
    expected = stats.ttest_rel(*scores)
    difference, low, high, p = (part[0, 1] for part in compared(scores))
    assert p == pytest.approx(expected.pvalue, abs=0.04)
    half = stats.t.ppf(0.975, images - 1) * stats.sem(scores[0] - scores[1])
    # of a thousand turns; the tails of so few images are heavy
    assert (high - difference) == pytest.approx(half, rel=0.35 if images < 5 else 0.15)
    assert (difference - low) == pytest.approx(half, rel=0.35 if images < 5 else 0.15)


def test_set5_tells_a_network_from_bicubic() -> None:
    """PSNR on Set5 x2 of bicubic and of a network 4 dB above it (issue 22)."""
    bicubic = np.array([37.02, 36.85, 27.46, 34.85, 32.17])
    network = np.array([39.02, 42.10, 33.40, 36.20, 35.80])
    difference, low, _, p = (part[1, 0] for part in compared(np.stack([bicubic, network])))
    assert difference > 3
    assert p <= 0.05
    assert low > 0


@pytest.mark.parametrize("images", [3, 5, 8, 24])
def test_ranges_and_intervals_hold_together_as_often_as_they_say(images: int) -> None:
    generator, runs = np.random.default_rng(images), 300
    held = {"alike": 0, "apart": 0}
    for name, means in {"alike": np.zeros(6), "apart": np.linspace(0, 4, 6)}.items():
        for _ in range(runs):
            noise = generator.normal(size=(6, images)) * np.linspace(0.3, 2, 6)[:, None]
            _, low, high, p = compared(generator.normal(30, 4, images) + means[:, None] + noise)
            real = means[:, None] - means
            held[name] += bool(((low <= real) & (real <= high)).all())
            assert ((p <= 0.05) == ((low > 0) | (high < 0))).all()
    doubt = 3 * np.sqrt(0.95 * 0.05 / runs)
    assert min(held.values()) / runs > 0.95 - doubt


def test_ranges_of_ranks_hold_the_true_ranks_of_skewed_scores() -> None:
    generator, means, runs, held = np.random.default_rng(5), np.array([0.0, 0.3, 0.3, 1.2]), 200, 0
    above, below = (means[:, None] < means).sum(axis=1), (means[:, None] > means).sum(axis=1)
    for _ in range(runs):
        noise = (generator.exponential(size=(4, 24)) - 1) * np.array([0.5, 1, 1, 2])[:, None]
        difference, _, _, p = compared(generator.normal(30, 3, 24) + means[:, None] + noise)
        better = (p <= 0.05) & (difference > 0)
        held += bool(((better.sum(axis=0) <= above) & (better.sum(axis=1) <= below)).all())
    assert held / runs > 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)


def test_ranges_hold_where_restorers_have_long_tails_of_their_own() -> None:
    generator, spreads, runs, held = np.random.default_rng(8), np.linspace(0.3, 2, 10), 500, 0.0
    for _ in range(runs):
        scores = generator.normal(30, 3, 24) + generator.lognormal(size=(10, 24)) * spreads[:, None]
        scores -= np.exp(0.5) * spreads[:, None]
        told = compared(scores)[3] <= 0.05
        held += 1 - told.any(axis=0).mean()
    assert held / runs > 0.935  # 0.91 by signs alone


def test_a_skewed_difference_counts_by_halls_t(generator: np.random.Generator) -> None:
    row = 1.5 - generator.gamma(1.0, size=24)
    n, t, skewness = 24, stats.ttest_1samp(row, 0).statistic, 2 * stats.skew(row)
    hall = t + skewness / np.sqrt(n) * (1 / 6 + t**2 / 3) + skewness**2 * t**3 / (27 * n)
    assert 0 < hall < t
    found = []
    for kept in (row, row - row.mean()):
        flipped = generator.choice([-1, 1], size=(20_000, n)) * kept
        found.append((np.abs(stats.ttest_1samp(flipped, 0, axis=1).statistic) >= hall).mean())
    _, low, high, p = (part[0, 1] for part in compared(np.stack([row, np.zeros(n)])))
    # three standard errors of a thousand patterns
    assert p == pytest.approx(max(found), abs=3 * np.sqrt(0.2 * 0.8 / 1000))
    # a long tail below: the mean may well lie further up than it may lie down
    assert row.mean() - low > high - row.mean() > 0


def test_equals_and_a_single_image_are_never_told_apart(generator: np.random.Generator) -> None:
    row = generator.normal(30, 1, 20)
    _, low, high, p = compared(np.stack([row, row * (1 + 2e-16), row]))
    assert (p == 1).all() and (low <= 0).all() and (high >= 0).all()
    _, low, high, p = compared(np.array([[1.0], [2.0]]))
    assert (p == 1).all() and (low == -np.inf).all() and (high == np.inf).all()


@pytest.mark.parametrize("images", [1200, 5000])
@pytest.mark.parametrize("apart", [0, 2])
def test_many_images_are_put_together_into_batches(
    generator: np.random.Generator, images: int, apart: float
) -> None:
    scores = generator.normal([[30], [30 + apart]], 0.5, size=(2, images))
    difference, low, high, _ = (part[0, 1] for part in compared(scores))
    half = 1.96 * (scores[0] - scores[1]).std() / np.sqrt(images)
    assert high - difference == pytest.approx(half, rel=0.15)
    assert difference - low == pytest.approx(half, rel=0.15)


values = st.one_of(st.floats(-100, 100), st.sampled_from([0.0, 1.0, np.inf, -np.inf]))


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 5), st.integers(1, 14), st.data())
def test_p_interval_and_difference_say_the_same_of_anything(
    restorers: int, images: int, data: st.DataObject
) -> None:
    row = st.lists(values, min_size=images, max_size=images)
    scores = np.array([data.draw(row) for _ in range(restorers)])
    difference, low, high, p = compared(scores)
    assert ((p <= 0.05) == ((low > 0) | (high < 0))).all()
    assert ((low <= difference) & (difference <= high)).all()
    for part, turned in ((difference, difference), (low, high), (p, -p)):
        np.testing.assert_allclose(part, -turned.T, rtol=1e-6, atol=1e-9)
