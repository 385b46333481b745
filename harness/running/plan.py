"""What a run is going to do.

Names are made into objects, and what is skipped has its reason.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field

from harness.cards import plain_types
from harness.errors import InputError, UnavailableError, as_utf8
from harness.plugins.fingerprints import metric_fingerprint, restorer_fingerprint
from harness.plugins.kinds import fixed_card, image_metric, metrics, part_metrics, restorers
from harness.plugins.registry import require_usable, why_missing
from harness.plugins.source import imported_by_workers
from harness.plugins.specification import RestorerSpec, parse_restorer, unique_name
from harness.protocols import (
    Benchmark,
    DegradedSet,
    MetricCard,
    Restorer,
    RestorerCard,
    card_mismatch,
)
from harness.restoring.probing import describe_restorer, probe_restorer
from harness.results import PlannedSet, RunPlan, RunRestorer, Skipped
from harness.running.kept_cards import card_key, keep, recall
from harness.workers.allocation import free_mib
from harness.workers.devices import choose_device
from harness.workers.pool import Trouble, WorkerPool, announce

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
        notes: What it has to say of them to who starts the run.
    """

    name: str
    spec: RestorerSpec
    card: RestorerCard
    fingerprint: str
    sets: frozenset[str]
    notes: Sequence[str] = ()


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
    set_metrics: tuple[str, ...] = ()
    """Metrics of sets, which are measured when the cells are done."""
    many: frozenset[str] = frozenset()
    """Sets whose restored images lie in many folders, though this is but a part of their images."""

    def cells(self) -> int:
        """How many restorations the plan holds."""
        return sum(len(self.ids[name]) for restorer in self.restorers for name in restorer.sets)

    def imports(self) -> frozenset[str]:
        """What workers that carry it out are going to import, of what takes long."""
        return imports([item.spec for item in self.restorers], self.metrics, self.device)

    def header(self) -> RunPlan:
        """What decides the scores; kept in the run and compared on resume."""
        evaluation = self.benchmark.evaluation
        return RunPlan(
            benchmark=self.benchmark.name,
            description=self.benchmark.description,
            evaluation={**asdict(evaluation), "hash": evaluation.hash()},
            sets={item.name: self._planned_set(item) for item in self.sets},
            metrics=tuple(self.metrics),
        )

    def _planned_set(self, item: DegradedSet) -> PlannedSet:
        every = item.ids()
        return PlannedSet(
            task=str(item.task),
            conditions=plain_types(item.conditions.as_json()),
            images=len(self.ids[item.name]),
            definition=dict(plain_types(item.describe())),
            order=() if list(every) == sorted(every) else every,
        )

    def cards(self) -> dict[str, RunRestorer]:
        """The cards of the restorers that will run."""
        return {
            item.name: RunRestorer.of(item.card, item.fingerprint, as_utf8(item.spec.text))
            for item in self.restorers
        }


def make_plan(
    benchmark: Benchmark,
    restorer_texts: Sequence[str] = (),
    metric_names: Sequence[str] = (),
    set_names: Sequence[str] = (),
    limit: int | None = None,
    device: str = "cpu",
    *,
    elsewhere: bool = False,
) -> Plan:
    """Resolves every name and decides what runs.

    Args:
        benchmark: What to run.
        restorer_texts: As typed after `-r`; empty: the benchmark's own.
        metric_names: Empty: the benchmark's own.
        set_names: Part of the benchmark's sets; empty: all.
        limit: Only the first so many images of each set.
        device: `auto`, `cpu` or `cuda:N`.
        elsewhere: Whether other machines carry it out, which look for the device themselves.

    Raises:
        InputError: A name that nobody has registered, a file or device that is not here, or a
            parameter that a restorer does not take.
        UnavailableError: A restorer or metric that the user named is not usable here.
    """
    sets, skipped = choose_sets(benchmark, set_names)
    ids = choose_ids(sets, limit)
    of_images, of_sets = part_metrics(metric_names)
    cards, absent = choose_metrics(of_images, benchmark.metrics)
    specs = _parse(restorer_texts or benchmark.restorers or _all_usable(), bool(restorer_texts))
    if not elsewhere:
        device = choose_device(device)  # may have to ask torch: nothing above does
    planned, more = _choose_restorers(specs, sets, device, lambda: imports(specs, cards, device))
    fingerprints = {name: metric_fingerprint(name, device) for name in cards}
    known = benchmark, sets, ids, planned, cards, fingerprints
    rest = (*skipped, *more), device, absent, of_sets
    return Plan(*known, *rest)


def choose_ids(sets: Sequence[DegradedSet], limit: int | None) -> dict[str, tuple[str, ...]]:
    """The images of sets; their names lead to rows and files, and none is changed on its way.

    Raises:
        InputError: One has no UTF-8. Sets of folders escape the names of their files themselves. Or
            the limit is no number of images.
    """
    if limit is not None and (not isinstance(limit, int) or limit is True or limit < 1):
        raise InputError(f"limit is {limit!r}; expected a number of images, 1 or more")
    ids = {item.name: item.ids()[:limit] for item in sets}
    for set_name, images in ids.items():
        for name in (set_name, *images):
            if as_utf8(name) != name:
                raise InputError(
                    f"set {set_name!r} has the name {name!r}, which has no UTF-8; its author can "
                    "escape it with harness.errors.as_utf8"
                )
    return ids


def imports(
    specs: Iterable[RestorerSpec], metric_names: Iterable[str], device: str
) -> frozenset[str]:
    """What workers are going to import for restorers and metrics, of what takes long."""
    modules = {metrics.get(name).__module__ for name in metric_names}
    for spec in specs:
        modules |= {spec.cls().__module__, (spec.argument or "").partition(":")[0]} - {""}
    found = imported_by_workers(modules)
    # of other packages it is not known whether they ask for the GPU, which no fork survives
    return found if device == "cpu" else found & {"torch"}


def choose_sets(
    benchmark: Benchmark, names: Sequence[str]
) -> tuple[tuple[DegradedSet, ...], list[Skipped]]:
    """The sets of a benchmark that are here, and why others are not."""
    known = [item.name for item in benchmark.sets]
    for name in names:
        if name not in known:
            raise InputError(f"{benchmark.name} has no set {name!r}; its sets: {', '.join(known)}")
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


def choose_metrics(
    names: Sequence[str], defaults: Sequence[str]
) -> tuple[dict[str, MetricCard], dict[str, str]]:
    """The cards of what can be measured, and why the rest of the benchmark's own metrics cannot.

    Raises:
        UnavailableError: One that was named, or none at all, is usable here.
    """
    cards, absent = {}, {}
    for name in dict.fromkeys(names or defaults):
        metric = image_metric(name)
        if names:
            require_usable(f"metric {name}", metric)
        if reason := why_missing(metric):
            absent[name] = reason
        else:
            cards[name] = plain_types(metric.card)
    if not cards:
        raise UnavailableError(
            "no metric is usable here: " + "; ".join(f"{k}: {v}" for k, v in absent.items())
        )
    return cards, absent


def _parse(texts: Sequence[str], are_named: bool) -> list[RestorerSpec]:
    """What the texts name, checked as far as that is possible without building anything."""
    specs = [parse_restorer(text) for text in dict.fromkeys(texts)]
    for spec in specs:
        if are_named:
            require_usable(f"restorer {spec.text}", spec.cls())
        spec.check()
    return specs


def _choose_restorers(
    specs: Sequence[RestorerSpec],
    sets: Sequence[DegradedSet],
    device: str,
    imported: Callable[[], frozenset[str]],
) -> tuple[tuple[PlannedRestorer, ...], list[Skipped]]:
    planned: dict[str, PlannedRestorer] = {}
    skipped = []
    for spec in specs:
        if reason := why_missing(spec.cls()):
            skipped += [Skipped(spec.plugin, item.name, reason) for item in sets]
            continue
        card, reasons, notes = _describe(spec, sets, imported)
        card = plain_types(card)
        name = unique_name(spec, card, planned)
        skipped += [Skipped(name, set_name, why) for set_name, why in reasons.items() if why]
        supported = frozenset(set_name for set_name, why in reasons.items() if not why)
        fingerprint = restorer_fingerprint(spec, card, device)
        planned[name] = PlannedRestorer(name, spec, card, fingerprint, supported, notes)
    return tuple(planned.values()), skipped


def _all_usable() -> list[str]:
    """What runs when neither the user nor the benchmark names a restorer."""
    classes = {name: restorers.get(name) for name in restorers}
    cards = {name: fixed_card(cls) for name, cls in classes.items() if why_missing(cls) is None}
    return [name for name, card in cards.items() if card is None or not card.only_when_named]


def _describe(
    spec: RestorerSpec, sets: Sequence[DegradedSet], imported: Callable[[], frozenset[str]]
) -> tuple[RestorerCard, dict[str, str | None], Sequence[str]]:
    """The card, for each set the reason why the restorer cannot be run on it, and its notes.

    A class with a fixed card is only looked at. A restorer given by path learns its card from its
    file: it is built in a worker, where a hostile or broken file does no harm, and its card is kept
    for the next plan (`harness.running.kept_cards`).
    """
    cls = spec.cls()
    card = fixed_card(cls)
    if card is not None and getattr(cls, "supports", None) is Restorer.supports:
        return card, {item.name: card_mismatch(card, item) for item in sets}, ()
    key = card_key(spec)
    if key is not None and (card := recall(spec, key)) is not None:
        return card, {item.name: card_mismatch(card, item) for item in sets}, ()
    announce(imported)
    with WorkerPool(1, private=True, memory_mib=free_mib()) as pool:
        described = pool.run(describe_restorer, spec, tuple(sets), timeout=LOAD_SECONDS)
        if isinstance(described, Trouble):
            raise InputError(f"restorer {spec.text!r} cannot be loaded: {described.message}")
        # one that hangs or crashes here does so in its cells as well, which are rows that say so
        wrong = pool.run(probe_restorer, spec, timeout=PROBE_SECONDS) if spec.probed() else None
    if isinstance(wrong, str):
        raise InputError(f"restorer {spec.text!r}: {wrong}")
    card, reasons, may_be_kept, notes = described
    # not a file that was replaced meanwhile, nor a network that the probe has not seen through
    if key is not None and may_be_kept and wrong is None and key == card_key(spec):
        keep(spec, key, card)
    return card, reasons, notes
