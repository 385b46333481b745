"""Metrics held against votes: figures against scikit-learn's and by their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from harness.statistics.judged_pairs import JudgedPairs, judge_pairs


def pairs(noise: float, seed: int = 0, scenes: int = 12, each: int = 15) -> JudgedPairs:
    """Twelve votes on each pair, by a taste that the metric follows but for some noise."""
    generator = np.random.default_rng(seed)
    scene = np.repeat(np.arange(scenes), each)
    gap = generator.normal(0, 1.5, len(scene))
    won = generator.binomial(12, 1 / (1 + np.exp(-gap))).astype(float)
    return JudgedPairs(scene, gap + generator.normal(0, noise, len(gap)), won, 12 - won)


def test_a_metric_that_is_the_taste_reaches_the_ceiling_and_noise_does_not() -> None:
    good, bad = (judge_pairs(pairs(noise, each=100)) for noise in (0.0, 50.0))
    for name in ("vote_accuracy", "pair_accuracy", "auc_different", "auc_better"):
        value, low, high = good[name] or (0, 0, 0)
        assert low <= value <= high
        assert low > (bad[name] or (1, 1, 1))[2]
    assert good["vote_accuracy"][0] == pytest.approx(good["vote_ceiling"][0], abs=0.03)  # type: ignore[index]
    assert bad["auc_better"][0] == pytest.approx(0.5, abs=0.1)  # type: ignore[index]


def test_areas_are_those_of_scikit_learn() -> None:
    votes = pairs(1.0)
    found = judge_pairs(votes)
    fewer = np.minimum(votes.won, votes.lost)
    different = fewer <= 2  # 2 of 12 or fewer: p = 0.039; 3 of 12: 0.146
    assert found["auc_different"][0] == pytest.approx(  # type: ignore[index]
        roc_auc_score(different, np.abs(votes.difference))
    )
    own, better = votes.difference[different], (votes.won > votes.lost)[different]
    both, labels = np.concatenate([own, -own]), np.concatenate([better, ~better])
    assert found["auc_better"][0] == pytest.approx(roc_auc_score(labels, both))  # type: ignore[index]


def test_the_order_within_a_pair_changes_nothing() -> None:
    votes = pairs(1.0)
    flip = np.arange(len(votes.scene)) % 2 == 0
    turned = JudgedPairs(
        votes.scene,
        np.where(flip, -votes.difference, votes.difference),
        np.where(flip, votes.lost, votes.won),
        np.where(flip, votes.won, votes.lost),
    )
    assert judge_pairs(turned) == judge_pairs(votes)


def test_intervals_are_over_scenes() -> None:
    votes = pairs(1.0)
    again = JudgedPairs(
        *(np.tile(part, 4) for part in (votes.scene, votes.difference, votes.won, votes.lost))
    )  # type: ignore[arg-type]
    # four copies of each pair are no more scenes: the interval stays
    (_, low, high), (_, low_again, high_again) = (
        judge_pairs(item)["vote_accuracy"] or (0, 0, 0) for item in (votes, again)
    )
    assert (low, high) == pytest.approx((low_again, high_again))


def test_what_cannot_be_told_is_none() -> None:
    few = JudgedPairs(np.zeros(2, np.int64), np.ones(2), np.ones(2), np.zeros(2))
    found = judge_pairs(few)
    assert found["vote_accuracy"] == (1.0, None, None)
    assert found["vote_ceiling"] is None
    assert found["pair_accuracy"] is None
    assert found["auc_different"] is None
    assert found["auc_better"] is None


@pytest.mark.parametrize(("sign", "value"), [(1, 1.0), (-1, 0.0)])
def test_scenes_that_all_say_the_same_are_no_proof(sign: int, value: float) -> None:
    """Of eight scenes none contradicts: by the binomial, at most 37 % of all scenes do."""
    scene = np.repeat(np.arange(9), 4)
    won = np.where(scene < 8, 4.0, 0.0)  # nobody voted on the last scene
    found = judge_pairs(JudgedPairs(scene, np.full(len(scene), sign * 1.0), won, np.zeros(36)))
    for name in ("vote_accuracy", "pair_accuracy"):
        got, low, high = found[name] or (0, 0, 0)
        assert (got, low if value else high) == pytest.approx(
            (value, abs(value - 0.3694)), abs=1e-4
        )
        assert (high if value else low) == value
    six = judge_pairs(JudgedPairs(scene, np.full(len(scene), sign * 1.0), 2 * won, np.zeros(36)))
    assert six["auc_better"] == (value, None, None)
