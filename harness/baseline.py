"""A baseline: what a run measured, image by image with hashes, in one JSON file that is small enough to commit."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.results import RunData

SCHEMA = "restobench/baseline/1"
HARDWARE = ("processor", "cores", "device", "workers")
"""Fields of the environment that must agree before seconds and memory are judged."""

MAX_BYTES = 200 * 2**20
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric on one image.

    Attributes:
        value: May be infinite, never NaN.
        degraded: Hash of the degraded image's pixels.
        reference: Hash of the reference's pixels, or an empty string.
        restored: Hash of the restored image's pixels.
    """

    value: float
    degraded: str
    reference: str
    restored: str


Group = tuple[str, str, str]
"""(restorer, set, metric)."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A run as a regression check sees it.

    Attributes:
        benchmark: Name of the benchmark.
        started: ISO 8601 time of the run.
        evaluation: Name and hash of the protocol.
        hardware: The fields `HARDWARE` of the environment.
        metrics: Name -> version, higher_is_better, unit, tolerance.
        scores: (restorer, set, metric) -> image -> what was measured.
        costs: (restorer, set) -> image -> (seconds, peak_mib).
        failures: (restorer, set, image, metric or empty) -> kind and message.
    """

    benchmark: str
    started: str
    evaluation: Mapping[str, str]
    hardware: Mapping[str, Any]
    metrics: Mapping[str, Mapping[str, Any]]
    scores: Mapping[Group, Mapping[str, Measured]]
    costs: Mapping[tuple[str, str], Mapping[str, tuple[float, float]]]
    failures: Mapping[tuple[str, str, str, str], str]


def make_baseline(data: RunData) -> Baseline:
    """Takes from a run what a later one is compared with."""
    restored = {record.cell: record.sha256 or "" for record in data.cells}
    scores: dict[Group, dict[str, Measured]] = {}
    for score in data.scores:
        cell = score.cell
        sample = data.samples.get((cell.set, cell.image), {})
        hashes = [sample.get("degraded_sha256"), sample.get("reference_sha256"), restored.get(cell)]
        measured = Measured(score.value, *((item or "")[:_DIGITS] for item in hashes))
        scores.setdefault((cell.restorer, cell.set, score.metric), {})[cell.image] = measured
    costs: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for timing in data.timings:
        spent = (timing.seconds, timing.peak_mib)
        costs.setdefault((timing.cell.restorer, timing.cell.set), {})[timing.cell.image] = spent
    evaluation = data.run.plan.get("evaluation", {})
    return Baseline(
        benchmark=data.run.benchmark,
        started=data.run.started,
        evaluation={key: str(evaluation.get(key, "")) for key in ("name", "hash")},
        hardware={name: data.run.environment.get(name) for name in HARDWARE},
        metrics={
            name: {
                "version": str(card.get("version", "1")),
                "higher_is_better": bool(card["higher_is_better"]),
                "unit": str(card.get("unit", "")),
                "tolerance": float(card.get("tolerance", 0.0)),
            }
            for name, card in data.run.metrics.items()
        },
        scores=scores,
        costs=costs,
        failures={
            (item.cell.restorer, item.cell.set, item.cell.image, item.metric or ""): f"{item.kind}: {item.message}"
            for item in data.failures
        },
    )


def rename(baseline: Baseline, aliases: Sequence[str]) -> Baseline:
    """Gives restorers the names that they had, so that they find their rows.

    Args:
        baseline: Of the run.
        aliases: `NEW=OLD`.

    Raises:
        InputError: An alias without `=`, of a restorer that is not there, or to a name that another one has.
    """
    for alias in aliases:
        new, equals, old = alias.partition("=")
        names = {name for name, _, _ in baseline.scores}
        if not equals or new not in names or old in names:
            raise InputError(
                f"--alias {alias!r}: expected NEW=OLD, NEW one of {', '.join(sorted(names))} and OLD none of them"
            )

        def by(name: str, new: str = new, old: str = old) -> str:
            return old if name == new else name

        baseline = replace(
            baseline,
            scores={(by(key[0]), *key[1:]): images for key, images in baseline.scores.items()},
            costs={(by(key[0]), key[1]): images for key, images in baseline.costs.items()},
            failures={(by(key[0]), *key[1:]): message for key, message in baseline.failures.items()},
        )
    return baseline


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Writes a baseline: one line a row, sorted, so that a version control system shows what changed."""
    rows = [
        {"restorer": restorer, "set": set_name, "image": image, "metric": metric, "value": _json_number(item.value),
         "degraded": item.degraded, "reference": item.reference, "restored": item.restored}
        for (restorer, set_name, metric), images in sorted(baseline.scores.items())
        for image, item in sorted(images.items())
    ]  # fmt: skip
    costs = [
        {"restorer": restorer, "set": set_name, "image": image, "seconds": _rounded(seconds), "peak_mib": _rounded(mib)}
        for (restorer, set_name), images in sorted(baseline.costs.items())
        for image, (seconds, mib) in sorted(images.items())
    ]
    names = ("restorer", "set", "image", "metric")
    failures = [
        {**dict(zip(names, key, strict=True)), "message": message} for key, message in sorted(baseline.failures.items())
    ]
    head = {
        "schema": SCHEMA, "benchmark": baseline.benchmark, "started": baseline.started,
        "evaluation": dict(baseline.evaluation), "hardware": dict(baseline.hardware),
        "metrics": {name: dict(card) for name, card in sorted(baseline.metrics.items())},
    }  # fmt: skip
    text = _one_line_a_row(head, {"rows": rows, "costs": costs, "failures": failures})
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="replace")
        partial.replace(path)
    except OSError as error:
        raise InputError(f"baseline {path} cannot be written: {error.strerror}") from error


def _one_line_a_row(head: Mapping[str, Any], lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    marks = {name: secrets.token_hex(16) for name in lists}
    text = json.dumps({**head, **marks}, indent=1, allow_nan=False)
    for name, mark in marks.items():
        lines = ",\n".join("  " + json.dumps(row, allow_nan=False) for row in lists[name])
        text = text.replace(f'"{mark}"', f"[\n{lines}\n ]" if lines else "[]")
    return text + "\n"


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")


def _json_number(value: float) -> float | str:
    return float(f"{value:.10g}") if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def read_baseline(path: Path) -> Baseline:
    """Reads a baseline that anybody may have written.

    Raises:
        InputError: Missing, no JSON, of another schema, or a row in it is not what it should be; names the row.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"baseline {path} has {path.stat().st_size:,} bytes; expected at most {MAX_BYTES:,}")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"baseline {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"baseline {path} is no JSON ({error}): make it with `restobench baseline`") from None
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        kind, _, major = str(schema).rpartition("/")
        newer = kind == SCHEMA.rpartition("/")[0] and major.isdigit() and int(major) > 1
        hint = "upgrade restobench" if newer else "make it with `restobench baseline`"
        raise InputError(f"baseline {path} has schema {str(schema)[:60]!r}, expected {SCHEMA!r}: {hint}")
    try:
        return _parse(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"baseline {path} is damaged: {type(error).__name__}: {str(error)[:200]}") from None


def _parse(content: Mapping[str, Any]) -> Baseline:
    scores: dict[Group, dict[str, Measured]] = {}
    for number, row in enumerate(content["rows"], start=1):
        restorer, set_name, image, metric = (_text(row, key, number) for key in ("restorer", "set", "image", "metric"))
        hashes = (_text(row, key, number) for key in ("degraded", "reference", "restored"))
        scores.setdefault((restorer, set_name, metric), {})[image] = Measured(_number(row, number), *hashes)
    unknown = {metric for _, _, metric in scores} - content["metrics"].keys()
    if unknown:
        raise ValueError(f"rows name the metric {min(unknown)!r}, which `metrics` does not describe")
    costs: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    for number, row in enumerate(content.get("costs", []), start=1):
        restorer, set_name, image = (_text(row, key, number) for key in ("restorer", "set", "image"))
        costs.setdefault((restorer, set_name), {})[image] = (float(row["seconds"]), float(row["peak_mib"]))
    return Baseline(
        benchmark=str(content["benchmark"]),
        started=str(content["started"]),
        evaluation={key: str(content["evaluation"][key]) for key in ("name", "hash")},
        hardware=dict(content["hardware"]),
        metrics={str(name): _metric(card) for name, card in content["metrics"].items()},
        scores=scores,
        costs=costs,
        failures={
            (str(row["restorer"]), str(row["set"]), str(row["image"]), str(row["metric"])): str(row["message"])
            for row in content.get("failures", [])
        },
    )


def _metric(card: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(card["higher_is_better"], bool):
        raise TypeError(f"higher_is_better is {card['higher_is_better']!r}; expected true or false")
    return {
        "version": str(card["version"]),
        "higher_is_better": card["higher_is_better"],
        "unit": str(card["unit"]),
        "tolerance": float(card["tolerance"]),
    }


def _text(row: Mapping[str, Any], key: str, number: int) -> str:
    if not isinstance(row[key], str):
        raise TypeError(f"row {number}: {key} is {row[key]!r}; expected text")
    return str(row[key])


def _number(row: Mapping[str, Any], number: int) -> float:
    value = row["value"]
    if value in ("inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f'row {number}: value is {value!r}; expected a number, "inf" or "-inf"')
    return float(value)
