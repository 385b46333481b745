"""One cell of a run: its score, its failure, its restored image and what that cost."""

from dataclasses import dataclass
from enum import StrEnum


class FailureKind(StrEnum):
    """Why a cell (restorer x image) has no score."""

    LOAD = "load"  # the restorer could not be built
    RAISED = "raised"  # restore() raised
    INVALID = "invalid"  # NaN, wrong size, wrong dtype: not a restored image
    TIMEOUT = "timeout"
    CRASHED = "crashed"  # the worker process died
    MEMORY = "memory"  # it took more memory than there is, or than it may
    SAMPLE = "sample"  # the set could not deliver this image
    LOST = "lost"  # a cluster has lost it: its node died, or its job was ended, each time
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
class Spent:
    """What one restoration cost, and how it was computed.

    Attributes:
        seconds: Wall-clock seconds of `restore` alone: the restorer was loaded and warmed up on a
            corner of the image before. Of an image in a batch, its share of the batch's.
        peak_mib: Most that the worker held during the cell beyond its packages: weights, images,
            activations; in MiB. `None` in runs of older versions, which did not measure it.
        growth_mib: The same beyond what it held right before the cell.
        cuda_mib: Peak of what torch held on the GPU during the cell, weights included, in MiB;
            `None` on a CPU.
        flops: Floating-point operations of the torch modules, a multiply-add counted as two; `None`
            for a restorer that runs none, and where they cannot be counted.
        tile: Height and width of the smallest tile that was used, in degraded pixels; `None`: the
            whole image at once.
        precision: `fp32`, `fp16` or `bf16`; `None` in runs of older versions, which did not record
            it.
        beside: Other restorations of the run that were at work at the same time, at most; `None`
            where it is not known.
        threads: CPU threads that libraries might use; `None` in runs of older versions.
        height: Of the degraded image, in pixels; `None` in runs of older versions.
        width: Likewise.
        host: The machine, by its id in the run; `None` in runs of older versions.
        batch: Images that were restored together; memory is that of all of them.
        fell_back: Whether a reduced precision gave no image, so that `fp32` was used in its place.
        cold: Whether it was the first cell of its worker, which is slower still than later ones.
    """

    seconds: float
    peak_mib: float | None
    growth_mib: float
    cuda_mib: float | None = None
    flops: int | None = None
    tile: int | None = None
    precision: str | None = None
    beside: int | None = None
    threads: int | None = None
    height: int | None = None
    width: int | None = None
    host: str | None = None
    batch: int = 1
    fell_back: bool = False
    cold: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored image of the run.

    Attributes:
        path: Its file, relative to the run folder.
        sha256: Hash of its pixels.
        fingerprint: What it depends on besides the degraded image.
        degraded_sha256: Hash of the degraded image's pixels.
        checksum: Quick hash of its pixels, against which every reading is checked; empty in runs of
            older versions.
    """

    cell: Cell
    path: str
    sha256: str
    spent: Spent
    fingerprint: str = ""
    degraded_sha256: str = ""
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A restorer that does not support a set, or a set that is not here. Not a failure."""

    restorer: str | None
    set: str
    reason: str
