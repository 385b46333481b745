"""A metric held against votes on pairs.

Whether it agrees with votes, with pairs that people agree on, and how well it tells pairs that
differ from those that do not, and the better from the worse (Krasula, Fliegel, Le Callet & Klima,
QoMEX 2016). Intervals are by bootstrap over scenes, whose pairs hang together.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.statistics import Floats
from harness.statistics.paired_comparisons import Ints
from harness.statistics.raters import agreement_with_rest
from harness.statistics.resampling import RESAMPLES, SEED

AGREED = 0.75
"""Share of the votes from which people agree on a pair, of at least `FEWEST_VOTES`."""

FEWEST_VOTES = 3
_ALPHA = 0.05

FIGURES = ("vote_accuracy", "vote_ceiling", "pair_accuracy", "auc_different", "auc_better")

Figure = tuple[float, float | None, float | None]
"""A figure and the ends of its 95 % interval, where it has one."""


@dataclass(frozen=True, slots=True)
class JudgedPairs:
    """Votes on pairs, and what a metric says of them.

    Attributes:
        scene: (pairs,) number of the scene that both are of.
        difference: (pairs,) of the metric, turned so that above 0 the first is better.
        won: (pairs,) votes for the first; ties count nowhere.
        lost: (pairs,) votes for the second.
    """

    scene: Ints
    difference: Floats
    won: Floats
    lost: Floats

    def take(self, rows: Ints) -> "JudgedPairs":
        """Some of the pairs, as often as they are named."""
        return JudgedPairs(self.scene[rows], self.difference[rows], self.won[rows], self.lost[rows])


def judge_pairs(pairs: JudgedPairs) -> Mapping[str, Figure | None]:
    """Every figure with its interval.

    `vote_accuracy`: share of votes that agree with the metric; `vote_ceiling`: share that agrees
    with the majority of the other votes on the pair; `pair_accuracy`: share of the pairs that
    people agree on; `auc_different`: how well the size of the metric's difference tells pairs whose
    votes differ from a toss from those whose do not; `auc_better`: how well its sign and size tell
    the better one, of the pairs that differ. Equal scores count by half.

    Where every scene says the same, resampling them tells nothing: the interval of a share is then
    the exact one of so many scenes (Clopper & Pearson, Biometrika 1934), and an area has none.

    Returns:
        Figure -> value and interval, or `None`: there is nothing to compute it from.
    """
    different = _different(pairs)
    found = _figures(pairs, different)
    scenes, number = np.unique(pairs.scene, return_inverse=True)
    drawn: list[dict[str, float]] = []
    if len(scenes) > 1:
        rows = [np.flatnonzero(number == place) for place in range(len(scenes))]
        generator = np.random.default_rng(SEED)
        for _ in range(RESAMPLES):
            chosen = generator.integers(len(scenes), size=len(scenes))
            taken = np.concatenate([rows[place] for place in chosen.tolist()])
            drawn.append(_figures(pairs.take(taken), different[taken]))
    heard = _heard(pairs)
    return {
        name: _with_interval(found[name], [one[name] for one in drawn], heard.get(name, 0))
        for name in FIGURES
    }


def _heard(pairs: JudgedPairs) -> dict[str, int]:
    """Of how many scenes each share is."""
    votes = pairs.won + pairs.lost
    counts = {
        "vote_accuracy": votes > 0,
        "vote_ceiling": votes > 1,
        "pair_accuracy": _agreed_on(pairs),
    }
    return {name: len(np.unique(pairs.scene[rows])) for name, rows in counts.items()}


def _agreed_on(pairs: JudgedPairs) -> npt.NDArray[np.bool_]:
    votes = pairs.won + pairs.lost
    return (np.maximum(pairs.won, pairs.lost) >= AGREED * votes) & (votes >= FEWEST_VOTES)


def _with_interval(value: float, drawn: list[float], scenes: int) -> Figure | None:
    if not np.isfinite(value):
        return None
    known = np.array(drawn)[np.isfinite(drawn)] if drawn else np.zeros(0)
    if not len(known):
        return value, None, None
    if (known == value).all():
        return (value, None, None) if scenes < 2 else (value, *_clopper_pearson(value, scenes))
    low, high = np.percentile(known, [2.5, 97.5])
    return value, min(float(low), value), max(float(high), value)


def _clopper_pearson(share: float, scenes: int) -> tuple[float, float]:
    """Its exact interval of a share of so many scenes; a whole number of them or not."""
    from scipy.stats import beta

    said, others = share * scenes, (1 - share) * scenes
    low = float(beta.ppf(_ALPHA / 2, said, others + 1)) if said > 0 else 0.0
    return low, float(beta.ppf(1 - _ALPHA / 2, said + 1, others)) if others > 0 else 1.0


def _different(pairs: JudgedPairs) -> Floats:
    """For each pair 1 where the votes are no toss, 0 where they may be, NaN with too few votes."""
    from scipy.stats import binom

    votes = (pairs.won + pairs.lost).astype(int)
    fewer = np.minimum(pairs.won, pairs.lost).astype(int)
    p = np.minimum(2 * binom.cdf(fewer, votes, 0.5), 1)
    # with fewer votes even a clean sweep is no proof
    enough = 2 * 0.5**votes <= _ALPHA
    return np.where(enough, (p <= _ALPHA).astype(float), np.nan)


def _figures(pairs: JudgedPairs, different: Floats) -> dict[str, float]:
    right = (1 + np.sign(pairs.difference)) / 2
    votes = pairs.won + pairs.lost
    agreed, of = agreement_with_rest(pairs.won, pairs.lost)
    first = pairs.won > pairs.lost
    plain = _agreed_on(pairs)
    hits = np.where(first, right, 1 - right)
    size, apart = np.abs(pairs.difference), different == 1
    signed = np.where(first, pairs.difference, -pairs.difference)[apart]
    return {
        "vote_accuracy": _ratio((pairs.won * right + pairs.lost * (1 - right)).sum(), votes.sum()),
        "vote_ceiling": _ratio(agreed.sum(), of.sum()),
        "pair_accuracy": _ratio(hits[plain].sum(), plain.sum()),
        "auc_different": _auc(size[apart], size[different == 0]),
        # which of two comes first says nothing: each pair is there in both directions
        "auc_better": _auc(signed, -signed),
    }


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _auc(positive: Floats, negative: Floats) -> float:
    """Chance that a positive lies above a negative; equals count by half."""
    if not len(positive) or not len(negative):
        return float("nan")
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([positive, negative]))
    above = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(above / (len(positive) * len(negative)))
