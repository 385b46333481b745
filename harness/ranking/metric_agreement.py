"""Do the metrics agree: rank correlation of every two, and what they judge most differently."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from harness.ranking.tables import Block, Blocks, Places, ScoreTable, places_of
from harness.results import MOST_COMPARED, Agreement, Disagreement, RunData
from harness.statistics import Floats
from harness.statistics.resampling import intervals

# disagreements of each kind on each set
MOST_SHOWN = 12


def agreements(found: Sequence[ScoreTable]) -> tuple[Agreement, ...]:
    """Correlates every two metrics of each set, over the restorers and images that both rank."""
    ranked = [table for table in found if table.set is not None and table.restorers]
    return tuple(
        _agreement(one, other) for one, other in combinations(ranked, 2) if one.set == other.set
    )


def _agreement(one: ScoreTable, other: ScoreTable) -> Agreement:
    restorers, _, parts = _common(one, other)
    names = one.set or "", one.metric, other.metric
    # two restorers have one order or its reverse, which is no correlation
    if len(restorers) < 3:
        return Agreement(*names, None, None, None, None, len(restorers), 0)
    from scipy.stats import kendalltau

    means = [_means(table, restorers) for table in (one, other)]
    tau = float(kendalltau(*means).statistic)
    shown = _spread_out(means[0])
    taus = tau_by_image(*(part[shown] for part in parts))
    taus = taus[~np.isnan(taus)]
    return Agreement(
        *names, None if np.isnan(tau) else tau, *_mean_tau(taus), len(restorers), len(taus)
    )


def _mean_tau(taus: Floats) -> tuple[float | None, float | None, float | None]:
    if not taus.size:
        return None, None, None
    mean, low, high = (float(ends[0]) for ends in intervals(taus[None], (len(taus),), len(taus)))
    return (mean, max(low, -1.0), min(high, 1.0)) if len(taus) > 1 else (mean, None, None)


def _common(one: ScoreTable, other: ScoreTable) -> tuple[list[str], list[str], list[Floats]]:
    """Restorers and images of both, and each one's values, oriented so that larger is better."""
    restorers = sorted(set(one.restorers) & set(other.restorers))
    images = sorted(set(one.images) & set(other.images))
    values = [
        np.asarray(table.sign * table.values[_cells(table, restorers, images)])
        for table in (one, other)
    ]
    return restorers, images, values


def _cells(
    item: ScoreTable | Block, restorers: Sequence[str], images: Sequence[str]
) -> tuple[Places, ...]:
    return np.ix_(places_of(restorers, item.restorers), places_of(images, item.images))


def _means(table: ScoreTable, restorers: Sequence[str]) -> Floats:
    with np.errstate(invalid="ignore"):
        means = table.sign * table.values[places_of(restorers, table.restorers)].mean(axis=1)
    return np.where(np.isnan(means), -np.inf, means)


def _spread_out(means: Floats) -> Places:
    """At most `MOST_COMPARED` restorers, evenly over the order.

    Pairs of more cost much and tell the same.
    """
    even = np.linspace(0, len(means) - 1, min(MOST_COMPARED, len(means))).round()
    return np.argsort(means, kind="stable")[np.unique(even.astype(np.int64))]


def tau_by_image(one: Floats | Places, other: Floats | Places) -> Floats:
    """Kendall's tau-b between two metrics' orders of the restorers on each image.

    NaN where one ties them all.

    Args:
        one: (restorers, images).
        other: The same shape, or (restorers, 1): one order for all.
    """
    agree, first, second = (np.zeros(one.shape[1]) for _ in range(3))
    for row in range(len(one) - 1):
        signs = [
            (part[row + 1 :] > part[row]).astype(np.int8) - (part[row + 1 :] < part[row])
            for part in (one, other)
        ]
        agree += (signs[0] * signs[1]).sum(axis=0)
        first += np.abs(signs[0]).sum(axis=0)
        second += np.abs(signs[1]).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(agree / np.sqrt(first * second))


def disagreements(
    data: RunData, blocks: Blocks, found: Sequence[ScoreTable]
) -> tuple[Disagreement, ...]:
    """The images on which a no-reference and a full-reference metric disagree most, on each set.

    The metrics are `dri`, or else the first no-reference metric, and the first full-reference
    metric of the set. Images where one of them is infinite are left out; so is what may be the
    metric's own doubt, a gap within twice its spread, and what both metrics rank the same or the
    other way round than the gap says.
    """
    rows: list[Disagreement] = []
    cards = data.run.metrics
    for name in dict.fromkeys(table.set for table in found if table.set is not None):
        here = [table for table in found if table.set == name and len(table.restorers) > 1]
        full = [table for table in here if cards[table.metric].needs_reference]
        without = [table for table in here if not cards[table.metric].needs_reference]
        if full and without:
            preferred = max(without, key=lambda table: cards[table.metric].preferred)
            rows += _disagreements(name, preferred, full[0], blocks)
    return tuple(rows)


def _disagreements(
    name: str, one: ScoreTable, other: ScoreTable, blocks: Blocks
) -> list[Disagreement]:
    restorers, images, parts = _common(one, other)
    whole = np.flatnonzero(np.isfinite(parts[0]).all(axis=0) & np.isfinite(parts[1]).all(axis=0))
    images = [images[place] for place in whole.tolist()]
    parts = [part[:, whole] for part in parts]
    if len(restorers) < 2 or not images:
        return []
    gaps, scale = _gaps(parts)
    block, rows = blocks[name, one.metric], []
    spreads = block.spreads[_cells(block, restorers, images)]
    ranks = [_ranks(part) for part in parts]
    doubt = 2 * np.nan_to_num(spreads) / (scale or 1.0)
    real = (np.abs(gaps) > doubt) & (np.sign(ranks[1] - ranks[0]) == np.sign(gaps))
    gaps = np.where(real, gaps, 0.0)
    for flat in [*_largest(gaps), *_largest(-gaps)]:
        place, column = divmod(int(flat), len(images))
        gap, spread = float(gaps[place, column]), float(spreads[place, column])
        here = [part[:, column] for part in parts]
        rank, versus_rank = (int(part[place, column]) for part in ranks)
        rows.append(
            Disagreement(
                set=name,
                image=images[column],
                restorer=restorers[place],
                metric=one.metric,
                versus=other.metric,
                kind="hallucination" if gap > 0 else "over-smoothing",
                value=float(one.sign * here[0][place]),
                versus_value=float(other.sign * here[1][place]),
                spread=None if np.isnan(spread) else spread,
                gap=gap,
                gap_spread=None if np.isnan(spread) else spread / scale,
                rank=rank,
                versus_rank=versus_rank,
                ranked=len(restorers),
            )
        )
    return sorted(rows, key=lambda row: (-abs(row.gap), row.image, row.restorer))


def _ranks(values: Floats) -> Places:
    """Ranks of the restorers on each image, 1 is best; ties share the better one."""
    from scipy.stats import rankdata

    return rankdata(-values, method="min", axis=0).astype(np.int64)


def _gaps(parts: Sequence[Floats]) -> tuple[Floats, float]:
    """How much more the first metric likes each restored image than the second; and its scale."""
    # relative to the mean of the restorers on the image: metrics find some images better than
    # others, whoever restored them
    relative = [part - part.mean(axis=0) for part in parts]
    # scaled by the deviation within images, so that dB and points can be held against each other
    scales = [float(np.sqrt((part**2).mean() * len(part) / (len(part) - 1))) for part in relative]
    if min(scales) == 0:
        return np.zeros_like(relative[0]), scales[0]
    return relative[0] / scales[0] - relative[1] / scales[1], scales[0]


def _largest(gaps: Floats) -> Places:
    order = np.argsort(-gaps, axis=None, kind="stable")[:MOST_SHOWN]
    return order[gaps.ravel()[order] > 0]
