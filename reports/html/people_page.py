"""The page of people's votes: their order, how they agree, which metrics agree with them."""

from collections.abc import Mapping, Sequence

from harness.results import MetricAgainstPeople, PeoplesVotes
from reports.html.render import Renderer
from reports.wording import interval, number

_FIGURES = ("vote_accuracy", "pair_accuracy", "auc_different", "auc_better")


def write_people_page(people: PeoplesVotes, renderer: Renderer) -> None:
    """Writes `people.html`."""
    scopes = [(row["set"], row["task"]) for row in people.agreement]
    renderer.page(
        "people.html",
        "people.html",
        answer=answer(people),
        boards=[_board(people, *scope) for scope in scopes],
        observers=people.observers,
        left_out=sum(bool(row["left_out"]) for row in people.observers),
        remarks=people.notes,
    )


def answer(people: PeoplesVotes) -> str:
    """Who is best on each set, and from whom votes do not tell it."""
    boards: dict[object, list[Mapping[str, object]]] = {}
    for row in people.rows:
        if row["set"] is not None and row["rank"] is not None:
            boards.setdefault(row["set"], []).append(row)
    best = [_best(name, rows) for name, rows in boards.items()]
    return f"People like best: {'; '.join(best)}." if best else "No vote counts."


def _best(name: object, rows: Sequence[Mapping[str, object]]) -> str:
    first, *others = rows
    level = [str(row["restorer"]) for row in others if row["rank_low"] == 1]
    if len(level) > 4:
        level = [*level[:3], f"{len(level) - 3} more"]
    if not level:
        return f"{first['restorer']} on {name}"
    told = " and ".join(filter(None, (", ".join(level[:-1]), level[-1])))
    return f"{first['restorer']} on {name}, not told apart from {told}"


def _board(people: PeoplesVotes, set_name: object, task: object) -> dict[str, object]:
    [agreement] = [row for row in people.agreement if (row["set"], row["task"]) == (set_name, task)]
    return {
        "name": set_name or f"all sets of {task}",
        "agreement": agreement,
        "alpha": _shown(agreement["alpha"]),
        "ceiling": _shown(agreement["ceiling"]),
        "rows": [_row(row) for row in people.rows if (row["set"], row["task"]) == (set_name, task)],
        "metrics": _metrics([m for m in people.metrics if (m.set, m.task) == (set_name, task)]),
    }


def _row(row: Mapping[str, object]) -> dict[str, object]:
    low, high = row["rank_low"], row["rank_high"]
    return {
        **row,
        "elo": _shown(row["mean"], 0),
        "elo_interval": _ends(row["ci_low"], row["ci_high"], 0),
        "jod_shown": _shown(row["jod"]),
        "jod_interval": _ends(row["jod_low"], row["jod_high"], 2),
        "range": f"{low}–{high}" if low != high else "",
    }


def _metrics(found: Sequence[MetricAgainstPeople]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for item in found:
        cells = []
        for name in _FIGURES:
            figure = item.figures.get(name)
            cells.append(("", "") if figure is None else _figure(*figure))
        rows.append({"metric": item.metric, "learnt": item.learnt, "cells": cells})
    return rows


def _figure(value: float, low: float | None, high: float | None) -> tuple[str, str]:
    return number(value, 3), _ends(low, high, 3)


def _shown(value: object, places: int = 2) -> str:
    return number(value, places) if isinstance(value, int | float) else ""


def _ends(low: object, high: object, places: int) -> str:
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return ""
    return interval(low, high, places)
