"""Strengths out of pairs, against models that others have fitted and against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, ndtr, ndtri

from harness.statistics.bradley_terry import POINTS, bradley_terry
from harness.statistics.paired_comparisons import (
    UNITS,
    Comparisons,
    by_image,
    fit_strengths,
    strengths,
)
from harness.statistics.raters import agreement_with_rest, krippendorff_alpha


def votes(count: int = 400, stimuli: int = 5, seed: int = 0) -> Comparisons:
    generator = np.random.default_rng(seed)
    one = generator.integers(stimuli, size=count)
    other = (one + generator.integers(1, stimuli, size=count)) % stimuli
    share = (generator.random(count) < expit((one - other) / 2)).astype(float)
    share[generator.random(count) < 0.1] = 0.5
    observer, image = generator.integers(8, size=count), generator.integers(10, size=count)
    return Comparisons(observer, image, one, other, share, stimuli)


def test_bradley_terry_is_that_of_minorisation() -> None:
    wins = votes().wins()
    assert fit_strengths(wins) == pytest.approx(bradley_terry(wins), abs=0.2)


@pytest.mark.parametrize("model", ["bradley-terry", "thurstone"])
def test_the_strengths_that_shares_were_made_of_come_back(model: str) -> None:
    truth = np.array([1.2, 0.3, -0.2, -1.3])
    gaps = truth[:, None] - truth
    shares = (expit if model == "bradley-terry" else ndtr)(gaps)
    np.fill_diagonal(shares, 0)
    found = fit_strengths(10_000 * shares, model)  # type: ignore[arg-type]
    assert found / UNITS[model] == pytest.approx(truth, rel=0.04)  # type: ignore[index]


def test_one_jod_is_a_win_in_three_of_four() -> None:
    shares = np.array([[0, 0.75], [0.25, 0]])
    high, low = fit_strengths(1e5 * shares, "thurstone")
    assert high - low == pytest.approx(1, rel=0.02)
    assert UNITS["thurstone"] == pytest.approx(1 / ndtri(0.75))


def test_who_always_wins_has_a_finite_strength() -> None:
    found = fit_strengths(np.array([[0, 9.0], [0, 0]]))
    assert np.isfinite(found).all()
    assert found[0] > 400 / 2


def test_groups_of_votes_add_up_to_all_of_them() -> None:
    all_votes = votes()
    for groups in (all_votes.observer, all_votes.image, all_votes.cells()):
        total = all_votes.of_groups(groups).sum(axis=0).reshape(5, 5)
        assert total == pytest.approx(all_votes.wins())


def test_means_over_images_are_the_strengths_and_an_image_moves_its_own() -> None:
    all_votes = votes()
    found = by_image(all_votes, 10)
    assert found.mean(axis=1) == pytest.approx(fit_strengths(all_votes.wins()), abs=1e-6)
    # an image's value says to first order what doubling its votes would do
    mine = all_votes.image == 3
    parts = (all_votes.observer, all_votes.image, all_votes.one, all_votes.other, all_votes.share)
    doubled = Comparisons(*(np.concatenate([p, p[mine]]) for p in parts), 5)  # type: ignore[arg-type, call-arg]
    moved = fit_strengths(doubled.wins()) - fit_strengths(all_votes.wins())
    assert np.corrcoef(moved, found[:, 3] - found.mean(axis=1))[0, 1] > 0.97


def test_a_pair_that_is_alike_is_not_told_apart_and_a_plain_one_is() -> None:
    found = strengths(votes(1500))
    pairs = found.pairs()
    p = pairs.p
    assert ((p <= 0.05) == ((pairs.low > 0) | (pairs.high < 0))).all()
    assert p[0, 4] < 0.01
    assert (np.diagonal(p) == 1).all()
    assert (found.low < found.points).all()
    assert (found.points < found.high).all()


def test_alpha_of_a_published_table() -> None:
    """Krippendorff's own example (Computing Krippendorff's alpha-reliability, 2011), interval."""
    rows = [
        "1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]  # fmt: skip
    said = [
        (unit, float(value))
        for row in rows
        for unit, value in enumerate(row.split())
        if value != "."
    ]
    units, values = (np.array(column) for column in zip(*said, strict=True))
    assert krippendorff_alpha(units, values) == pytest.approx(0.849, abs=0.0005)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.5, 1.0])), max_size=30))
def test_alpha_is_one_at_most(said: list[tuple[int, float]]) -> None:
    units = np.array([unit for unit, _ in said], dtype=np.int64)
    alpha = krippendorff_alpha(units, np.array([value for _, value in said]))
    assert np.isnan(alpha) or alpha <= 1 + 1e-12


def test_agreement_with_the_rest_leaves_the_own_vote_out() -> None:
    agreed, of = agreement_with_rest(np.array([3.0, 2, 1, 5]), np.array([1.0, 2, 0, 0]))
    # 3:1, each of the three sees 2:1, the one sees 3:0 against it; 2:2, each sees 1:2; a single one
    assert agreed.tolist() == [3, 0, 0, 5]
    assert of.tolist() == [4, 4, 0, 5]


def test_points_are_elo_points() -> None:
    assert pytest.approx(400 / np.log(10)) == POINTS == UNITS["bradley-terry"]
