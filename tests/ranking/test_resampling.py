"""The statistics themselves: hand-computed values, oracles, and coverage on a simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from harness.resampling import (
    RESAMPLES,
    bootstrap_means,
    interval,
    resample_counts,
    separated,
    sign_flip_p,
)


def test_every_resample_draws_as_many_images_as_there_are() -> None:
    counts = resample_counts(17)
    assert counts.shape == (17, RESAMPLES)
    assert (counts.sum(axis=0) == 17).all()
    assert len({tuple(column) for column in counts.T}) > RESAMPLES // 2


def test_bootstrap_means_are_those_of_a_plain_loop(generator: np.random.Generator) -> None:
    sums, weights = generator.normal(size=(3, 5)), np.array([1.0, 2, 1, 3, 1])
    means = bootstrap_means(sums, weights)
    counts = resample_counts(5)
    for draw in (0, 123, RESAMPLES - 1):
        images = np.repeat(np.arange(5), counts[:, draw].astype(int))
        np.testing.assert_allclose(means[:, draw], sums[:, images].sum(axis=1) / weights[images].sum())


def test_an_infinite_score_makes_the_resamples_that_drew_it_infinite() -> None:
    sums = np.array([[1.0, np.inf, 3.0], [1.0, 2.0, 3.0]])
    means = bootstrap_means(sums, np.ones(3))
    drawn = resample_counts(3)[1] > 0
    assert np.isposinf(means[0][drawn]).all()
    assert np.isfinite(means[0][~drawn]).all()
    assert np.isfinite(means[1]).all()


@pytest.mark.parametrize("images", [8, 30])
def test_intervals_cover_the_true_mean_about_as_often_as_they_say(images: int) -> None:
    generator = np.random.default_rng(11)
    scores = generator.gamma(4.0, 1.0, size=(1500, images))  # skewed, as scores are; the true mean is 4
    low, high = interval(scores.mean(axis=1), bootstrap_means(scores, np.ones(images)), images)
    covered = float(((low <= 4.0) & (high >= 4.0)).mean())
    assert 0.915 < covered < 0.985


def test_a_small_sample_gets_a_wider_interval_than_the_plain_percentile(generator: np.random.Generator) -> None:
    scores = generator.normal(size=(1, 6))
    boot = bootstrap_means(scores, np.ones(6))
    low, high = interval(scores.mean(axis=1), boot, 6)
    plain = np.quantile(boot[0], (0.025, 0.975))
    assert low[0] < plain[0]
    assert high[0] > plain[1]


def test_separation_is_an_upper_triangle_and_never_of_equals() -> None:
    boot = np.array([[3.0, 3.1, 3.2], [2.0, 2.1, 2.2], [2.0, 2.1, 2.2]])
    apart = separated(boot)
    assert apart.tolist() == [[False, True, True], [False, False, False], [False, False, False]]


def test_rounding_alone_separates_nobody() -> None:
    boot = np.full((1, 200), 30.123456789)
    assert not separated(np.vstack([boot * (1 + 2e-16), boot])).any()


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
    expected = stats.wilcoxon(finite, method=stats.PermutationMethod(n_resamples=np.inf)).pvalue  # type: ignore[arg-type]
    assert sign_flip_p(row[None])[0] == pytest.approx(expected)
