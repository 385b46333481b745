"""Tests that flip signs, against scipy's permutation test of the same statistic."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import permutation_test, rankdata

from harness.statistics.permutation import MOST_RANKED, signed_ranks_p


def positive_ranks(differences: Any, axis: int) -> Any:
    """The statistic of Wilcoxon's test: the sum of the ranks of positive differences."""
    ranks = rankdata(np.abs(differences), axis=axis)
    return np.where(differences > 0, ranks, 0).sum(axis=axis)


@pytest.mark.parametrize("images", [2, 5, 8, MOST_RANKED])
@pytest.mark.parametrize("kind", ["plain", "ties", "zeros", "infinite"])
def test_signed_ranks_are_tried_under_every_pattern(
    images: int, kind: str, generator: np.random.Generator
) -> None:
    rows = generator.normal(0.4, 1, (3, images))
    if kind == "ties":
        rows = np.round(2 * rows) / 2 + 0.25
    elif kind != "plain":
        rows[generator.random(rows.shape) < 0.3] = 0.0 if kind == "zeros" else np.inf
    options: Any = {"permutation_type": "samples", "n_resamples": np.inf, "vectorized": True}
    expected = [permutation_test((row,), positive_ranks, **options).pvalue for row in rows]
    assert signed_ranks_p(rows).tolist() == expected


def test_no_difference_at_all_is_no_evidence() -> None:
    assert signed_ranks_p(np.zeros((1, 8))).tolist() == [1.0]
