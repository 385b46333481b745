"""The metrics of a run held against people's votes on it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from harness.errors import HarnessError
from harness.people.counting import VOTES, Counted, count_votes, kept_rules
from harness.people.leaderboards import METRIC
from harness.people.panels import Panel
from harness.people.study import study_folder
from harness.results import MetricAgainstPeople, PeoplesVotes, RunData
from harness.statistics.judged_pairs import JudgedPairs, judge_pairs

Scores = Mapping[tuple[str, str, str], float]
"""By restorer, set and image."""


def peoples_votes(run: Path, data: RunData) -> PeoplesVotes | None:
    """What people said of a run.

    Args:
        run: The run folder, which keeps its votes.
        data: The run.

    Returns:
        `None` where nobody has voted; a note alone where the votes cannot be read.
    """
    if not (study_folder(run) / VOTES).is_dir():
        return None
    try:
        counted = count_votes(run, data, [], kept_rules(run))
    except (HarnessError, OSError, ValueError, KeyError) as error:
        return PeoplesVotes(notes=(f"the votes that the run keeps cannot be read: {error}",))
    return PeoplesVotes(
        tuple(counted.rows()),
        tuple(counted.agreement()),
        tuple(seen.as_row() for seen in counted.screened),
        tuple(held_against_people(counted, data)),
        counted.notes,
    )


def held_against_people(counted: Counted, data: RunData) -> Iterator[MetricAgainstPeople]:
    """Every metric of the run against the votes on each set, and on tasks with several."""
    tables: dict[str, dict[tuple[str, str, str], float]] = {}
    for score in data.scores:
        cell = score.cell
        tables.setdefault(score.metric, {})[cell.restorer, cell.set, cell.image] = score.value
    for panel in (*counted.panels.values(), *counted.pooled):
        for name in data.run.plan.metrics:
            if name != METRIC and name in data.run.metrics and name in tables:
                pairs = _judged(panel, tables[name], data.run.metric(name).sign)
                learnt = _has_learnt(name, panel, data)
                figures = {} if learnt else judge_pairs(pairs)
                yield MetricAgainstPeople(
                    panel.set, panel.task, name, len(pairs.scene), figures, learnt
                )


def _judged(panel: Panel, scores: Scores, sign: int) -> JudgedPairs:
    """The votes with a winner on each pair that the metric has both scores of."""
    votes, units = panel.comparisons, panel.units()
    rows = []
    for unit in range(int(units.max(initial=-1)) + 1):
        mine = np.flatnonzero(units == unit)
        one, other = sorted((int(votes.one[mine[0]]), int(votes.other[mine[0]])))
        image = int(votes.image[mine[0]])
        values = [
            scores.get((panel.restorers[side], *panel.images[image]), float("nan"))
            for side in (one, other)
        ]
        gap = 0.0 if values[0] == values[1] else sign * (values[0] - values[1])
        share = np.where(votes.one[mine] == one, votes.share[mine], 1 - votes.share[mine])
        won, lost = int((share == 1).sum()), int((share == 0).sum())
        if won + lost and not np.isnan(gap):
            rows.append((image, gap, won, lost))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return JudgedPairs(table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3])


def _has_learnt(metric: str, panel: Panel, data: RunData) -> bool:
    """Whether a metric was trained on any restored image of the panel's scenes."""
    from harness.plugins.kinds import metrics

    try:
        learnt: frozenset[str] = getattr(metrics.get(metric), "trained_on", frozenset)()
    except (HarnessError, OSError):  # a run may come from elsewhere
        return False
    scenes = set(panel.images)
    return any(
        (item.cell.set, item.cell.image) in scenes and item.sha256[:16] in learnt
        for item in data.restored
    )
