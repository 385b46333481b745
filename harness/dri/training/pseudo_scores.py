"""Pseudo-scores: what full-reference metrics say of versions, as people would say it.

Metrics agree with one another more than with people: PSNR takes noise for worse than blur, luma
alone sees no lost colour. So what people said of degradations at known levels, in KADID-10k (Lin,
Hosu and Saupe, QoMEX 2019), tells how much each metric is worth, and stands for those degradations
itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.optimize import nnls
from scipy.stats import rankdata
from torch import Tensor

from harness.errors import InputError

POWERS = (1, 8)
"""Of a metric's quantiles: what is nearly right differs more to people than ranks say."""
LEVEL = re.compile(r"(?P<name>[\w-]+) (?P<value>-?[\d.]+)")


@dataclass(frozen=True, slots=True)
class JudgedLevels:
    """What people said of degradations, on average over photographs.

    Attributes:
        levels: For the name of a degradation, values of its one parameter, ascending, and mean
            scores in [0, 1].
        shapes: Names of those that change shapes, which metrics of luma see; in order, for all of
            this is what a training run's folder is of.
    """

    levels: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    shapes: tuple[str, ...]

    def score(self, kind: str) -> float:
        """What people say of a version degraded in one way, in [0, 1]; NaN where nobody asked.

        Between two levels the score is interpolated.

        Args:
            kind: `jpeg 24`; others have no score.
        """
        found = LEVEL.fullmatch(kind)
        if found is None or found["name"] not in self.levels:
            return np.nan
        values, scores = self.levels[found["name"]]
        return float(np.interp(float(found["value"]), values, scores, left=np.nan, right=np.nan))


def read_judged_levels(path: Path) -> JudgedLevels:
    """Reads a table with the columns degradation, value, mos (1 to 5) and shape (0 or 1).

    Raises:
        InputError: It is not there, or has other columns or values.
    """
    try:
        table = pd.read_csv(path).sort_values(["degradation", "value"])
        if not table["mos"].astype(float).between(1, 5).all():
            raise ValueError("a mos is not between 1 and 5")
        table["score"] = (table["mos"].astype(float) - 1) / 4
        levels = {
            str(name): (part["value"].astype(float).tolist(), part["score"].tolist())
            for name, part in table.groupby("degradation")
        }
        shapes = tuple(sorted(set(table.loc[table["shape"] == 1, "degradation"])))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: {error}: a table of what people said of degradations has the columns "
            "degradation, value, mos (1 to 5) and shape (0 or 1)"
        ) from None
    return JudgedLevels(levels, shapes)


def consensus(values: Tensor) -> Tensor:
    """The mean over metrics of each version's quantile among all versions.

    All versions are those of all contents. Quantiles put metrics of different units on one scale
    without a constant of our choosing. Within a content the order is that of the metrics' mean
    quantile; the references, which every metric puts first, get 1.

    Args:
        values: (rows, metrics), more is better; infinities are the best.

    Returns:
        (rows,) in [0, 1].
    """
    mean = torch.from_numpy(_quantiles(values)).mean(dim=1)
    return ((mean - mean.min()) / (mean.max() - mean.min())).float()


def pseudo_scores(values: Tensor, kinds: Sequence[str], judged: JudgedLevels) -> Tensor:
    """Scores of versions on people's scale.

    The metrics' quantiles are weighed, by least squares with weights that are at least 0, so that
    they say what people said of degradations that change shapes; each kind has an equal say, and
    references have the best score. A version of a kind that people judged has their score, and
    differs from others of its kind as the metrics say.

    Args:
        values: (rows, metrics), more is better; infinities are the best.
        kinds: What was done to each version.
        judged: What people said.

    Returns:
        (rows,) in [0, 1].
    """
    terms = metric_terms(_quantiles(values))
    said = np.array([1.0 if kind == "reference" else judged.score(kind) for kind in kinds])
    known, names = np.isfinite(said), np.array([kind.split(" ")[0] for kind in kinds])
    fitted = known & np.isin(names, [*judged.shapes, "reference"])
    predicted = terms @ fit_weights(terms[fitted], said[fitted], names[fitted])
    of_kind = pd.Series(predicted).groupby(list(kinds)).transform("mean").to_numpy()
    scores = np.where(known, said + predicted - of_kind, predicted)
    return torch.from_numpy(scores.clip(0, 1)).float()


def metric_terms(quantiles: np.ndarray) -> np.ndarray:
    """What is weighed: powers of the quantiles (rows, metrics), and 1 for each row."""
    powers = [quantiles**power for power in POWERS]
    return np.concatenate([*powers, np.ones((len(quantiles), 1))], axis=1)


def fit_weights(terms: np.ndarray, said: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Weights (terms,), at least 0, with which the terms say best what people said.

    Args:
        terms: (rows, terms).
        said: (rows,) in [0, 1].
        names: (rows,), the degradation of each row: all have an equal say.
    """
    _, group, counts = np.unique(names, return_inverse=True, return_counts=True)
    pull = counts[group] ** -0.5
    weights, _ = nnls(terms * pull[:, None], said * pull)
    return np.asarray(weights)


def _quantiles(values: Tensor) -> np.ndarray:
    return np.asarray(rankdata(values.numpy(), method="average", axis=0) / len(values))
