"""A run made by hand: scores by restorer, set and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.cards import MetricCard
from harness.ranking.tables import ScoreTable, count_failures, make_blocks, tables
from harness.results import Cell, PlannedSet, Run, RunData, RunPlan, RunRestorer, Score

CARDS = {
    "psnr": MetricCard("psnr", needs_reference=True, higher_is_better=True, unit="dB"),
    "error": MetricCard("error", needs_reference=True, higher_is_better=False),
    "dri": MetricCard("dri", needs_reference=False, higher_is_better=True, preferred=True),
}


def made_run(
    values: Mapping[tuple[str, str, str], Sequence[float]],
    *,
    tasks: Mapping[str, str] | None = None,
    cards: Mapping[str, MetricCard] | None = None,
    spread: float | None = None,
) -> RunData:
    """A run of these scores: (restorer, set, metric) -> scores by image, i000 and so on.

    Every set is to denoise unless `tasks` says else.
    """
    scores = [
        Score(Cell(restorer, name, f"i{index:03d}"), metric, float(value), spread)
        for (restorer, name, metric), column in values.items()
        for index, value in enumerate(column)
    ]
    names = [list(dict.fromkeys(part)) for part in zip(*values, strict=True)]
    chosen = {name: (cards or CARDS)[name] for name in names[2]}
    sets = {name: PlannedSet((tasks or {}).get(name, "denoise")) for name in names[1]}
    plan = RunPlan("b", sets=sets, metrics=tuple(names[2]))
    restorers = {name: RunRestorer(name) for name in names[0]}
    started = "2026-01-01T00:00:00+00:00"
    run = Run("0" * 12, started, plan, restorers, chosen, {}, "finished")
    return RunData(run, tuple(scores), (), (), ())


def tables_of(data: RunData, policy: str = "common") -> list[ScoreTable]:
    """The tables of all leaderboards of a run."""
    return list(tables(data, make_blocks(data), count_failures(data), policy=policy))
