"""Leaderboards, and what is read off them: differences, costs, headlines, trade-offs."""

from dataclasses import dataclass

SIGNIFICANT = 0.05
"""Restorers are told apart at or below this p; intervals are of 95 %, to match."""

FEW_IMAGES = 24
"""Below so many images, intervals and ranks are to be read with care; outputs say so."""

MIN_SIGNS = 6
"""With fewer images no test reaches p <= 0.05 without assuming a distribution: 2 / 2**5 = 0.06."""

TIMED_BESIDE = (
    "timed beside other restorations, or by a version that did not record whether; run it again "
    "with --workers 1, into a new folder or with --fresh, to time it alone"
)
"""Why a restorer is not ranked by time, and what to do."""

TIMED_IN_BATCHES = (
    "timed in batches, of which a cell has its share; run it again without --batch, into a new "
    "folder or with --fresh, to time it alone"
)
"""Likewise."""

MIXED_HARDWARE = (
    "restored on machines of several kinds, whose costs are not compared; ask for one kind of node "
    "(constraint, partition), or run the set again on one machine, into a new folder"
)
"""Likewise, of runs on a cluster and of merged ones."""

FIRST_CALLS = (
    "timed in first calls of workers alone, which are slower than later ones; give its chunks more "
    "cells (chunk_seconds), or run the set again on one machine"
)
"""Likewise, where others of the set have later calls."""


def caution(images: int) -> str:
    """What a small number of images means for ranks; empty where there are enough, or none."""
    if images == 1:
        return "one image: ranks are by its scores alone, and nothing is told apart"
    if 0 < images < MIN_SIGNS:
        return (
            f"{images} images: ranks, intervals and p assume normally distributed differences, "
            "which so few images cannot show"
        )
    if images < 1 or images >= FEW_IMAGES:
        return ""
    return (
        f"fewer than {FEW_IMAGES} images: intervals and ranks are rough, and too narrow where a "
        "few images differ far more than the rest"
    )


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
        n: Scores that entered the mean: of each image, those of every set that has it.
        failures: Cells of this restorer and set that have no score for this metric.
        median: Median over the same images.
        group: Tie group: 1 holds those whose range begins at 1, 2 those of the rest than whom
            nobody of the rest is better, and so on: no two of a group are told apart.
        gap: Mean minus that of the best mean of the leaderboard, in the metric's unit.
        gap_low: Lower end of its interval, paired by image; all such intervals of a leaderboard, of
            any two restorers, hold together with 95 %. `None` for the first row and for a single
            image, -inf where nothing can be excluded.
        gap_high: Upper end.
        p: Of no such gap, two-sided, corrected over all pairs of the leaderboard: at or below
            `SIGNIFICANT` exactly where the interval leaves 0 out.
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
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    p: float | None = None

    @property
    def ties_best(self) -> bool:
        """Whether the data cannot tell its mean from the best one, which is another's.

        Its range may begin below 1 all the same, where somebody else is told apart as better.
        """
        return self.rank not in (None, 1) and (self.p is None or self.p > SIGNIFICANT)


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The ranking of one set by one metric, best first; `set` is `None` for the whole benchmark.

    Attributes:
        images: In common to all that are ranked; one that several sets degrade is one.
    """

    benchmark: str
    set: str | None
    metric: str
    higher_is_better: bool
    rows: tuple[LeaderboardRow, ...]
    images: int = 0


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one restorer is from another by one metric, over the leaderboard's common images.

    Attributes:
        set: The set, or `None` for the whole benchmark.
        difference: Mean of `restorer` minus mean of `versus`, in the metric's unit.
        ci_low: Lower end of its interval, paired by image, one of those of all pairs of the
            leaderboard that hold together with 95 %; `None` with a single image.
        ci_high: Upper end.
        p: Two-sided, corrected over all pairs of the leaderboard, as what ranks are made of; `None`
            without a common image.
        n: Scores of each, as of a row; 0 when `restorer` is not ranked.
        verdict: `better`, `worse` or `same`, for `restorer` against `versus`, at p <= 0.05.
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
        seconds: Median over `timed` images.
        peak_mib: Largest; `None` in runs of older versions.
        n: Images that were restored.
        cuda_mib: Largest; `None` on a CPU.
        flops: Median; `None` where they were not counted.
        tile: Smallest; `None` where every image was restored at once.
        precision: Those that were used, such as `fp32` or `fp16, fp32`; `None` where it was not
            recorded.
        fell_back: How many images fell back to `fp32`.
        growth_mib: Largest.
        timed: Images whose seconds count: those that were the first of a worker do not, where there
            are others.
        beside: Largest; `None` where it is not known of every image.
        device: `cpu` or `cuda:N`; several of a merged run.
        mixed: Whether the set was restored on hardware of several kinds, by whatever restorer.
        first: Whether it has the first calls of workers alone, where others of the set have more.
        batch: Images in its largest batch, of which `seconds` are a share; memory is all of theirs.
        threads: Largest; `None` where it was not recorded.
        size: Width x height of the degraded images, such as `512x768`, or the smallest and the
            largest of them, `96x128 to 512x768`; `None` where it was not recorded.
    """

    restorer: str
    set: str
    seconds: float
    peak_mib: float | None
    n: int
    cuda_mib: float | None = None
    flops: float | None = None
    tile: int | None = None
    precision: str | None = None
    fell_back: int = 0
    growth_mib: float = 0.0
    timed: int = 0
    beside: int | None = None
    device: str | None = None
    threads: int | None = None
    size: str | None = None
    mixed: bool = False
    first: bool = False
    batch: int = 1

    @property
    def timed_alone(self) -> bool:
        """Whether all were timed alike and alone, on one kind of hardware: only then time ranks."""
        return not self.untimed

    @property
    def untimed(self) -> str:
        """Why it is not ranked by time, or nothing."""
        if self.mixed:
            return MIXED_HARDWARE
        if self.beside != 0:
            return TIMED_BESIDE
        if self.batch > 1:
            return TIMED_IN_BATCHES
        return FIRST_CALLS if self.first else ""

    @property
    def memory_mib(self) -> float | None:
        """The memory that counts: the GPU's, where it ran on one."""
        return self.peak_mib if self.cuda_mib is None else self.cuda_mib


@dataclass(frozen=True, slots=True)
class Headline:
    """Who leads on one set, by the benchmark's first metric that ranks there.

    Attributes:
        set: The set, or `None` for the whole benchmark.
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
    """A restorer in a plot of two quantities.

    `pareto` when no other is at least as good in both.
    """

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
