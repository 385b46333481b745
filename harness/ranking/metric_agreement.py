"""Do the metrics agree: rank correlation of every two, and the restored images that they judge most differently."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from harness.ranking.tables import Block, Blocks, Table
from harness.results import RunData
from harness.results.pairs import MOST_COMPARED, Agreement, Disagreement
from harness.statistics.resampling import Floats, intervals

MOST_SHOWN = 12
"""Disagreements of each kind on each set."""


def agreements(found: Sequence[Table]) -> tuple[Agreement, ...]:
    """Correlates every two metrics of each set, over the restorers and images that both rank."""
    rows = []
    for name in dict.fromkeys(table.set for table in found):
        here = [table for table in found if table.set == name and table.restorers]
        if name is not None:
            rows += [_agreement(name, one, other) for one, other in combinations(here, 2)]
    return tuple(rows)


def _agreement(name: str, one: Table, other: Table) -> Agreement:
    from scipy.stats import kendalltau

    restorers = sorted(set(one.restorers) & set(other.restorers))
    images = sorted(set(one.images) & set(other.images))
    first, second = (_part(table, restorers, images) for table in (one, other))
    over = None
    if len(restorers) > 2:
        tau = float(kendalltau(_means(one, restorers), _means(other, restorers)).statistic)
        over = None if np.isnan(tau) else tau
    shown = _spread_out(_means(one, restorers))
    taus = _tau_by_image(first[shown], second[shown]) if len(restorers) > 2 else np.zeros(0)
    taus = taus[~np.isnan(taus)]
    if not taus.size:
        return Agreement(name, one.metric, other.metric, over, None, None, None, len(restorers), 0)
    mean, low, high = (float(ends[0]) for ends in intervals(taus[None], (len(taus),), len(taus)))
    doubt = len(taus) > 1
    return Agreement(
        name,
        one.metric,
        other.metric,
        over,
        mean,
        max(low, -1.0) if doubt else None,
        min(high, 1.0) if doubt else None,
        len(restorers),
        len(taus),
    )


def _part(table: Table, restorers: Sequence[str], images: Sequence[str]) -> Floats:
    """(restorers, images), oriented so that larger is better."""
    rows = np.searchsorted(np.array(table.restorers), restorers)
    columns = np.searchsorted(np.array(table.images), images)
    return np.asarray(table.sign * table.values[np.ix_(rows, columns)])


def _means(table: Table, restorers: Sequence[str]) -> Floats:
    rows = np.searchsorted(np.array(table.restorers), restorers)
    with np.errstate(invalid="ignore"):
        means = table.sign * table.values[rows].mean(axis=1)
    return np.asarray(np.nan_to_num(means, nan=-np.inf, posinf=np.inf, neginf=-np.inf))


def _spread_out(means: Floats) -> npt.NDArray[np.int64]:
    """At most `MOST_COMPARED` restorers, evenly over the order: pairs of more cost much and tell the same."""
    order = np.argsort(means, kind="stable")
    return order[
        np.unique(
            np.linspace(0, len(order) - 1, min(MOST_COMPARED, len(order))).round().astype(np.int64)
        )
    ]


def _tau_by_image(one: Floats, other: Floats) -> Floats:
    """Kendall's tau-b between two metrics' orders of the restorers on each image; NaN where one ties them all.

    Args:
        one: (restorers, images).
        other: The same shape.
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
    data: RunData, blocks: Blocks, found: Sequence[Table]
) -> tuple[Disagreement, ...]:
    """The restored images on which a no-reference and a full-reference metric disagree most, on each set.

    The metrics are `dri`, or else the first no-reference metric, and the first full-reference
    metric of the set. Images where one of them is infinite are left out.
    """
    rows: list[Disagreement] = []
    for name in dict.fromkeys(table.set for table in found if table.set is not None):
        sides: dict[bool, list[Table]] = {True: [], False: []}
        for table in found:
            if table.set == name and len(table.restorers) > 1:
                sides[bool(data.run.metrics[table.metric].get("needs_reference"))].append(table)
        without = sorted(sides[False], key=lambda table: table.metric != "dri")
        if without and sides[True]:
            rows += _disagreements(name, without[0], sides[True][0], blocks)
    return tuple(rows)


def _disagreements(name: str, one: Table, other: Table, blocks: Blocks) -> list[Disagreement]:
    restorers = sorted(set(one.restorers) & set(other.restorers))
    images = sorted(set(one.images) & set(other.images))
    parts = [_part(table, restorers, images) for table in (one, other)]
    whole = np.flatnonzero(np.isfinite(parts[0]).all(axis=0) & np.isfinite(parts[1]).all(axis=0))
    images = [images[place] for place in whole.tolist()]
    parts = [part[:, whole] for part in parts]
    if len(restorers) < 2 or not images:
        return []
    relative = [part - part.mean(axis=0) for part in parts]
    scales = [float(np.sqrt((part**2).mean() * len(part) / (len(part) - 1))) for part in relative]
    if min(scales) == 0:
        return []
    gaps = relative[0] / scales[0] - relative[1] / scales[1]
    spreads = _spreads(blocks[name, one.metric], restorers, images)
    rows = []
    for flat in [*_largest(gaps), *_largest(-gaps)]:
        place, column = divmod(int(flat), len(images))
        values = [
            float(table.sign * part[place, column])
            for table, part in zip((one, other), parts, strict=True)
        ]
        ranks = [1 + int((part[:, column] > part[place, column]).sum()) for part in parts]
        spread, gap = float(spreads[place, column]), float(gaps[place, column])
        known = spread == spread
        rows.append(
            Disagreement(
                name,
                images[column],
                restorers[place],
                one.metric,
                other.metric,
                "hallucination" if gap > 0 else "over-smoothing",
                values[0],
                values[1],
                spread if known else None,
                gap,
                spread / scales[0] if known else None,
                ranks[0],
                ranks[1],
                len(restorers),
            )
        )
    return sorted(rows, key=lambda row: (-abs(row.gap), row.image, row.restorer))


def _largest(gaps: Floats) -> npt.NDArray[np.int64]:
    """Flat places of the largest positive gaps."""
    order = np.argsort(-gaps, axis=None, kind="stable")[:MOST_SHOWN]
    return order[gaps.ravel()[order] > 0]


def _spreads(block: Block, restorers: Sequence[str], images: Sequence[str]) -> Floats:
    if block.spreads is None:
        return np.full((len(restorers), len(images)), np.nan)
    rows = np.searchsorted(np.array(block.restorers), restorers)
    columns = np.searchsorted(np.array(block.images), images)
    return block.spreads[np.ix_(rows, columns)]
