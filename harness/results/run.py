"""A whole run, as the store knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace

from harness.cards import MetricCard, RestorerCard
from harness.results.cells import Failure, Restored, Score, Skipped
from harness.results.set_scores import SetScores

RUNNING = "running"
"""The status of a run that has not finished."""


@dataclass(frozen=True, slots=True)
class PlannedSet:
    """What a run says of one of its sets, as JSON types.

    Attributes:
        task: One of `harness.cards.Task`, or what a newer version called it.
        conditions: What restorers were told: `harness.conditions.Conditions.as_json`.
        images: How many were planned.
        definition: Source, degradation, seed and licence: `DegradedSet.describe`.
        fingerprint: Hash of the pixels; `None` until the run has finished.
        order: The ids of the whole set, where they are not in the order of their names.
    """

    task: str = ""
    conditions: Mapping[str, object] = field(default_factory=dict)
    images: int = 0
    definition: Mapping[str, object] = field(default_factory=dict)
    fingerprint: str | None = None
    order: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """As JSON types; a fingerprint or an order that there is not is left out."""
        known = asdict(self)
        return {
            key: known[key] for key in known if known[key] or key not in ("fingerprint", "order")
        }


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What decides the scores of a run.

    Attributes:
        benchmark: Its name.
        evaluation: The fields of the `Evaluation`, with `name` and `hash`, as JSON types.
        sets: By name, in the benchmark's order.
        metrics: In the benchmark's order: the first is what it ranks by.
    """

    benchmark: str
    description: str = ""
    evaluation: Mapping[str, object] = field(default_factory=dict)
    sets: Mapping[str, PlannedSet] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """As JSON types, as it is kept in the run."""
        return {
            "benchmark": self.benchmark,
            "description": self.description,
            "evaluation": dict(self.evaluation),
            "sets": {name: planned.as_json() for name, planned in self.sets.items()},
            "metrics": list(self.metrics),
        }


@dataclass(frozen=True, slots=True)
class RunRestorer(RestorerCard):
    """The card of a restorer that has run.

    Attributes:
        fingerprint: What its restored images depend on besides the degraded ones, hashed.
        specification: What the user typed after `-r`.
    """

    fingerprint: str = ""
    specification: str = ""

    @classmethod
    def of(cls, card: RestorerCard, fingerprint: str, specification: str) -> RunRestorer:
        """The card of a restorer, with what a run adds to it."""
        said = {field.name: getattr(card, field.name) for field in fields(card)}
        return cls(**said, fingerprint=fingerprint, specification=specification)


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """One image of a set in the run: the hashes of its pixels, `harness.images.image_hash`.

    Where its pictures lie is looked up when somebody shows them.

    Attributes:
        reference_sha256: `None` where the set has no references.
    """

    degraded_sha256: str = ""
    reference_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One finished or unfinished run.

    Attributes:
        id: The run's random identifier, 12 hex digits.
        started: ISO 8601 time in UTC.
        plan: Everything that decides the scores.
        restorers: By name.
        metrics: By name; a metric whose card is lost has none, and cannot be ranked.
        environment: Versions, hardware, git: provenance only, as JSON types.
        status: `running` or `finished`.
    """

    id: str
    started: str
    plan: RunPlan
    restorers: Mapping[str, RunRestorer]
    metrics: Mapping[str, MetricCard]
    environment: Mapping[str, object]
    status: str

    @property
    def benchmark(self) -> str:
        """Name of the benchmark."""
        return self.plan.benchmark

    def hosts(self) -> Mapping[str, Mapping[str, object]]:
        """Machines that have restored for it, by the ids that its rows name.

        None in runs of older versions, which had one: that of `environment`.
        """
        found = self.environment.get("hosts")
        if not isinstance(found, Mapping):
            return {}
        return {str(name): host for name, host in found.items() if isinstance(host, Mapping)}

    def with_hosts(self, *hosts: Mapping[str, Mapping[str, object]]) -> Run:
        """The same run with more machines."""
        every = dict(self.hosts())
        for some in hosts:
            every |= some
        return replace(
            self, environment={**self.environment, "hosts": every} if every else self.environment
        )

    def hardware(self, host: str | None) -> str:
        """Which hardware a host is, as text: costs on other hardware are not compared."""
        known = self.hosts().get(host or "") or self.environment
        parts = [known.get(name) for name in ("processor", "accelerator", "driver")]
        return ", ".join(str(part) for part in parts if part)

    def restorer(self, name: str) -> RunRestorer:
        """The card of a restorer, or an empty one where it is lost."""
        return self.restorers.get(name) or RunRestorer(name)

    def metric(self, name: str) -> MetricCard:
        """The card of a metric, or one that says nothing where it is lost."""
        return self.metrics.get(name) or MetricCard(name, False, True)


@dataclass(frozen=True, slots=True)
class RunData:
    """Everything the store holds of a run, as tidy rows. Ranking and reports start from here.

    Attributes:
        restored: The images that there are, with what each cost.
        samples: By set and image.
        set_scores: What metrics of sets say.
        lost: Rows that were damaged, and are left out.
    """

    run: Run
    scores: Sequence[Score]
    failures: tuple[Failure, ...]
    restored: Sequence[Restored]
    skipped: tuple[Skipped, ...]
    samples: Mapping[tuple[str, str], SampleRecord] = field(default_factory=dict)
    set_scores: SetScores = field(default_factory=SetScores)
    lost: int = 0

    def incomplete(self) -> tuple[str, ...]:
        """Why its figures are not those of the whole run: a sentence each."""
        said = []
        if self.lost:
            rows = "row is" if self.lost == 1 else "rows are"
            said.append(
                f"{self.lost} damaged {rows} left out; the same `restobench run` makes them again"
            )
        if self.run.status == RUNNING:
            failed = sum(failure.metric is None for failure in self.failures)
            there, planned = len(self.restored) + failed, self._planned()
            cells = f"{there} of {planned}" if there <= planned else there
            said.append(
                f"the run was stopped, or goes on: {cells} cells are there; the same `restobench "
                "run` goes on from there"
            )
        return tuple(said)

    def _planned(self) -> int:
        """Cells of the plan."""
        skipped = {(item.restorer, item.set) for item in self.skipped}
        return sum(
            planned.images
            for name, planned in self.run.plan.sets.items()
            for restorer in self.run.restorers
            if not skipped & {(restorer, name), (None, name)}
        )
