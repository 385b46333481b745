"""The metadata of a run as JSON and back: cards are cards again, a plan is a plan.

Runs come from elsewhere and from other versions. What does not fit its field is left at the
field's default; what a newer version wrote beside it is left out.
"""

import json
import math
import types
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from harness.cards import MetricCard, SetMetricCard
from harness.results import PlannedSet, Run, RunPlan, RunRestorer, SetScore, SetScores

T = TypeVar("T")

HEADER = ("id", "started", "plan", "restorers", "metrics", "environment", "status")
"""The keys of what a run says of itself."""

RANKED = ("plan", "restorers", "metrics")
"""What nobody can rank without, and is kept twice; the rest of what a run says may be lost."""

COPY = "copy"
"""The key of what holds those again."""


ADDED = "restorers+"
"""How the keys begin of restorers that were added to a header, which is not written again whole."""


def write_run(run: Run) -> dict[str, object]:
    """The metadata of a run as JSON types, by key."""
    return {
        "id": run.id,
        "started": run.started,
        "plan": run.plan.as_json(),
        "restorers": {name: asdict(card) for name, card in run.restorers.items()},
        "metrics": {name: metric_json(card) for name, card in run.metrics.items()},
        "environment": dict(run.environment),
        "status": run.status,
    }


def write_more(run: Run, before: Run) -> dict[str, object]:
    """What has to be written of a run where `before` was; as `write_run`.

    However many restorers a training's run has, it says as much at each step.
    """
    known = before.restorers
    new = {name: card for name, card in run.restorers.items() if known.get(name) is not card}
    said = write_run(replace(run, restorers=new))
    cards = table_of(said.pop("restorers"))
    return said | {f"{ADDED}{name}": card for name, card in cards.items()}


def metric_json(card: MetricCard | SetMetricCard) -> dict[str, object]:
    """A metric's card as JSON types: infinite bounds become `None`."""
    bounds = [None if math.isinf(bound) else bound for bound in card.bounds]
    return {**asdict(card), "bounds": bounds}


def read_header(rows: Iterable[tuple[str, str]], *, whole: bool) -> Run | None:
    """A run out of keys and their JSON; `None` of one that was never planned.

    Args:
        rows: Of the table `meta`.
        whole: Refuses one that nobody can rank, since rows of it are lost.

    Raises:
        ValueError: That is so, or they are no JSON.
        TypeError: They hold what no version of ours writes.
    """
    meta = {key: json.loads(value) for key, value in rows}
    meta = meta.pop(COPY, {}) | meta
    if whole and (lost := [name for name in RANKED if name not in meta]):
        raise ValueError(f"what the run says of its {' and '.join(lost)} is lost")
    return read_run(meta) if meta.get("plan") else None


def read_run(meta: Mapping[str, object]) -> Run:
    """A run out of what `write_run`, `write_more`, or that of another version, has made of it.

    A metric whose direction is not known has no card: it cannot be ranked.
    """
    plan, metrics = table_of(meta.get("plan")), table_of(meta.get("metrics"))
    sets, restorers = table_of(plan.get("sets")), table_of(meta.get("restorers"))
    added = {key.removeprefix(ADDED): meta[key] for key in meta if key.startswith(ADDED)}
    rules = table_of(plan.get("evaluation"))
    return Run(
        id=str(meta.get("id", "")),
        started=str(meta.get("started", "")),
        status=str(meta.get("status", "")),
        environment=table_of(meta.get("environment")),
        plan=read_record(
            RunPlan,
            plan,
            benchmark=str(plan.get("benchmark", "")),
            evaluation={**rules, "name": rules.get("name", ""), "hash": rules.get("hash", "")},
            sets={name: read_record(PlannedSet, content) for name, content in sets.items()},
        ),
        restorers={
            name: read_record(RunRestorer, card, name=name)
            for name, card in (restorers | added).items()
        },
        metrics={
            name: read_metric(name, card)
            for name, card in metrics.items()
            if isinstance(table_of(card).get("higher_is_better"), bool)
        },
    )


def read_metric(name: str, content: object) -> MetricCard:
    """A metric's card out of JSON; bounds of `None` are infinite."""
    # before cards said which no-reference metric is preferred, it was the one of this name
    known = {"needs_reference": False, "preferred": name == "dri", **table_of(content)}
    return read_record(MetricCard, with_bounds(known), name=name)


def with_bounds(known: dict[str, object]) -> dict[str, object]:
    """What is known of a card, its bounds of `None` made infinite."""
    bounds = known.get("bounds")
    if not isinstance(bounds, list | tuple) or len(bounds) != 2:
        return known
    low, high = bounds
    ends = [-math.inf if low is None else low, math.inf if high is None else high]
    return {**known, "bounds": ends}


def read_record(cls: Callable[..., T], content: object, **fixed: object) -> T:
    """A frozen dataclass out of JSON that anybody may have written.

    Args:
        cls: The class.
        content: A mapping of its fields; values that do not fit, and other keys, are ignored.
        fixed: Fields that are known already.

    Raises:
        TypeError: A field without a default is missing, or does not fit.
    """
    found, table = dict(fixed), table_of(content)
    for name, kind in _kinds(cls).items():
        if name in table and name not in fixed:
            with suppress(TypeError, ValueError):
                found[name] = _fit(kind, table[name])
    return cls(**found)


@lru_cache
def _kinds(cls: Any) -> dict[str, object]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _fit(kind: Any, value: Any) -> Any:
    """The value as its field wants it: lists as tuples, names as members of an enumeration.

    Raises:
        TypeError: It does not fit.
        ValueError: Likewise.
    """
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _fit(inside[0], value)
    if origin is tuple and isinstance(value, list | tuple):
        each = inside[:1] * len(value) if inside[-1] is ... else inside
        return tuple(_fit(part, item) for part, item in zip(each, value, strict=True))
    if isinstance(value, dict) and (origin is Mapping or is_dataclass(kind)):
        if isinstance(kind, type) and is_dataclass(kind):
            return read_record(kind, value)
        return {str(key): _fit(inside[1], item) for key, item in value.items()}
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    fits = value in inside if origin is Literal else _is_plain(kind, value)
    if not fits:
        raise TypeError(f"{value!r} is no {kind}")
    return value


def _is_plain(kind: Any, value: object) -> bool:
    if kind is object:
        return True
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)


def table_of(value: object) -> dict[str, object]:
    """A mapping as a dictionary; anything else is an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}


SET_SCORES = "set_scores"
"""The key of what metrics of sets say."""


def write_set_scores(scores: SetScores) -> dict[str, object]:
    """What metrics of sets say, as JSON types."""
    cards = {name: metric_json(card) for name, card in scores.cards.items()}
    return {"cards": cards, "rows": [asdict(row) for row in scores.rows]}


def read_set_scores(content: object) -> SetScores:
    """What metrics of sets say, out of JSON; rows that do not fit are left out."""
    table = table_of(content)
    cards = {
        name: read_record(SetMetricCard, with_bounds(table_of(card)), name=name)
        for name, card in table_of(table.get("cards")).items()
    }
    found, rows = [], table.get("rows")
    for row in rows if isinstance(rows, list) else ():
        with suppress(TypeError):
            found.append(read_record(SetScore, row))
    return SetScores(cards, tuple(found))
