"""Bradley-Terry strengths against worked examples, a published table and logistic regression."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from harness.ranking.ballots import shares_won
from harness.statistics.bradley_terry import bradley_terry, strengths_by_image


def test_two_restorers_have_the_odds_of_their_wins() -> None:
    # 3 wins of 4: odds of 3, which Elo's scale writes as 400 log10(3); ties move it a little
    strengths = bradley_terry(np.array([[0, 300.0], [100.0, 0]]))
    assert strengths.sum() == pytest.approx(0, abs=1e-6)
    assert strengths[0] - strengths[1] == pytest.approx(400 * np.log10(3), rel=0.02)


def test_strengths_are_recovered_from_their_own_odds() -> None:
    true = np.array([120.0, 40.0, -30.0, -130.0])
    odds = 10 ** (true / 400)
    won = 1e4 * odds[:, None] / (odds[:, None] + odds[None])
    np.fill_diagonal(won, 0)
    assert bradley_terry(won) == pytest.approx(true, abs=2.0)


def test_one_that_always_wins_stays_finite() -> None:
    strengths = bradley_terry(np.array([[0, 5, 5], [0, 0, 5], [0, 0, 0]], dtype=float))
    assert np.isfinite(strengths).all()
    assert strengths[0] > strengths[1] > strengths[2]


def test_baseball_as_published() -> None:
    # American League 1987, wins of the row over the column: Agresti, Categorical Data Analysis
    # (2002), table 10.10; the abilities, Baltimore's being 0, are those of the R package
    # BradleyTerry2 (baseballModel1 of its vignette)
    teams = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
    won = np.array(
        [
            [0, 7, 9, 7, 7, 9, 11],
            [6, 0, 7, 5, 11, 9, 9],
            [4, 6, 0, 7, 7, 8, 12],
            [6, 8, 6, 0, 6, 7, 10],
            [6, 2, 6, 7, 0, 7, 12],
            [4, 4, 5, 6, 6, 0, 6],
            [2, 4, 1, 3, 1, 7, 0],
        ],
        dtype=float,
    )
    strengths = bradley_terry(won, ties=0) / (400 / np.log(10))
    found = dict(zip(teams, (strengths - strengths[-1]).round(4), strict=True))
    published = {
        "Milwaukee": 1.5814, "Detroit": 1.4364, "Toronto": 1.2945, "New York": 1.2476,
        "Boston": 1.1077, "Cleveland": 0.6839, "Baltimore": 0.0,
    }  # fmt: skip
    assert found == pytest.approx(published, abs=1.5e-4)


def test_linearised_strengths_sum_to_the_estimate_and_spread_as_refits_do(
    generator: np.random.Generator,
) -> None:
    values = generator.normal(size=(4, 80)) + np.array([[0.0], [0.3], [0.6], [1.2]])
    shares = shares_won(values) / 80
    by_image = strengths_by_image(shares)
    won = (values[:, None] > values[None]).sum(axis=2).astype(float)
    assert by_image.sum(axis=1) == pytest.approx(bradley_terry(won), abs=1e-3)
    refits = []
    for _ in range(200):
        drawn = values[:, generator.integers(0, 80, 80)]
        refits.append(bradley_terry((drawn[:, None] > drawn[None]).sum(axis=2).astype(float)))
    errors = by_image.std(axis=1, ddof=1) * np.sqrt(80)
    assert errors == pytest.approx(np.std(refits, axis=0), rel=0.25)


def test_strengths_are_those_of_a_logistic_regression_on_battles(
    generator: np.random.Generator,
) -> None:
    """Arenas of language models fit one: a row a battle, 1 and -1 for its sides, 400 / ln 10."""
    true, names = generator.normal(size=5), range(5)
    won = np.zeros((5, 5))
    for one, other in itertools.combinations(names, 2):
        share = 1 / (1 + np.exp(true[other] - true[one]))
        won[one, other] = generator.binomial(60, share)
        won[other, one] = 60 - won[one, other]
    rows, outcomes, weights = [], [], []
    for one, other in itertools.permutations(names, 2):
        row = np.zeros(5)
        row[one], row[other] = 1, -1
        rows += [row, -row]
        outcomes += [1, 0]
        weights += [won[one, other]] * 2
    regression = LogisticRegression(C=1e9, fit_intercept=False, tol=1e-10, max_iter=1000)
    fitted = regression.fit(rows, outcomes, weights)
    expected = 400 / np.log(10) * (fitted.coef_[0] - fitted.coef_[0].mean())
    assert bradley_terry(won, ties=0) == pytest.approx(expected, abs=0.05)
