"""Baselines as files: JSON with one line a row, small enough to commit, and read with suspicion."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.atomic import atomic_file
from harness.cards import MetricCard
from harness.errors import InputError
from harness.regression.measured_run import Group, MeasuredRun, MeasuredScore, load_measured
from harness.regression.tolerances import is_number
from harness.results import COSTS, PlannedSet, Spent

# an object as it is read, of which nothing is known yet
Row = Mapping[str, Any]

SCHEMA = "restobench/baseline/1"
MAX_BYTES = 200 * 2**20

# what a check needs to know of a metric and of a set
_METRIC = ("version", "higher_is_better", "unit", "tolerance", "tolerance_on")
_SET = ("conditions", "definition", "fingerprint")

_CELL = ("restorer", "set", "image")
_KEY = (*_CELL, "metric")


def load_baseline(source: Path) -> MeasuredRun:
    """Reads a baseline file, or a run folder as one.

    Raises:
        HarnessError: It is neither.
    """
    return load_measured(source) if source.is_dir() else read_baseline(source)


def write_baseline(baseline: MeasuredRun, path: Path) -> None:
    """Writes a baseline: one line a row, sorted.

    So a version control system shows what changed.

    Raises:
        InputError: The file cannot be written; then there is none, or the earlier one.
    """
    rows = [
        dict(zip(_KEY, (restorer, set_name, image, metric), strict=True))
        | asdict(score)
        # JSON has no infinity
        | {
            "value": float(f"{score.value:.10g}")
            if math.isfinite(score.value)
            else str(score.value)
        }
        for (restorer, set_name, metric), images in sorted(baseline.scores.items())
        for image, score in sorted(images.items())
    ]
    costs = [
        dict(zip(_CELL, (*pair, image), strict=True))
        | {name: float(f"{getattr(spent, name):.6g}") for name in COSTS}
        for pair, images in sorted(baseline.costs.items())
        for image, spent in sorted(images.items())
    ]
    failures = [
        dict(zip(_KEY, key, strict=True)) | {"message": message}
        for key, message in sorted(baseline.failures.items())
    ]
    head = {
        "schema": SCHEMA,
        "benchmark": baseline.benchmark,
        "started": baseline.started,
        "evaluation": dict(baseline.evaluation),
        "hardware": dict(baseline.hardware),
        "environment": dict(baseline.environment),
        "metrics": {
            name: {field: getattr(card, field) for field in _METRIC}
            for name, card in sorted(baseline.metrics.items())
        },
        "sets": {
            name: {field: getattr(planned, field) for field in _SET}
            for name, planned in sorted(baseline.sets.items())
        },
    }
    text = _one_line_a_row(head, {"rows": rows, "costs": costs, "failures": failures})
    try:
        with atomic_file(path) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"baseline {path} cannot be written: {error.strerror}") from error


def _one_line_a_row(head: Row, lists: Mapping[str, Sequence[Row]]) -> str:
    # rows are put in the place of marks that nobody can have written into a name
    marks = {name: secrets.token_hex(16) for name in lists}
    text = json.dumps({**head, **marks}, indent=1, allow_nan=False)
    for name, mark in marks.items():
        lines = ",\n".join("  " + json.dumps(row, allow_nan=False) for row in lists[name])
        text = text.replace(f'"{mark}"', f"[\n{lines}\n ]" if lines else "[]")
    return text + "\n"


def read_baseline(path: Path) -> MeasuredRun:
    """Reads a baseline that anybody may have written.

    Raises:
        InputError: Missing, no JSON, of another schema, or a row in it is not what it should be;
            names the row.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise InputError(
                f"baseline {path} has more than {MAX_BYTES:,} bytes: that is no baseline of ours"
            )
        content = json.loads(raw.decode("utf-8"))
    except OSError as error:
        raise InputError(f"baseline {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"baseline {path} is no JSON ({str(error)[:200]}): make it with `restobench baseline`"
        ) from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        kind, _, major = str(schema).rpartition("/")
        newer = kind == SCHEMA.rpartition("/")[0] and major.isdecimal() and int(major[:9]) > 1
        hint = "upgrade restobench" if newer else "make it with `restobench baseline`"
        raise InputError(
            f"baseline {path} has schema {str(schema)[:60]!r}, expected {SCHEMA!r}: {hint}"
        )
    try:
        return _parse(content)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise InputError(
            f"baseline {path} is damaged: {type(error).__name__}: {str(error)[:200]}"
        ) from None


def _parse(content: Row) -> MeasuredRun:
    scores = _scores(content["rows"])
    metrics = {str(name): _metric(str(name), card) for name, card in content["metrics"].items()}
    unknown = {metric for _, _, metric in scores} - metrics.keys()
    if unknown:
        raise ValueError(
            f"rows name the metric {min(unknown)!r}, which `metrics` does not describe"
        )
    costs: dict[tuple[str, str], dict[str, Spent]] = {}
    for number, row in enumerate(content.get("costs", []), start=1):
        restorer, set_name, image = _texts(row, _CELL, number)
        seconds, peak_mib = (_number(row[name], f"row {number}: {name}") for name in COSTS)
        costs.setdefault((restorer, set_name), {})[image] = Spent(seconds, peak_mib)
    rules = dict(content["evaluation"])
    return MeasuredRun(
        benchmark=str(content["benchmark"]),
        started=str(content["started"]),
        evaluation={key: str(rules[key]) for key in ("name", "hash", *rules)},
        hardware=dict(content["hardware"]),
        metrics=metrics,
        scores=scores,
        costs=costs,
        failures={
            (str(row["restorer"]), str(row["set"]), str(row["image"]), str(row["metric"])): (
                str(row["message"])
            )
            for row in content.get("failures", [])
        },
        sets={str(name): _planned(planned) for name, planned in content.get("sets", {}).items()},
        environment=dict(content.get("environment", {})),
    )


def _scores(rows: Iterable[Row]) -> dict[Group, dict[str, MeasuredScore]]:
    scores: dict[Group, dict[str, MeasuredScore]] = {}
    for number, row in enumerate(rows, start=1):
        restorer, set_name, image, metric = _texts(row, _KEY, number)
        images = scores.setdefault((restorer, set_name, metric), {})
        if image in images:
            raise ValueError(
                f"row {number}: {restorer!r} on {set_name!r}: {image!r} has {metric!r} twice"
            )
        value = _number(row["value"], f"row {number}: value", score=True)
        hashes = _texts(row, ("degraded", "reference", "restored"), number)
        images[image] = MeasuredScore(value, *hashes)
    return scores


def _metric(name: str, card: Row) -> MetricCard:
    if not isinstance(card["higher_is_better"], bool):
        raise TypeError(f"higher_is_better is {card['higher_is_better']!r}; expected true or false")
    kinds = card.get("tolerance_on", {})
    return MetricCard(
        name,
        needs_reference=False,
        higher_is_better=card["higher_is_better"],
        version=str(card["version"]),
        unit=str(card["unit"]),
        tolerance=_number(card["tolerance"], "tolerance"),
        tolerance_on={str(kind): _number(kinds[kind], kind) for kind in kinds},
    )


def _planned(planned: Row) -> PlannedSet:
    found = PlannedSet(**{name: planned[name] for name in _SET})
    if not isinstance(found.conditions, dict):
        raise TypeError(f"conditions is {found.conditions!r}; expected an object")
    return found


def _texts(row: Row, keys: Sequence[str], number: int) -> list[str]:
    for key in keys:
        if not isinstance(row[key], str):
            raise TypeError(f"row {number}: {key} is {row[key]!r}; expected text")
    return [row[key] for key in keys]


def _number(value: Any, what: str, *, score: bool = False) -> float:
    """A number from 0 on; a score may be any, and infinite."""
    if score and value in ("inf", "-inf"):
        return float(value)
    if not is_number(value, least=-math.inf if score else 0.0):
        expected = 'a number, "inf" or "-inf"' if score else "a number from 0 on"
        raise TypeError(f"{what} is {value!r}; expected {expected}")
    return float(value)
