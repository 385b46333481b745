"""What one validation of a training has found, and whether its step is the best one now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from harness.api.pairing import only
from harness.errors import InputError
from harness.ranking.leaderboards import Ranking, differences, rank_run
from harness.ranking.tables import ScoreTable
from harness.results import Cell, Difference, RunData
from harness.statistics.simultaneous import Pairs

STEP = "step-"
"""How the names of restorers begin that are steps of a training."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What one validation has found.

    Attributes:
        step: Of the training.
        means: (set, metric) -> mean over the images; the set is empty for all sets together.
        is_best: Whether this is the best step now: the first, or better than the best before, and
            failing on nothing that the other did not fail on.
        best_step: The best step now; `None` while no step has a score.
        difference: Mean of this step minus that of the best before, in the metric's unit; `None`
            for the first.
        ci_low: Lower end of its 95 % interval, paired by image.
        ci_high: Upper end.
        p: Two-sided, of no difference.
        failures: Images or metrics of them that failed.
    """

    step: int
    means: Mapping[tuple[str, str], float]
    is_best: bool
    best_step: int | None
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    failures: int = 0

    def numbers(self) -> dict[str, float]:
        """For a log: `restobench/SET/METRIC` (all sets: `restobench/METRIC`), best step, p.

        Means of a step with failures are over fewer images.
        """
        named = {
            "/".join(filter(None, ("restobench", *key))): mean for key, mean in self.means.items()
        }
        told = {
            "best_step": self.best_step,
            "difference": self.difference,
            "p": self.p,
            "failures": self.failures or None,
        }
        more = {f"restobench/{name}": value for name, value in told.items() if value is not None}
        return named | more


def judge(data: RunData, step: int, best: Validation | None, metric: str | None) -> Validation:
    """Holds a step against the best one before.

    Args:
        data: The run.
        step: One that has run.
        best: The best of the others.
        metric: Decides, over all sets together where that is a leaderboard, or else on the first
            set; `None`: the first that any set is measured by.

    Raises:
        InputError: No set is measured by the metric.
    """
    names = [f"{STEP}{item}" for item in (step, best.step if best else step)]
    ranking = rank_run(only(data, names))
    means, failed = dict(_means(ranking, names[0])), _failed(data, names[0])
    table, pairs = _decisive(ranking, metric)
    if best is None:
        return Validation(step, means, bool(means), step if means else None, failures=len(failed))
    gap = next(iter(differences(table, pairs, names[1])), None)
    # its mean is over the images that it can do: one that fails more would look better for it
    better = gap is not None and gap.verdict == "better" and failed <= _failed(data, names[1])
    told = _told(gap)
    return Validation(step, means, better, step if better else best.step, *told, len(failed))


def _failed(data: RunData, name: str) -> set[tuple[str, str, str | None]]:
    """Set, image and metric (`None`: all) of what failed."""
    cells: Iterator[tuple[Cell, str | None]]
    cells = ((item.cell, item.metric) for item in data.failures)
    return {(cell.set, cell.image, metric) for cell, metric in cells if cell.restorer == name}


def _decisive(ranking: Ranking, metric: str | None) -> tuple[ScoreTable, Pairs | None]:
    wanted = [metric] if metric else ranking.data.run.plan.metrics
    for name, both in product(wanted, zip(ranking.tables, ranking.pairs, strict=True)):
        if both[0].metric == name:
            return both
    raise InputError(f"no set is measured by {', '.join(wanted)}, which decides between steps")


def _means(ranking: Ranking, name: str) -> Iterator[tuple[tuple[str, str], float]]:
    for board in ranking.boards:
        for row in board.rows:
            if row.restorer == name and row.mean is not None:
                yield (board.set or "", board.metric), row.mean


def _told(
    gap: Difference | None,
) -> tuple[float | None, float | None, float | None, float | None]:
    if gap is None:
        return None, None, None, None
    return gap.difference, gap.ci_low, gap.ci_high, gap.p
