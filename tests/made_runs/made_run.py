"""A run made by hand: scores by restorer, set and metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.ranking.tables import Table, count_failures, make_blocks, tables
from harness.results import Cell, Run, RunData, Score

CARDS: dict[str, dict[str, Any]] = {
    "psnr": {"higher_is_better": True, "needs_reference": True, "unit": "dB"},
    "error": {"higher_is_better": False, "needs_reference": True, "unit": ""},
    "dri": {"higher_is_better": True, "needs_reference": False, "unit": ""},
}


def made_run(
    values: Mapping[tuple[str, str, str], Sequence[float]],
    *,
    tasks: Mapping[str, str] | None = None,
    cards: Mapping[str, Mapping[str, Any]] | None = None,
    spread: float | None = None,
) -> RunData:
    """(restorer, set, metric) -> scores by image, i000 and so on; every set is to denoise unless `tasks` says else."""
    scores = [
        Score(Cell(restorer, name, f"i{index:03d}"), metric, float(value), spread)
        for (restorer, name, metric), column in values.items()
        for index, value in enumerate(column)
    ]
    names = [list(dict.fromkeys(part)) for part in zip(*values, strict=True)]
    chosen = {name: (cards or CARDS)[name] for name in names[2]}
    sets = {name: {"task": (tasks or {}).get(name, "denoise")} for name in names[1]}
    plan = {"benchmark": "b", "sets": sets, "metrics": names[2]}
    run = Run(
        "0" * 12,
        "2026-01-01T00:00:00+00:00",
        "b",
        plan,
        {n: {} for n in names[0]},
        chosen,
        {},
        "finished",
    )
    return RunData(run, tuple(scores), (), (), (), ())


def tables_of(data: RunData, policy: str = "common") -> list[Table]:
    """The tables of all leaderboards of a run."""
    return list(tables(data, make_blocks(data), count_failures(data), policy=policy))
