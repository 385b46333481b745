"""By simulation on the packaged photographs: intervals cover, and fewer votes are enough."""

from __future__ import annotations

import numpy as np
import pytest
from fabricated_run import references
from scipy.ndimage import gaussian_filter

from harness.people.design import Belief, order_information
from harness.people.simulation import (
    Rounds,
    Taste,
    draw_study,
    mean_taus,
    true_strengths,
    votes_for,
)
from harness.protocols.report import ReportData
from harness.statistics import paired_comparisons
from harness.statistics.paired_comparisons import strengths


@pytest.fixture(scope="module")
def quality(fabricated: ReportData) -> np.ndarray:
    """What a metric says of the restored photographs, in log odds (restorers, images)."""
    scores = {
        (s.cell.restorer, s.cell.image): s.value
        for s in fabricated.data.scores
        if s.metric == "psnr" and s.cell.set == "photos-sigma25" and s.cell.restorer != "median"
    }
    names = sorted({key[0] for key in scores})
    images = sorted({key[1] for key in scores})
    table = np.array([[scores[name, image] for image in images] for name in names])
    table = table - table.mean(axis=0)
    return np.asarray(table / table.mean(axis=1).std())


@pytest.mark.parametrize(("observers", "images", "pairs"), [(12, 10, 40), (8, 24, 60)])
def test_intervals_cover_in_93_to_97_percent(
    observers: int,
    images: int,
    pairs: int,
    quality: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paired_comparisons, "RESAMPLES", 200)
    taste, generator = Taste(quality, spread=0.4), np.random.default_rng(5)
    truth = true_strengths(taste)
    inside = [
        (found.low <= truth) & (truth <= found.high)
        for found in (
            strengths(draw_study(taste, observers, images, pairs, generator)) for _ in range(300)
        )
    ]
    assert 0.93 <= np.mean(inside) <= 0.97


def test_the_active_design_needs_at_most_70_percent_of_the_votes() -> None:
    """Thirteen denoisers of rising strength on packaged photographs; a decibel is a log odd."""
    photographs, generator = list(references(12, 128).values()), np.random.default_rng(3)
    noisy = [image + generator.normal(0, 25 / 255, image.shape) for image in photographs]
    quality = np.array(
        [
            [
                -10 * np.log10(((gaussian_filter(there, (0, width, width)) - image) ** 2).mean())
                for there, image in zip(noisy, photographs, strict=True)
            ]
            for width in np.linspace(0.35, 0.9, 13)
        ]
    )
    taste, rounds = Taste(quality - quality.mean(axis=0)), Rounds(rounds=10, observers=3, pairs=25)
    random, active = (mean_taus(taste, design, rounds, 16) for design in ("random", "active"))
    for tau in (random[4][1], random[-1][1]):
        assert tau > 0.85
        assert votes_for(active, tau) <= 0.7 * votes_for(random, tau)


def test_a_vote_says_nothing_on_an_order_that_is_known() -> None:
    gaps = np.array([0.0, 0.0, 6.0, 0.5])
    variances = np.array([1.0, 0.01, 0.01, 0.2])
    wide, narrow, known, open_ = order_information(gaps, variances)
    assert wide > open_ > narrow > 0
    assert known < 1e-6


def test_a_belief_foresees_that_a_vote_narrows_it() -> None:
    belief = Belief.of(("a", "b", "c"), np.array([[0, 3.0, 2], [1, 0, 2], [2, 2, 0]]))
    before = belief.gain([0, 0], [1, 2])
    belief.foresee(0, 1)
    after = belief.gain([0, 0], [1, 2])
    assert (after < before).all()
    assert before[0] - after[0] > before[1] - after[1]
