"""What a run produces: one tidy, frozen row for each score, failure, timing and skipped pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FEW_IMAGES = 24
"""Below so many images, intervals and ranks are to be read with care; outputs say so."""


class FailureKind(StrEnum):
    """Why a cell (restorer x image) has no score."""

    LOAD = "load"  # the restorer could not be built
    RAISED = "raised"  # restore() raised
    INVALID = "invalid"  # NaN, wrong size, wrong dtype: not a restored image
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the worker process died
    MEMORY = "memory"  # it took more memory than there is, or than it may
    SAMPLE = "sample"  # the set could not deliver this image
    METRIC = "metric"  # the image was restored, one metric failed


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One metric on one image.

    Attributes:
        value: In the unit of the metric's card. `inf` is a value (PSNR of identical images); NaN is
            a failure.
        spread: One standard deviation of the metric's own uncertainty in the same unit, where it
            knows it.
    """

    value: float
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One restorer on one image of one set."""

    restorer: str
    set: str
    image: str


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one cell."""

    cell: Cell
    metric: str
    value: float
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell, or one metric of it, that has no score.

    Attributes:
        metric: The metric that failed, or `None` when the restoration itself did.
    """

    cell: Cell
    kind: FailureKind
    message: str
    metric: str | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """What one restoration cost, and how it was computed.

    Attributes:
        seconds: Wall-clock seconds of `restore` alone: the restorer was loaded and warmed up
            before.
        peak_mib: Growth of the worker's peak resident memory over what it held before the cell, in
            MiB.
        cuda_mib: Peak of what torch held on the GPU during the cell, weights included, in MiB;
            `None` on a CPU.
        flops: Floating-point operations of the torch modules, a multiply-add counted as two; `None`
            for a restorer that runs none, and where they cannot be counted.
        tile: Height and width of the smallest tile that was used, in degraded pixels; `None`: the
            whole image at once.
        precision: `fp32`, `fp16` or `bf16`; `None` in runs of older versions, which did not record
            it.
        fell_back: Whether a reduced precision gave no image, so that `fp32` was used in its place.
    """

    cell: Cell
    seconds: float
    peak_mib: float
    cuda_mib: float | None = None
    flops: int | None = None
    tile: int | None = None
    precision: str | None = None
    fell_back: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A restorer that does not support a set, or a set that is not here. Not a failure."""

    restorer: str | None
    set: str
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """One finished or unfinished run, as the store knows it.

    Attributes:
        id: The run's random identifier, 12 hex digits.
        started: ISO 8601 time in UTC.
        benchmark: Name of the benchmark.
        plan: Everything that decides the scores, as JSON types: sets with fingerprints, metrics,
            evaluation, limit.
        restorers: The restorers' cards as flat mappings, by name, with their fingerprints.
        metrics: The metrics' cards as flat mappings, by name.
        environment: Versions, hardware, git: provenance only.
        status: `running` or `finished`.
    """

    id: str
    started: str
    benchmark: str
    plan: Mapping[str, Any]
    restorers: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, Mapping[str, Any]]
    environment: Mapping[str, Any]
    status: str


@dataclass(frozen=True, slots=True)
class LeaderboardRow:
    """One restorer's standing by one metric on one set.

    Attributes:
        rank: 1 is best, by mean; `None` when the restorer has no common image.
        rank_low: Best rank that the data cannot exclude; all ranges of a leaderboard hold together
            with 95 %.
        rank_high: Worst such rank.
        mean: Mean over the images that all ranked restorers have in common.
        ci_low: Lower end of the studentised 95 % interval of the mean, by image.
        ci_high: Upper end.
        n: Images that entered the mean.
        failures: Cells of this restorer and set that have no score for this metric.
        median: Median over the same images.
        group: Tie group: 1 holds the best and all that it is not told apart from, 2 the best of the
            rest and all that *it* is not told apart from, and so on.
    """

    restorer: str
    rank: int | None
    rank_low: int | None
    rank_high: int | None
    mean: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    failures: int
    median: float | None = None
    group: int | None = None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The ranking of one benchmark's set (`None`: the whole benchmark) by one metric, best first."""

    benchmark: str
    set: str | None
    metric: str
    higher_is_better: bool
    rows: tuple[LeaderboardRow, ...]


@dataclass(frozen=True, slots=True)
class CellRecord:
    """Where a cell's images lie, for reports. Paths are relative to the run folder; `None` when there is none."""

    cell: Cell
    restored: str | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class RunData:
    """Everything the store holds of a run, as tidy rows. Ranking and reports start from here."""

    run: Run
    scores: Sequence[Score]
    failures: tuple[Failure, ...]
    timings: Sequence[Timing]
    skipped: tuple[Skipped, ...]
    cells: Sequence[CellRecord]
    samples: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    """(set, image) -> `degraded` and `reference` (or `None`), PNG previews relative to the run folder, and the hashes
    of the pixels themselves, `degraded_sha256` and `reference_sha256`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one restorer is from another by one metric, over the common images of the leaderboard.

    Attributes:
        set: The set, or `None` for the whole benchmark.
        difference: Mean of `restorer` minus mean of `versus`, in the metric's unit.
        ci_low: Lower end of the 95 % paired bootstrap interval; `None` with a single image.
        ci_high: Upper end.
        p: Two-sided, by flipping signs; `None` without a common image. Not corrected for many
            comparisons.
        n: Common images; 0 when `restorer` is not ranked.
        verdict: `better`, `worse` or `same`, for `restorer` against `versus`, at p < 0.05.
    """

    restorer: str
    versus: str
    set: str | None
    metric: str
    difference: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    n: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What a restorer costs on one set, over n images.

    Attributes:
        seconds: Median.
        peak_mib: Largest.
        cuda_mib: Largest; `None` on a CPU.
        flops: Median; `None` where they were not counted.
        tile: Smallest; `None` where every image was restored at once.
        precision: Those that were used, such as `fp32` or `fp16, fp32`; `None` where it was not
            recorded.
        fell_back: How many images fell back to `fp32`.
    """

    restorer: str
    set: str
    seconds: float
    peak_mib: float
    n: int
    cuda_mib: float | None = None
    flops: float | None = None
    tile: int | None = None
    precision: str | None = None
    fell_back: int = 0


@dataclass(frozen=True, slots=True)
class Headline:
    """Who leads on one set (`None`: the whole benchmark) by the benchmark's first metric that ranks there.

    Attributes:
        leaders: The restorer with the best mean, and then those that the data cannot tell from it.
        mean: The first leader's mean.
        ranked: How many restorers are ranked.
    """

    task: str
    set: str | None
    metric: str
    leaders: tuple[str, ...]
    mean: float
    n: int
    ranked: int


@dataclass(frozen=True, slots=True)
class TradeOffPoint:
    """A restorer in a plot of two quantities; `pareto` when no other is at least as good in both."""

    restorer: str
    x: float
    y: float
    pareto: bool


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Two quantities of one set that pull apart: quality and a cost, or perception and distortion.

    Attributes:
        kind: `quality-seconds`, `quality-parameters`, `quality-peak_mib` or
            `perception-distortion`.
        x: `seconds`, `parameters`, `peak_mib`, or the name of a metric.
        y: The name of a metric.
    """

    kind: str
    set: str
    x: str
    y: str
    x_higher_is_better: bool
    y_higher_is_better: bool
    points: tuple[TradeOffPoint, ...]
