"""What a run is going to do: names made into objects, what is skipped and why, and the plan that results depend on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from harness.errors import InputError, UnavailableError
from harness.plugins import RestorerSpec, metrics, parse_restorer, restorers
from harness.protocols import (
    Benchmark,
    DegradedSet,
    MetricCard,
    Restorer,
    RestorerCard,
    card_mismatch,
)
from harness.restoring.in_worker import describe_restorer, probe_restorer
from harness.results import Skipped
from harness.scoring.in_worker import metric_fingerprint
from harness.storage.provenance import file_hash, source_hash
from harness.workers.pool import Trouble, WorkerPool, free_mib, outcome

LOAD_SECONDS = 300.0
"""How long a restorer given by path may take to load."""

PROBE_SECONDS = 120.0
"""How long a small photograph may take; a network that needs longer is not probed."""


@dataclass(frozen=True, slots=True)
class PlannedRestorer:
    """A restorer that will run.

    Attributes:
        name: Unique in the run; what the results call it.
        fingerprint: What its restored images depend on besides the degraded ones.
        sets: Names of the sets it supports.
    """

    name: str
    spec: RestorerSpec
    card: RestorerCard
    fingerprint: str
    sets: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run is going to do, before anything has run."""

    benchmark: Benchmark
    sets: tuple[DegradedSet, ...]
    ids: dict[str, tuple[str, ...]]
    restorers: tuple[PlannedRestorer, ...]
    metrics: dict[str, MetricCard]
    metric_fingerprints: dict[str, str]
    skipped: tuple[Skipped, ...]
    device: str
    absent_metrics: dict[str, str] = field(default_factory=dict)
    """Metrics of the benchmark that are not usable here, and why."""

    def cells(self) -> int:
        """How many restorations the plan holds."""
        return sum(len(self.ids[name]) for restorer in self.restorers for name in restorer.sets)

    def as_json(self) -> dict[str, Any]:
        """What decides the scores, as JSON types; kept in the run and compared on resume."""
        evaluation = self.benchmark.evaluation
        return {
            "benchmark": self.benchmark.name,
            "description": self.benchmark.description,
            "evaluation": {**asdict(evaluation), "hash": evaluation.hash()},
            "sets": {
                item.name: {
                    "task": str(item.task),
                    "conditions": item.conditions.as_json(),
                    "images": len(self.ids[item.name]),
                    "definition": dict(item.describe()),
                }
                for item in self.sets
            },
            "metrics": list(self.metrics),
        }

    def restorer_cards(self) -> dict[str, dict[str, Any]]:
        """The restorers' cards as JSON types, with fingerprint and specification."""
        return {
            item.name: {
                **asdict(item.card),
                "fingerprint": item.fingerprint,
                "specification": item.spec.text,
            }
            for item in self.restorers
        }

    def metric_cards(self) -> dict[str, dict[str, Any]]:
        """The metrics' cards as JSON types; infinite bounds become `None`."""
        cards = {name: asdict(card) for name, card in self.metrics.items()}
        for card in cards.values():
            card["bounds"] = [
                None if abs(bound) == float("inf") else bound for bound in card["bounds"]
            ]
        return cards


def make_plan(
    benchmark: Benchmark,
    restorer_texts: Sequence[str] = (),
    metric_names: Sequence[str] = (),
    set_names: Sequence[str] = (),
    limit: int | None = None,
    device: str = "cpu",
) -> Plan:
    """Resolves every name and decides what runs.

    Args:
        benchmark: What to run.
        restorer_texts: As typed after `-r`; empty: the benchmark's own.
        metric_names: Empty: the benchmark's own.
        set_names: Part of the benchmark's sets; empty: all.
        limit: Only the first so many images of each set.
        device: `cpu` or `cuda:N`.

    Raises:
        InputError: A name that nobody has registered, or nothing is left to run.
        UnavailableError: A restorer or metric that the user named is not usable here.
    """
    sets, skipped = _choose_sets(benchmark, set_names)
    cards, absent = _choose_metrics(metric_names, benchmark.metrics)
    planned, more = _choose_restorers(restorer_texts, benchmark.restorers, sets, device)
    return Plan(
        benchmark=benchmark,
        sets=sets,
        ids={item.name: item.ids()[:limit] for item in sets},
        restorers=planned,
        metrics=cards,
        metric_fingerprints={name: metric_fingerprint(name, device) for name in cards},
        skipped=(*skipped, *more),
        device=device,
        absent_metrics=absent,
    )


def _choose_sets(
    benchmark: Benchmark, names: Sequence[str]
) -> tuple[tuple[DegradedSet, ...], list[Skipped]]:
    by_name = {item.name: item for item in benchmark.sets}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise InputError(
            f"{benchmark.name} has no set {unknown[0]!r}; its sets: {', '.join(by_name)}"
        )
    chosen, skipped = [], []
    for item in benchmark.sets:
        if names and item.name not in names:
            continue
        reason = item.absent()
        if reason is None:
            chosen.append(item)
        elif item.name in benchmark.optional:
            skipped.append(Skipped(None, item.name, reason))
        else:
            raise InputError(f"set {item.name} is not here: {reason}")
    return tuple(chosen), skipped


def _choose_metrics(
    names: Sequence[str], defaults: Sequence[str]
) -> tuple[dict[str, MetricCard], dict[str, str]]:
    """The cards of what can be measured, and why the rest of the benchmark's own metrics cannot."""
    cards, absent = {}, {}
    for name in dict.fromkeys(names or defaults):
        metric = metrics.get(name)
        reason = metric.missing() if hasattr(metric, "missing") else None
        if reason and names:
            raise UnavailableError(f"metric {name} is not usable here: {reason}")
        if reason:
            absent[name] = reason
        else:
            cards[name] = metric.card
    if not cards:
        raise UnavailableError(
            "no metric is usable here: " + "; ".join(f"{k}: {v}" for k, v in absent.items())
        )
    return cards, absent


def _choose_restorers(
    texts: Sequence[str], defaults: Sequence[str], sets: Sequence[DegradedSet], device: str
) -> tuple[tuple[PlannedRestorer, ...], list[Skipped]]:
    planned: dict[str, PlannedRestorer] = {}
    skipped = []
    for text in dict.fromkeys(texts or defaults or _all_usable()):
        spec = parse_restorer(text)
        reason = _missing(spec.cls())
        if reason and texts:
            raise UnavailableError(f"restorer {text} is not usable here: {reason}")
        if reason:
            skipped += [Skipped(spec.plugin, item.name, reason) for item in sets]
            continue
        card, reasons = _describe(spec, sets)
        name = _unique_name(spec, card, planned)
        skipped += [Skipped(name, set_name, why) for set_name, why in reasons.items() if why]
        supported = frozenset(set_name for set_name, why in reasons.items() if not why)
        fingerprint = restorer_fingerprint(spec, card, device)
        planned[name] = PlannedRestorer(name, spec, card, fingerprint, supported)
    return tuple(planned.values()), skipped


def _all_usable() -> list[str]:
    return [name for name in restorers if _missing(restorers.get(name)) is None and name != "bm3d"]


def _missing(cls: type[Restorer]) -> str | None:
    return cls.missing() if hasattr(cls, "missing") else None


def _describe(
    spec: RestorerSpec, sets: Sequence[DegradedSet]
) -> tuple[RestorerCard, dict[str, str | None]]:
    """The card, and for each set the reason why the restorer cannot be run on it, or `None`.

    A class with a fixed card is only looked at. A restorer given by path learns its card from its
    file: it is built in a worker, where a hostile or broken file does no harm.
    """
    cls: Any = spec.cls()
    if (
        isinstance(getattr(cls, "card", None), RestorerCard)
        and getattr(cls, "supports", None) is Restorer.supports
    ):
        return cls.card, {item.name: card_mismatch(cls.card, item) for item in sets}
    pool = WorkerPool(1, private=True, memory_mib=free_mib())
    try:
        future = pool.submit(describe_restorer, spec, tuple(sets), timeout=LOAD_SECONDS)
        described = outcome(future, LOAD_SECONDS)
        wrong = None
        if spec.probed() and not isinstance(described, Trouble):
            # a network that hangs or crashes here does so in its cells as well, which are rows that
            # say so
            wrong = outcome(pool.submit(probe_restorer, spec, timeout=PROBE_SECONDS), PROBE_SECONDS)
    finally:
        pool.close(kill=True)
    if isinstance(wrong, str):
        raise InputError(f"restorer {spec.text!r}: {wrong}")
    if isinstance(described, Trouble):
        raise InputError(f"restorer {spec.text!r} cannot be loaded: {described.message}")
    card, reasons = described
    return card, reasons


def _unique_name(spec: RestorerSpec, card: RestorerCard, taken: dict[str, PlannedRestorer]) -> str:
    parameters = ",".join(f"{key}={value}" for key, value in spec.parameters)
    name = f"{card.name}:{parameters}" if parameters else card.name
    return name if name not in taken else f"{name}@{spec.text}"


def restorer_fingerprint(spec: RestorerSpec, card: RestorerCard, device: str) -> str:
    """What a restored image depends on besides the degraded one, hashed.

    The distribution's version and the source of the adapter, weights, parameters, and the kind of
    device.
    """
    module = spec.cls().__module__
    package = module.partition(".")[0]
    parts = [
        source_hash(module),
        _version_of(package),
        *(weight.sha256 for weight in card.weights),
        *card.weights_sha256,
        repr(spec.parameters),
        device.partition(":")[0],
    ]
    if spec.argument is not None:
        path = Path(spec.argument)
        parts += (
            [file_hash(path)]
            if path.is_file()
            else [spec.argument, source_hash(spec.argument.partition(":")[0])]
        )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _version_of(package: str) -> str:
    # our own adapters are told apart by their source, so that a release alone does not run
    # everything again
    if package in ("restorers", "harness"):
        return ""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
