"""Baselines as files: JSON with one line a row, small enough to commit, and read with suspicion."""

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
from harness.formats import decode_text
from harness.regression.measured_run import Group, MeasuredRun, MeasuredScore, load_measured
from harness.regression.tolerances import is_number
from harness.results import COSTS, PlannedSet, Spent

# an object as it is read, of which nothing is known yet
Row = Mapping[str, Any]

SCHEMA = "restobench/baseline/2"
_GROWTH_ALONE = "restobench/baseline/1"
"""Files of this schema hold the growth of memory, and call it `peak_mib`."""
MAX_BYTES = 200 * 2**20

# what a check needs to know of a metric and of a set
_METRIC = ("version", "higher_is_better", "unit", "tolerance", "tolerance_on")
_SET = ("conditions", "definition", "fingerprint")

_KEY = ("restorer", "set", "image", "metric")


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
    # each list is put in the place of a mark that nobody can have written into a name
    lists = {secrets.token_hex(16): rows for rows in _lists(baseline)}
    text = json.dumps(
        head | dict(zip(("rows", "costs", "failures"), lists, strict=True)),
        indent=1,
        allow_nan=False,
    )
    for mark, rows in lists.items():
        lines = ",\n".join("  " + json.dumps(row, allow_nan=False) for row in rows)
        text = text.replace(f'"{mark}"', f"[\n{lines}\n ]" if lines else "[]")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path.resolve(), pipes=True) as partial:
            partial.write_text(text + "\n", encoding="utf-8", errors="replace")
    except OSError as error:
        raise InputError(f"baseline {path} cannot be written: {error.strerror or error}") from error


def _lists(baseline: MeasuredRun) -> tuple[Sequence[Row], ...]:
    rows = [
        dict(zip(_KEY, (restorer, set_name, image, metric), strict=True))
        | asdict(score)
        # JSON has no infinity
        | {"value": float(f"{value:.10g}") if math.isfinite(value) else str(value)}
        for (restorer, set_name, metric), images in sorted(baseline.scores.items())
        for image, score in sorted(images.items())
        for value in [score.value]
    ]
    costs = [
        dict(zip(_KEY[:3], (*pair, image), strict=True))
        | {name: _rounded(getattr(spent, name)) for name in COSTS}
        | {"beside": spent.beside, "batch": spent.batch}
        for pair, images in sorted(baseline.costs.items())
        for image, spent in sorted(images.items())
    ]
    failures = [
        dict(zip(_KEY, key, strict=True)) | {"message": message}
        for key, message in sorted(baseline.failures.items())
    ]
    return rows, costs, failures


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def _of(names: Sequence[str], record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in names}


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
        content = json.loads(decode_text(raw, f"baseline {path}"))
    except OSError as error:
        raise InputError(f"baseline {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"baseline {path} is no JSON ({str(error)[:200]}): make it with `restobench baseline`"
        ) from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema not in (SCHEMA, _GROWTH_ALONE):
        (kind, _, major), (ours, _, latest) = str(schema).rpartition("/"), SCHEMA.rpartition("/")
        newer = kind == ours and major.isdecimal() and int(major[:9]) > int(latest)
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
    rules = dict(content["evaluation"])
    return MeasuredRun(
        benchmark=str(content["benchmark"]),
        started=str(content["started"]),
        evaluation={key: str(rules[key]) for key in ("name", "hash", *rules)},
        hardware=dict(content["hardware"]),
        metrics=metrics,
        scores=scores,
        costs=_costs(content.get("costs", []), older=content["schema"] == _GROWTH_ALONE),
        failures={
            (str(row["restorer"]), str(row["set"]), str(row["image"]), str(row["metric"])): (
                str(row["message"])
            )
            for row in content.get("failures", [])
        },
        sets={str(name): _planned(planned) for name, planned in content.get("sets", {}).items()},
        environment=dict(content.get("environment", {})),
    )


def _costs(rows: Iterable[Row], *, older: bool) -> dict[tuple[str, str], dict[str, Spent]]:
    costs: dict[tuple[str, str], dict[str, Spent]] = {}
    for number, row in enumerate(rows, start=1):
        restorer, set_name, image = _texts(row, _KEY[:3], number)
        costs.setdefault((restorer, set_name), {})[image] = _spent(row, number, older)
    return costs


def _spent(row: Row, number: int, older: bool) -> Spent:
    def read(key: str) -> float:
        return _number(row[key], f"row {number}: {key}")

    if older:
        return Spent(read("seconds"), None, read("peak_mib"))
    peak = None if row["peak_mib"] is None else read("peak_mib")
    beside = None if row["beside"] is None else int(read("beside"))
    batch = int(read("batch")) if "batch" in row else 1
    return Spent(read("seconds"), peak, read("growth_mib"), beside=beside, batch=batch)


def _scores(rows: Iterable[Row]) -> dict[Group, dict[str, MeasuredScore]]:
    scores: dict[Group, dict[str, MeasuredScore]] = {}
    for number, row in enumerate(rows, start=1):
        restorer, set_name, image, metric = _texts(row, _KEY, number)
        images = scores.setdefault((restorer, set_name, metric), {})
        if image in images:
            raise ValueError(
                f"row {number}: {restorer!r} on {set_name!r}: {image!r} has {metric!r} twice"
            )
        images[image] = MeasuredScore(
            _number(row["value"], f"row {number}: value", score=True),
            *_texts(row, ("degraded", "reference", "restored"), number),
        )
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
