"""Baselines as files: JSON with one line a row, small enough to commit, and read with suspicion."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness.atomic import atomic_file
from harness.cards import MetricCard
from harness.errors import InputError
from harness.regression.measured_run import Group, MeasuredRun, MeasuredScore, load_measured
from harness.results import COSTS, PlannedSet, Spent

SCHEMA = "restobench/baseline/1"
MAX_BYTES = 200 * 2**20

_METRIC = ("version", "higher_is_better", "unit", "tolerance", "tolerance_on")
_SET = ("conditions", "definition", "fingerprint")
"""What a check needs to know of a metric and of a set."""


def load_baseline(source: Path) -> MeasuredRun:
    """Reads a baseline file, or a run folder as one.

    Raises:
        HarnessError: It is neither.
    """
    return load_measured(source) if source.is_dir() else read_baseline(source)


def write_baseline(baseline: MeasuredRun, path: Path) -> None:
    """Writes a baseline: one line a row, sorted, so that a version control system shows what changed.

    Raises:
        InputError: The file cannot be written; then there is none, or the earlier one.
    """
    rows = [
        {"restorer": restorer, "set": set_name, "image": image, "metric": metric}
        | {**asdict(score), "value": _json_number(score.value)}
        for (restorer, set_name, metric), images in sorted(baseline.scores.items())
        for image, score in sorted(images.items())
    ]
    costs = [
        {"restorer": restorer, "set": set_name, "image": image}
        | {name: float(f"{getattr(spent, name):.6g}") for name in COSTS}
        for (restorer, set_name), images in sorted(baseline.costs.items())
        for image, spent in sorted(images.items())
    ]
    names = ("restorer", "set", "image", "metric")
    failures = [
        {**dict(zip(names, key, strict=True)), "message": message}
        for key, message in sorted(baseline.failures.items())
    ]
    head = {
        "schema": SCHEMA,
        "benchmark": baseline.benchmark,
        "started": baseline.started,
        "evaluation": dict(baseline.evaluation),
        "hardware": dict(baseline.hardware),
        "environment": dict(baseline.environment),
        "metrics": {name: _of(_METRIC, card) for name, card in sorted(baseline.metrics.items())},
        "sets": {name: _of(_SET, planned) for name, planned in sorted(baseline.sets.items())},
    }
    text = _one_line_a_row(head, {"rows": rows, "costs": costs, "failures": failures})
    try:
        with atomic_file(path) as partial:
            partial.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"baseline {path} cannot be written: {error.strerror}") from error


def _one_line_a_row(
    head: Mapping[str, Any], lists: Mapping[str, Sequence[Mapping[str, Any]]]
) -> str:
    marks = {name: secrets.token_hex(16) for name in lists}
    text = json.dumps({**head, **marks}, indent=1, allow_nan=False)
    for name, mark in marks.items():
        lines = ",\n".join("  " + json.dumps(row, allow_nan=False) for row in lists[name])
        text = text.replace(f'"{mark}"', f"[\n{lines}\n ]" if lines else "[]")
    return text + "\n"


def _of(names: Sequence[str], record: object) -> dict[str, object]:
    """Some fields of a record."""
    return {name: getattr(record, name) for name in names}


def _json_number(value: float) -> float | str:
    return float(f"{value:.10g}") if math.isfinite(value) else ("inf" if value > 0 else "-inf")


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
        why = str(error)[:200]
        raise InputError(
            f"baseline {path} is no JSON ({why}): make it with `restobench baseline`"
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


def _parse(content: Mapping[str, Any]) -> MeasuredRun:
    scores: dict[Group, dict[str, MeasuredScore]] = {}
    for number, row in enumerate(content["rows"], start=1):
        restorer, set_name, image, metric = (
            _text(row, key, number) for key in ("restorer", "set", "image", "metric")
        )
        hashes = (_text(row, key, number) for key in ("degraded", "reference", "restored"))
        images = scores.setdefault((restorer, set_name, metric), {})
        if image in images:
            raise ValueError(
                f"row {number}: {restorer!r} on {set_name!r}: {image!r} has {metric!r} twice"
            )
        images[image] = MeasuredScore(_score(row["value"], number), *hashes)
    metrics = {str(name): _metric(str(name), card) for name, card in content["metrics"].items()}
    unknown = {metric for _, _, metric in scores} - metrics.keys()
    if unknown:
        raise ValueError(
            f"rows name the metric {min(unknown)!r}, which `metrics` does not describe"
        )
    costs: dict[tuple[str, str], dict[str, Spent]] = {}
    for number, row in enumerate(content.get("costs", []), start=1):
        restorer, set_name, image = (
            _text(row, key, number) for key in ("restorer", "set", "image")
        )
        seconds, peak_mib = (_number(row, name, number) for name in COSTS)
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


def _metric(name: str, card: Mapping[str, Any]) -> MetricCard:
    if not isinstance(card["higher_is_better"], bool):
        raise TypeError(f"higher_is_better is {card['higher_is_better']!r}; expected true or false")
    kinds = card.get("tolerance_on", {})
    return MetricCard(
        name,
        needs_reference=False,
        higher_is_better=card["higher_is_better"],
        version=str(card["version"]),
        unit=str(card["unit"]),
        tolerance=_number(card, "tolerance", 0),
        tolerance_on={str(kind): _number(kinds, kind, 0) for kind in kinds},
    )


def _planned(planned: Mapping[str, Any]) -> PlannedSet:
    found = PlannedSet(**{name: planned[name] for name in _SET})
    if not isinstance(found.conditions, dict):
        raise TypeError(f"conditions is {found.conditions!r}; expected an object")
    return found


def _text(row: Mapping[str, Any], key: str, number: int) -> str:
    if not isinstance(row[key], str):
        raise TypeError(f"row {number}: {key} is {row[key]!r}; expected text")
    return str(row[key])


def _score(value: Any, number: int) -> float:
    if value in ("inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f'row {number}: value is {value!r}; expected a number, "inf" or "-inf"')
    return float(value)


def _number(row: Mapping[str, Any], key: str, number: int) -> float:
    value = row[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        where = f"row {number}: " if number else ""
        raise TypeError(f"{where}{key} is {value!r}; expected a number from 0 on")
    return float(value)
