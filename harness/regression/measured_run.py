"""A run as a regression check sees it: what was measured, image by image with hashes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.cards import MetricCard
from harness.errors import InputError, StoreError
from harness.results import PlannedSet, RunData, SampleRecord, Spent
from harness.storage.store import load_run

# fields of the environment that must agree before seconds and memory are judged
HARDWARE = ("processor", "cores", "device", "accelerator", "workers")

# fields of the environment that explain a change and decide nothing
PROVENANCE = ("python", "platform", "packages", "git")

# of a hash: enough to tell images apart, and a file with a hundred thousand of them stays small
_DIGITS = 16

# restorer, set, metric
Group = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class MeasuredScore:
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


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """A run as a regression check sees it; a baseline is one in a file.

    Attributes:
        benchmark: Name of the benchmark.
        started: ISO 8601 time of the run.
        evaluation: Name, hash and fields of the evaluation; older files have no fields.
        hardware: The fields `HARDWARE` of the environment.
        metrics: Their cards; a file holds what a check needs of them.
        scores: (restorer, set, metric) -> image -> what was measured.
        costs: (restorer, set) -> image -> what was spent.
        failures: (restorer, set, image, metric or empty) -> kind and message.
        sets: What restorers were told, definition, fingerprint. Empty in files of version 0.1.0.
        environment: The fields `PROVENANCE`.
        files: (restorer, set, image) -> restored image; only of a run folder, and never written to
            a file.
        set_metrics: Metrics of sets that it has, which nothing is compared by; likewise.
    """

    benchmark: str
    started: str
    evaluation: Mapping[str, str]
    hardware: Mapping[str, object]
    metrics: Mapping[str, MetricCard]
    scores: Mapping[Group, Mapping[str, MeasuredScore]]
    costs: Mapping[tuple[str, str], Mapping[str, Spent]]
    failures: Mapping[tuple[str, str, str, str], str]
    sets: Mapping[str, PlannedSet] = field(default_factory=dict)
    environment: Mapping[str, object] = field(default_factory=dict)
    files: Mapping[tuple[str, str, str], Path] = field(default_factory=dict)
    set_metrics: tuple[str, ...] = ()


def load_measured(folder: Path) -> MeasuredRun:
    """Reads a run folder as a regression check sees it.

    Raises:
        StoreError: No run there, a damaged or an unfinished one: a verdict needs every row.
    """
    data = load_run(folder)
    for why in data.incomplete():
        raise StoreError(f"{folder}: {why}")
    return measured_run(data, folder)


def _files(data: RunData, folder: Path) -> dict[tuple[str, str, str], Path]:
    root = folder.resolve()
    paths = {
        (image.cell.restorer, image.cell.set, image.cell.image): (root / image.path).resolve()
        for image in data.restored
        if image.path
    }
    # a run may come from elsewhere: a path that leads out of it is none of its files
    return {cell: path for cell, path in paths.items() if path.is_relative_to(root)}


def measured_run(data: RunData, folder: Path | None = None) -> MeasuredRun:
    """Takes from a run what a later one is compared with.

    Args:
        data: The run.
        folder: Where its images lie.
    """
    restored = {image.cell: image.sha256 for image in data.restored}
    scores: dict[Group, dict[str, MeasuredScore]] = {}
    for score in data.scores:
        cell = score.cell
        sample = data.samples.get((cell.set, cell.image), SampleRecord())
        hashes = (sample.degraded_sha256, sample.reference_sha256, restored.get(cell))
        scores.setdefault((cell.restorer, cell.set, score.metric), {})[cell.image] = MeasuredScore(
            score.value, *((item or "")[:_DIGITS] for item in hashes)
        )
    costs: dict[tuple[str, str], dict[str, Spent]] = {}
    for image in data.restored:
        costs.setdefault((image.cell.restorer, image.cell.set), {})[image.cell.image] = image.spent
    run = data.run
    return MeasuredRun(
        benchmark=run.benchmark,
        started=run.started,
        evaluation={"name": "", "hash": ""}
        | {key: str(value) for key, value in run.plan.evaluation.items()},
        hardware=_hardware(data),
        metrics=run.metrics,
        scores=scores,
        costs=costs,
        failures={
            (failure.cell.restorer, failure.cell.set, failure.cell.image, failure.metric or ""): (
                f"{failure.kind}: {failure.message}"
            )
            for failure in data.failures
        },
        sets=run.plan.sets,
        environment={name: run.environment.get(name) for name in PROVENANCE},
        files=_files(data, folder) if folder else {},
        set_metrics=tuple(data.set_scores.cards),
    )


MIXED = "several kinds"
"""The hardware of a run whose rows were made on machines that differ."""


def _hardware(data: RunData) -> dict[str, object]:
    """What has to agree before costs are judged: of the machines that restored, not of this one."""
    run = data.run
    found = {name: run.environment.get(name) for name in HARDWARE}
    names = {image.spent.host for image in data.restored}
    hosts = run.hosts()
    if len({run.hardware(name) for name in names}) > 1:
        return {**found, "processor": MIXED, "accelerator": MIXED}
    host: Mapping[str, object] = next((hosts[name] for name in names if name and name in hosts), {})
    return found | {name: host[name] for name in found if name in host}


def rename(run: MeasuredRun, aliases: Sequence[str]) -> MeasuredRun:
    """Gives the restorers of a baseline the names that they have now.

    So today's restorers find their rows.

    Args:
        run: The older one.
        aliases: `NEW=OLD`.

    Raises:
        InputError: An alias without `=`, of a restorer that is not there, or to a name that another
            one has.
    """
    for alias in aliases:
        names = {name for name, *_ in (*run.scores, *run.failures)}
        # names hold `=` where a restorer has parameters: the one that parts two names counts
        splits = [(alias[:i], alias[i + 1 :]) for i, letter in enumerate(alias) if letter == "="]
        fitting = [{old: new} for new, old in splits if old in names and new and new not in names]
        if not fitting:
            raise InputError(
                f"alias {alias!r}: expected NEW=OLD; OLD is one of the baseline's, NEW is not "
                f"({', '.join(sorted(names)) or 'none'})"
            )
        now = fitting[0]
        run = replace(
            run,
            scores={(now.get(r, r), s, m): images for (r, s, m), images in run.scores.items()},
            costs={(now.get(r, r), s): images for (r, s), images in run.costs.items()},
            failures={(now.get(r, r), s, i, m): why for (r, s, i, m), why in run.failures.items()},
            files={(now.get(r, r), s, i): path for (r, s, i), path in run.files.items()},
        )
    return run
