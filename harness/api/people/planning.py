"""How many votes a study would need, by simulated observers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError

if TYPE_CHECKING:
    from harness.people.simulation import Rounds, Taste
    from harness.results import RunData


def simulated_taus(
    run: Path, metric: str, set_name: str | None, keen: float, rounds: Rounds, repeats: int
) -> list[dict[str, object]]:
    """How well both designs would do if observers liked what a metric of the run likes.

    Args:
        run: The run folder.
        metric: The metric.
        set_name: The set; `None`: the first.
        keen: Log odds of a standard deviation between the restorers' means.
        rounds: How votes come in.
        repeats: Simulated studies.

    Returns:
        One row for each round: set, votes, and the mean tau of `random` and `active`.

    Raises:
        InputError: The run has no such metric or set, or fewer than three restorers there.
    """
    from harness.api.ranks import require_known
    from harness.people.simulation import mean_taus
    from harness.storage.store import load_run

    data = load_run(run)
    require_known(data, metric, set_name)
    name = set_name or next(iter(data.run.plan.sets))
    taste = _taste(data, name, metric, keen)
    found = [mean_taus(taste, design, rounds, repeats) for design in ("random", "active")]
    return [
        {"set": name, "votes": votes, "random": tau, "active": other}
        for (votes, tau), (_, other) in zip(*found, strict=True)
    ]


def _taste(data: RunData, name: str, metric: str, keen: float) -> Taste:
    import numpy as np

    from harness.people.simulation import Taste
    from harness.ranking.tables import make_blocks

    block = make_blocks(data).get((name, metric))
    scores = np.zeros((0, 0)) if block is None else block.values
    scores = scores[:, np.isfinite(scores).all(axis=0)]
    if len(scores) < 3 or not scores.shape[1]:
        raise InputError(f"{metric} has no scores of three restorers on the same images of {name}")
    quality = data.run.metric(metric).sign * (scores - scores.mean(axis=0))
    return Taste(keen * quality / (quality.mean(axis=1).std() or 1.0))
