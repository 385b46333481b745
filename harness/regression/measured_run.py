"""A baseline: what a run measured, image by image with hashes, as a regression check sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.results import RunData
from harness.storage.store import load_run

HARDWARE = ("processor", "cores", "device", "accelerator", "workers")
"""Fields of the environment that must agree before seconds and memory are judged."""

PROVENANCE = ("python", "platform", "packages", "git")
"""Fields of the environment that explain a change and decide nothing."""

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
        evaluation: Name, hash and fields of the protocol; older files have no fields.
        hardware: The fields `HARDWARE` of the environment.
        metrics: Name -> version, higher_is_better, unit, tolerance, tolerance_on.
        scores: (restorer, set, metric) -> image -> what was measured.
        costs: (restorer, set) -> image -> (seconds, peak_mib).
        failures: (restorer, set, image, metric or empty) -> kind and message.
        sets: Name -> conditions that restorers were told, definition, fingerprint. Empty in files
            of version 0.1.0.
        environment: The fields `PROVENANCE`.
        files: (restorer, set, image) -> restored image; only of a run folder, and never written to
            a file.
    """

    benchmark: str
    started: str
    evaluation: Mapping[str, str]
    hardware: Mapping[str, Any]
    metrics: Mapping[str, Mapping[str, Any]]
    scores: Mapping[Group, Mapping[str, Measured]]
    costs: Mapping[tuple[str, str], Mapping[str, tuple[float, float]]]
    failures: Mapping[tuple[str, str, str, str], str]
    sets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[tuple[str, str, str], Path] = field(default_factory=dict)


def load_measured(folder: Path) -> Baseline:
    """Reads a run folder as a regression check sees it.

    Raises:
        StoreError: No run there.
    """
    data, root = load_run(folder), folder.resolve()
    files = {}
    for record in data.cells:
        # a run may come from elsewhere: a path that leads out of it is none of its files
        path = (root / record.restored).resolve() if record.restored else None
        if path is not None and path.is_relative_to(root):
            files[record.cell.restorer, record.cell.set, record.cell.image] = path
    return replace(make_baseline(data), files=files)


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
        evaluation={
            "name": "",
            "hash": "",
            **{key: str(value) for key, value in evaluation.items()},
        },
        hardware={name: data.run.environment.get(name) for name in HARDWARE},
        metrics={
            name: {
                "version": str(card.get("version", "1")),
                "higher_is_better": bool(card["higher_is_better"]),
                "unit": str(card.get("unit", "")),
                "tolerance": float(card.get("tolerance", 0.0)),
                "tolerance_on": dict(card.get("tolerance_on", {})),
            }
            for name, card in data.run.metrics.items()
        },
        scores=scores,
        costs=costs,
        failures={
            (
                item.cell.restorer,
                item.cell.set,
                item.cell.image,
                item.metric or "",
            ): f"{item.kind}: {item.message}"
            for item in data.failures
        },
        sets={
            name: {key: planned.get(key) for key in ("conditions", "definition", "fingerprint")}
            for name, planned in data.run.plan.get("sets", {}).items()
        },
        environment={name: data.run.environment.get(name) for name in PROVENANCE},
    )


def rename(baseline: Baseline, aliases: Sequence[str]) -> Baseline:
    """Gives the restorers of a baseline the names that they have now, so that today's find their rows.

    Args:
        baseline: The older one.
        aliases: `NEW=OLD`.

    Raises:
        InputError: An alias without `=`, of a restorer that is not there, or to a name that another
            one has.
    """
    for alias in aliases:
        names = {name for name, *_ in (*baseline.scores, *baseline.failures)}
        # names hold `=` where a restorer has parameters: the one that parts two names counts
        splits = (
            (alias[:place], alias[place + 1 :])
            for place, letter in enumerate(alias)
            if letter == "="
        )
        new, old = next(
            ((new, old) for new, old in splits if old in names and new and new not in names),
            ("", ""),
        )
        if not new:
            known = ", ".join(sorted(names)) or "none"
            raise InputError(
                f"--alias {alias!r}: expected NEW=OLD; OLD is one of the baseline's, NEW is not "
                f"({known})"
            )

        def by(key: tuple[str, ...], new: str = new, old: str = old) -> Any:
            return (new, *key[1:]) if key[0] == old else key

        baseline = replace(
            baseline,
            scores={by(key): images for key, images in baseline.scores.items()},
            costs={by(key): images for key, images in baseline.costs.items()},
            failures={by(key): message for key, message in baseline.failures.items()},
            files={by(key): path for key, path in baseline.files.items()},
        )
    return baseline
