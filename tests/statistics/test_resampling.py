"""The statistics themselves: hand-computed values, oracles, and coverage on a simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from harness.statistics.permutation import holm, pair_flips_p, pairs_p, sign_flip_p
from harness.statistics.resampling import RESAMPLES, intervals, percentile_order, resample_counts


def test_every_resample_draws_as_many_images_of_each_stratum_as_there_are() -> None:
    counts = resample_counts((17, 5))
    assert counts.shape == (22, RESAMPLES)
    assert (counts[:17].sum(axis=0) == 17).all()
    assert (counts[17:].sum(axis=0) == 5).all()
    assert len({tuple(column) for column in counts.T}) > RESAMPLES // 2


def test_intervals_are_those_of_a_plain_bootstrap_t(generator: np.random.Generator) -> None:
    scores = generator.gamma(2.0, 1.0, size=(1, 30))
    counts, row = resample_counts((30,)), scores[0]
    ratios = []
    for draw in range(RESAMPLES):
        again = np.repeat(row, counts[:, draw].astype(int))
        ratios.append((again.mean() - row.mean()) / stats.sem(again))
    error, student = stats.sem(row), stats.t.ppf(0.975, 29)
    ordered = np.sort(ratios)
    expected = (
        row.mean() - max(ordered[974], student) * error,
        row.mean() - min(ordered[24], -student) * error,
    )
    mean, low, high = intervals(scores, (30,), 30)
    assert mean[0] == pytest.approx(row.mean())
    assert (low[0], high[0]) == pytest.approx(expected, rel=1e-4)


def test_few_images_have_the_interval_of_the_t_test(generator: np.random.Generator) -> None:
    row = generator.normal(size=7)
    _, low, high = intervals(row[None], (7,), 7)
    expected = stats.t.interval(0.95, 6, row.mean(), stats.sem(row))
    assert (low[0], high[0]) == pytest.approx(expected)


def test_strata_take_the_difference_between_them_out_of_the_interval(
    generator: np.random.Generator,
) -> None:
    row = np.concatenate([generator.normal(20, 1, 30), generator.normal(40, 1, 30)])[None]
    _, low, high = intervals(row, (30, 30), 60)
    _, low_pooled, high_pooled = intervals(row, (60,), 60)
    assert (high - low)[0] < 0.2 * (high_pooled - low_pooled)[0]


def test_infinite_scores_have_infinite_means_and_constant_ones_no_doubt() -> None:
    sums = np.array([[1.0, np.inf, 3.0], [2.0, 2.0, 2.0], [np.inf, np.inf, np.inf]])
    mean, low, high = intervals(sums, (3,), 3)
    assert mean.tolist() == low.tolist() == high.tolist() == [np.inf, 2.0, np.inf]


@pytest.mark.parametrize("draw", ["normal", "skewed", "heavy"])
@pytest.mark.parametrize("images", [24, 60])
def test_intervals_cover_the_true_mean_as_often_as_they_say(images: int, draw: str) -> None:
    generator, runs = np.random.default_rng(11), 2000
    scores = {
        "normal": lambda: generator.normal(size=(runs, images)),
        "skewed": lambda: generator.exponential(size=(runs, images)) - 1,
        "heavy": lambda: generator.standard_t(3, size=(runs, images)),
    }[draw]()
    _, low, high = intervals(scores, (images,), images)
    covered = float(((low <= 0) & (high >= 0)).mean())
    doubt = 3 * np.sqrt(0.95 * 0.05 / runs)  # of the simulation itself
    assert 0.93 - doubt < covered < 0.97 + doubt


def test_verdicts_on_pairs_hold_together(generator: np.random.Generator) -> None:
    """Any verdict on eight restorers that are all alike is a false one.

    Their spreads are unequal, and so is the difficulty of the images.
    """
    runs, wrong = 300, 0
    for _ in range(runs):
        images, noise = generator.normal(30, 4, 24), generator.normal(size=(8, 24))
        scores = images + noise * np.linspace(0.2, 2, 8)[:, None]
        wrong += bool((pairs_p(scores, (24,)) <= 0.05).any())
    assert wrong / runs < 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_ranges_of_ranks_hold_the_true_ranks() -> None:
    generator, means, runs, held = np.random.default_rng(5), np.array([0.0, 0.3, 0.3, 1.2]), 200, 0
    above, below = (means[:, None] < means).sum(axis=1), (means[:, None] > means).sum(axis=1)
    for _ in range(runs):
        noise = (generator.exponential(size=(4, 24)) - 1) * np.array([0.5, 1, 1, 2])[:, None]
        scores = generator.normal(30, 3, 24) + means[:, None] + noise
        found = scores.mean(axis=1)
        better = (pairs_p(scores, (24,)) <= 0.05) & (found[:, None] > found)
        held += bool(((better.sum(axis=0) <= above) & (better.sum(axis=1) <= below)).all())
    assert held / runs > 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)


def test_ranges_hold_where_restorers_have_long_tails_of_their_own() -> None:
    generator, spreads, runs, held = np.random.default_rng(8), np.linspace(0.3, 2, 10), 500, 0.0
    for _ in range(runs):
        scores = generator.normal(30, 3, 24) + generator.lognormal(size=(10, 24)) * spreads[:, None]
        scores -= np.exp(0.5) * spreads[:, None]
        means = scores.mean(axis=1)
        better = (pairs_p(scores, (24,)) <= 0.05) & (means[:, None] > means)
        held += 1 - (better.any(axis=0) | better.any(axis=1)).mean()
    assert held / runs > 0.935  # 0.91 by signs alone


def test_a_skewed_difference_counts_by_halls_t(generator: np.random.Generator) -> None:
    row = 1.5 - generator.gamma(1.0, size=24)
    n, t, skewness = 24, stats.ttest_1samp(row, 0).statistic, 2 * stats.skew(row)
    hall = t + skewness / np.sqrt(n) * (1 / 6 + t**2 / 3) + skewness**2 * t**3 / (27 * n)
    assert 0 < hall < t
    flipped = generator.choice([-1, 1], size=(20_000, n)) * row
    beyond = np.abs(stats.ttest_1samp(flipped, 0, axis=1).statistic) >= hall
    assert float(sign_flip_p(row[None])[0]) < beyond.mean() - 0.03
    p = pairs_p(np.stack([row, np.zeros(n)]), (n,))
    assert p[0, 1] == pytest.approx(beyond.mean(), abs=0.015)


def test_differences_without_skewness_are_held_by_their_signs_alone(
    generator: np.random.Generator,
) -> None:
    half = generator.normal(size=20)
    difference = np.concatenate([half, -half]) + 0.4
    p = pairs_p(np.stack([difference, np.zeros(40)]), (40,))
    assert p[0, 1] == pytest.approx(float(sign_flip_p(difference[None])[0]), abs=0.01)


def test_pairs_p_is_the_enumeration_of_the_largest_difference(
    generator: np.random.Generator,
) -> None:
    scores = generator.normal(size=(3, 7)) + np.array([[0.0], [0.0], [1.5]])
    pairs = [(0, 1), (0, 2), (1, 2)]
    rows = np.array([scores[i] - scores[j] for i, j in pairs])
    patterns = np.array(list(product((-1, 1), repeat=7)))
    ratios = np.abs(patterns @ rows.T) / np.sqrt((rows**2).sum(axis=1))
    observed = np.abs(rows.sum(axis=1)) / np.sqrt((rows**2).sum(axis=1))
    expected = (ratios.max(axis=1)[:, None] >= observed - 1e-9).mean(axis=0)
    p = pairs_p(scores, (7,))
    assert [p[i, j] for i, j in pairs] == pytest.approx(expected)
    assert (p == p.T).all()


def test_equals_and_few_images_are_never_told_apart(generator: np.random.Generator) -> None:
    row = generator.normal(30, 1, 20)
    assert (pairs_p(np.stack([row, row * (1 + 2e-16), row]), (20,)) == 1).all()
    assert (pairs_p(np.array([[1.0] * 5, [2.0] * 5]), (5,)) == 1).all()


def test_many_images_are_put_together_into_batches(generator: np.random.Generator) -> None:
    scores = generator.normal(30, 1, size=(2, 5000))
    mean, low, high = intervals(scores, (5000,), 5000)
    half = 1.96 * scores.std(axis=1) / np.sqrt(5000)
    assert (high - mean) == pytest.approx(half, rel=0.15)
    assert (mean - low) == pytest.approx(half, rel=0.15)


def test_the_product_for_pairs_is_the_test_of_each(generator: np.random.Generator) -> None:
    for images in (9, 40):
        scores = generator.normal(size=(4, images)) + np.arange(4)[:, None] / 4
        pairs = [(0, 1), (1, 3), (2, 3)]
        rows = np.array([scores[i] - scores[j] for i, j in pairs])
        assert pair_flips_p(scores, rows, pairs) == pytest.approx(sign_flip_p(rows))


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_sign_flip_p_is_the_enumeration(generator: np.random.Generator) -> None:
    rows = generator.normal(0.4, 1, size=(4, 7))
    for row, p in zip(rows, sign_flip_p(rows), strict=True):
        flipped = [abs(np.dot(row, signs)) for signs in product((-1, 1), repeat=7)]
        assert p == pytest.approx(np.mean(np.array(flipped) >= abs(row.sum()) - 1e-12))


def test_five_images_all_better_cannot_be_significant() -> None:
    assert sign_flip_p(np.ones((1, 5)))[0] == pytest.approx(2 / 2**5)


def test_sign_flip_p_agrees_with_the_t_test_on_normal_data(generator: np.random.Generator) -> None:
    rows = generator.normal(0.25, 1, size=(20, 60))
    expected = stats.ttest_1samp(rows, 0, axis=1).pvalue
    np.testing.assert_allclose(sign_flip_p(rows), expected, atol=0.02)


def test_sign_flip_p_keeps_its_level_when_nothing_differs(generator: np.random.Generator) -> None:
    p = sign_flip_p(generator.normal(size=(2000, 20)))
    assert 0.035 < (p < 0.05).mean() < 0.065


def test_infinite_differences_are_tested_by_rank() -> None:
    row = np.array([np.inf, 1.0, 2.0, 3.0, -0.5, 4.0, np.inf, 5.0])
    finite = np.array([9.0, 1.0, 2.0, 3.0, -0.5, 4.0, 9.0, 5.0])
    every = stats.PermutationMethod(n_resamples=np.inf)  # type: ignore[arg-type]
    expected = stats.wilcoxon(finite, method=every).pvalue
    assert sign_flip_p(row[None])[0] == pytest.approx(expected)


def test_percentiles_of_resampled_statistics_tell_apart_what_every_resample_orders() -> None:
    generator = np.random.default_rng(3)
    points = np.array([1.0, 1.1, 5.0])
    boot = points[:, None] + generator.normal(0, 0.2, size=(3, RESAMPLES))
    low, high, p = percentile_order(points, boot, 30)
    assert low == pytest.approx(points - 1.96 * 0.2, abs=0.1)
    assert high == pytest.approx(points + 1.96 * 0.2, abs=0.1)
    assert p[0, 1] > 0.5
    assert max(p[0, 2], p[1, 2]) < 0.01
    assert (percentile_order(points, boot, 5)[2] == 1).all()
    apart = np.array([[1.0], [2.0]])
    _, _, certain = percentile_order(apart[:, 0], apart.repeat(RESAMPLES, axis=1), 30)
    assert certain[0, 1] < 0.01
