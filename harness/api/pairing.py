"""How far restorers are apart that have run together, or in two runs of the same images."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np

from harness.errors import IncomparableError
from harness.ranking.leaderboards import rank_run, versus
from harness.results import Cell, Difference, Failure, Run, RunData, RunRestorer
from harness.results.columns import ScoreColumns, as_columns
from harness.results.comparable import decisive


def within(
    data: RunData, base: str, *, set_name: str | None = None, metric: str | None = None
) -> tuple[Difference, ...]:
    """Every restorer of a run against one of them.

    Raises:
        InputError: The run has no such restorer.
    """
    return versus(rank_run(data), base, set_name=set_name, metric=metric)


def against(
    data: RunData, other: RunData, *, set_name: str | None = None, metric: str | None = None
) -> tuple[Difference, ...]:
    """Every restorer of a run against that of its name in another run, or against its only one.

    Args:
        data: The run.
        other: The other run.
        set_name: Only this set.
        metric: Only this metric.

    Raises:
        IncomparableError: The runs differ in something that decides scores, or there is nobody to
            compare with.
    """
    _require_comparable(data, other)
    names = {name: f"{name} (other)" for name in other.run.restorers}
    ranking, found = rank_run(_together(data, other, names)), []
    for name, renamed in names.items():
        mine = [name] if len(names) > 1 else list(data.run.restorers)
        found += [
            replace(row, versus=name)
            for row in versus(ranking, renamed, set_name=set_name, metric=metric)
            if row.restorer in mine
        ]
    if not found:
        raise IncomparableError(
            f"nothing to compare: this run has {', '.join(data.run.restorers)}, the other one "
            f"{', '.join(names)}"
        )
    return tuple(found)


def _require_comparable(data: RunData, other: RunData) -> None:
    # their restorers are what is compared
    bare: list[Run] = [replace(item.run, restorers={}) for item in (data, other)]
    for what, mine, theirs in decisive(*bare):
        if mine != theirs:
            raise IncomparableError(
                f"the runs are not comparable: {what} is {mine!r} here, {theirs!r} there"
            )
    for key in data.samples.keys() & other.samples.keys():
        if data.samples[key] != other.samples[key]:
            raise IncomparableError(
                f"the runs are not comparable: the pixels of {'/'.join(key)} differ"
            )


def _together(data: RunData, other: RunData, names: Mapping[str, str]) -> RunData:
    """Both runs as one, in which the restorers of the other have new names."""
    one, two = data.run, other.run
    renamed: dict[str, RunRestorer] = {names[key]: card for key, card in two.restorers.items()}
    plan = replace(
        one.plan,
        sets={**two.plan.sets, **one.plan.sets},
        metrics=tuple(dict.fromkeys([*one.plan.metrics, *two.plan.metrics])),
    )
    run = replace(
        one,
        plan=plan,
        restorers={**one.restorers, **renamed},
        metrics={**two.metrics, **one.metrics},
    )
    failures = (
        Failure(_renamed(item.cell, names), item.kind, item.message, item.metric)
        for item in other.failures
    )
    scores = ScoreColumns.from_rows([*_rows(data, {}), *_rows(other, names)])
    return replace(data, run=run, scores=scores, failures=(*data.failures, *failures))


def _renamed(cell: Cell, names: Mapping[str, str]) -> Cell:
    return replace(cell, restorer=names[cell.restorer])


def _rows(data: RunData, names: Mapping[str, str]) -> Iterator[tuple[object, ...]]:
    for score in as_columns(data.scores):
        cell = score.cell
        name = names.get(cell.restorer, cell.restorer)
        yield name, cell.set, cell.image, score.metric, score.value, score.spread


def only(data: RunData, names: Collection[str]) -> RunData:
    """A run as if only these restorers had run."""
    columns = as_columns(data.scores)
    known = [name in names for name in columns.names[0]]
    here = np.array(known, dtype=bool)[columns.codes[0]]
    kept = replace(
        columns,
        codes=columns.codes[:, here],
        values=columns.values[here],
        spreads=columns.spreads[here],
    )
    cards = {name: card for name, card in data.run.restorers.items() if name in names}
    failures = tuple(item for item in data.failures if item.cell.restorer in names)
    return replace(
        data, run=replace(data.run, restorers=cards), scores=kept, failures=failures, restored=()
    )
