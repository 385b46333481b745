"""What a panel says: ranks, strengths by two models, and how well it agrees with itself."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from harness.people.panels import Panel
from harness.ranking.ranks import Order, leaderboard_rows
from harness.statistics import Floats
from harness.statistics.paired_comparisons import by_image, strengths
from harness.statistics.raters import agreement_with_rest, krippendorff_alpha

METRIC = "people"


def panel_rows(panel: Panel) -> Iterator[dict[str, object]]:
    """The rows of a panel's leaderboard, best first.

    `mean` is the Bradley-Terry strength in Elo points, `jod` Thurstone's; both with 95 % intervals
    over observers and images. A rank's range is of what is told apart from it.
    """
    votes = panel.comparisons
    if not len(votes.one):
        return
    elo, jod = strengths(votes), strengths(votes, "thurstone")
    order = Order(
        panel.restorers,
        elo.points,
        elo.low,
        elo.high,
        elo.pairs(),
        min(len(panel.images), len(panel.observers)),
        len(panel.images),
    )
    counts = _counts(panel)
    alone = order.images < 2  # of one observer or image there is no interval
    place = {name: number for number, name in enumerate(panel.restorers)}
    for row in leaderboard_rows(order, [*panel.restorers, *panel.left_out], {}):
        told: dict[str, object] = {
            "set": panel.set, "task": panel.task, "metric": METRIC, **asdict(row),
        }  # fmt: skip
        at = place.get(row.restorer)
        for name, ends in (("jod", jod.points), ("jod_low", jod.low), ("jod_high", jod.high)):
            told[name] = None if at is None or (alone and name != "jod") else float(ends[at])
        yield {**told, **counts.get(row.restorer, {})}


def _counts(panel: Panel) -> dict[str, dict[str, object]]:
    votes = panel.comparisons
    found: dict[str, dict[str, object]] = {}
    for place, name in enumerate(panel.restorers):
        own = np.concatenate(
            [votes.share[votes.one == place], 1 - votes.share[votes.other == place]]
        )
        found[name] = {
            "votes": len(own),
            "won": int((own == 1).sum()),
            "ties": int((own == 0.5).sum()),
        }
    return found


def agreement_row(panel: Panel) -> dict[str, object]:
    """How well the observers agree: Krippendorff's alpha, and with the rest on the same pair.

    `ceiling` is the share of votes with a winner that agree with the majority of the other votes on
    the same image and pair, 0 to 1: how well people foretell one another, no bound for a metric.
    It and `alpha` are `None` where the votes do not tell.
    """
    votes, units = panel.comparisons, panel.units()
    first = votes.one < votes.other
    values = np.where(first, votes.share, 1 - votes.share)
    won, lost = (
        np.bincount(units, values == share, units.max(initial=0) + 1).astype(np.float64)
        for share in (1.0, 0.0)
    )
    agreed, of = agreement_with_rest(won, lost)
    alpha = krippendorff_alpha(units, values)
    return {
        "set": panel.set,
        "task": panel.task,
        "votes": len(values),
        "observers": len(panel.observers),
        "images": len(panel.images),
        "ties": int((values == 0.5).sum()),
        "alpha": alpha if np.isfinite(alpha) else None,
        "ceiling": float(agreed.sum() / of.sum()) if of.sum() else None,
    }


def image_scores(panel: Panel) -> Iterator[tuple[str, tuple[str, str], float]]:
    """Restorer, (set, image) and what the image's votes add: the mean is the strength."""
    found: Floats = by_image(panel.comparisons, len(panel.images))
    for row, restorer in enumerate(panel.restorers):
        for column, image in enumerate(panel.images):
            yield restorer, image, float(found[row, column])
