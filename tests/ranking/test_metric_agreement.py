"""Agreement of metrics against scipy's Kendall, and the images on which they disagree."""

from __future__ import annotations

import numpy as np
import pytest
from made_run import made_run, tables_of
from scipy.stats import kendalltau

from harness.ranking.metric_agreement import agreements, disagreements
from harness.ranking.tables import make_blocks


def test_agreement_is_kendalls_tau_oriented_by_the_cards(generator: np.random.Generator) -> None:
    psnr = generator.normal(30, 2, size=(6, 15))
    error = (-psnr + generator.normal(0, 2, size=(6, 15))).round(1)  # ties happen
    values = {(f"r{i}", "s", "psnr"): row for i, row in enumerate(psnr)}
    values |= {(f"r{i}", "s", "error"): row for i, row in enumerate(error)}
    (row,) = agreements(tables_of(made_run(values)))
    assert (row.metric, row.versus, row.restorers, row.n) == ("psnr", "error", 6, 15)
    of_means = kendalltau(psnr.mean(axis=1), -error.mean(axis=1)).statistic
    assert row.over_restorers == pytest.approx(of_means)
    by_image = [kendalltau(psnr[:, i], -error[:, i]).statistic for i in range(15)]
    assert row.within_images == pytest.approx(np.mean(by_image))
    assert row.within_low is not None
    assert row.within_high is not None
    assert -1 <= row.within_low < row.within_images < row.within_high <= 1


def test_a_metric_that_ties_everyone_and_two_restorers_have_no_agreement() -> None:
    tied = {(f"r{i}", "s", "psnr"): [float(i)] * 5 for i in range(4)}
    tied |= {(f"r{i}", "s", "dri"): [1.0] * 5 for i in range(4)}
    (row,) = agreements(tables_of(made_run(tied)))
    assert (row.over_restorers, row.within_images, row.n) == (None, None, 0)
    two = {(f"r{i}", "s", m): [float(i)] * 5 for i in range(2) for m in ("psnr", "dri")}
    (row,) = agreements(tables_of(made_run(two)))
    assert (row.over_restorers, row.within_images, row.restorers) == (None, None, 2)


def test_hallucination_and_over_smoothing_lead_the_list(generator: np.random.Generator) -> None:
    psnr = generator.normal(30, 3, 20) + generator.normal(0, 0.3, size=(4, 20))
    dri = 2 * psnr + generator.normal(0, 0.3, size=(4, 20))
    psnr[1, 7], dri[1, 7] = 24.0, 90.0  # looks splendid, and is not what was there
    psnr[2, 3], dri[2, 3] = 40.0, 20.0
    values = {(f"r{i}", "s", "psnr"): row for i, row in enumerate(psnr)}
    values |= {(f"r{i}", "s", "dri"): row for i, row in enumerate(dri)}
    data = made_run(values, spread=2.5)
    rows = disagreements(data, make_blocks(data), tables_of(data))
    assert {(row.metric, row.versus, row.set) for row in rows} == {("dri", "psnr", "s")}
    first = {row.kind: row for row in reversed(rows)}
    assert (first["hallucination"].restorer, first["hallucination"].image) == ("r1", "i007")
    assert (first["over-smoothing"].restorer, first["over-smoothing"].image) == ("r2", "i003")
    strange = first["hallucination"]
    assert (strange.value, strange.versus_value, strange.spread) == (90.0, 24.0, 2.5)
    assert (strange.rank, strange.versus_rank, strange.ranked) == (1, 4, 4)
    assert strange.gap_spread is not None
    assert strange.gap > 2 * strange.gap_spread
    assert [abs(row.gap) for row in rows] == sorted((abs(row.gap) for row in rows), reverse=True)


def test_gaps_are_in_standard_deviations_within_images() -> None:
    # relative to the image's mean psnr is -1, 1 and dri 1, -1: one degree of freedom an image, so
    # that a deviation is sqrt(2)
    values = {
        ("a", "s", "psnr"): [30.0, 20.0], ("b", "s", "psnr"): [32.0, 22.0],
        ("a", "s", "dri"): [5.0, 9.0], ("b", "s", "dri"): [3.0, 7.0],
    }  # fmt: skip
    data = made_run(values)
    rows = disagreements(data, make_blocks(data), tables_of(data))
    assert [abs(row.gap) for row in rows] == pytest.approx([2**0.5] * 4)
    kinds = {(row.restorer, row.kind) for row in rows}
    assert kinds == {("a", "hallucination"), ("b", "over-smoothing")}
    assert {row.spread for row in rows} == {None}


def test_infinite_images_and_sets_without_both_kinds_are_left_out() -> None:
    scores = {name: [np.inf, 20.0 + i] for i, name in enumerate("ab")}
    values = {(name, "s", m): column for name, column in scores.items() for m in ("psnr", "dri")}
    data = made_run(values)
    rows = disagreements(data, make_blocks(data), tables_of(data))
    assert {row.image for row in rows} <= {"i001"}
    one = made_run({(name, "s", "psnr"): [20.0 + i] for i, name in enumerate("ab")})
    assert disagreements(one, make_blocks(one), tables_of(one)) == ()


def test_only_what_is_beyond_doubt_and_ranked_differently_is_a_disagreement() -> None:
    values = {
        ("a", "s", "psnr"): [30.0, 30.0], ("b", "s", "psnr"): [32.0, 31.0],
        ("a", "s", "dri"): [50.0, 40.0], ("b", "s", "dri"): [40.0, 60.0],
    }  # fmt: skip

    def found(spread: float | None) -> set[tuple[str, str]]:
        data = made_run(values, spread=spread)
        rows = disagreements(data, make_blocks(data), tables_of(data))
        return {(row.restorer, row.image) for row in rows}

    # on the second image both metrics prefer b, however far the gaps are apart
    assert found(None) == found(0.5) == {("a", "i000"), ("b", "i000")}
    assert found(20.0) == set(), "within twice the spread"
