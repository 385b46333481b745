"""The statistics themselves: hand-computed values, oracles, and coverage on a simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.statistics.resampling import RESAMPLES, intervals, percentile_order, resample_counts
from harness.statistics.significance import holm


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


def test_many_images_are_put_together_into_batches(generator: np.random.Generator) -> None:
    scores = generator.normal(30, 1, size=(2, 5000))
    mean, low, high = intervals(scores, (5000,), 5000)
    half = 1.96 * scores.std(axis=1) / np.sqrt(5000)
    assert (high - mean) == pytest.approx(half, rel=0.15)
    assert (mean - low) == pytest.approx(half, rel=0.15)


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_percentiles_of_resampled_statistics_tell_apart_what_every_resample_orders() -> None:
    generator = np.random.default_rng(3)
    points = np.array([1.0, 1.1, 5.0])
    boot = points[:, None] + generator.normal(0, 0.2, size=(3, RESAMPLES))
    low, high, pairs = percentile_order(points, boot, 30)
    assert low == pytest.approx(points - 1.96 * 0.2, abs=0.1)
    assert high == pytest.approx(points + 1.96 * 0.2, abs=0.1)
    assert pairs.p[0, 1] > 0.5
    assert max(pairs.p[0, 2], pairs.p[1, 2]) < 0.01
    assert pairs.low[2, 0] > 3 and pairs.low[1, 0] < 0 < pairs.high[1, 0]
    few = percentile_order(points, boot, 5)[2]
    assert (few.p == 1).all() and np.isinf(few.low).all()
    apart = np.array([[1.0], [2.0]])
    _, _, certain = percentile_order(apart[:, 0], apart.repeat(RESAMPLES, axis=1), 30)
    assert certain.p[0, 1] < 0.01
    assert certain.low[0, 1] == certain.high[0, 1] == -1


def test_a_mean_does_not_depend_on_who_else_is_there() -> None:
    sums = np.random.default_rng(0).random((5, 37))
    for order in "CF":
        together = intervals(np.asarray(sums, order=order), (37,), 37)[0]
        alone = [intervals(row[None], (37,), 37)[0][0] for row in sums]
        assert together.tolist() == alone, "to the last digit"
