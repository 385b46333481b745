"""What a regression check says.

A verdict for each restorer, set and metric, with the images that changed most.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

COSTS = ("seconds", "peak_mib", "growth_mib")
"""Findings of these names are ratios of costs; all others are of metrics."""


class Verdict(StrEnum):
    """What became of one restorer, set and metric."""

    SAME = "same"
    EQUAL = "equal"  # the restored images are the same bytes
    IMPROVED = "improved"
    REGRESSED = "regressed"
    FAILED = "failed"  # cells that had a score, or were not there, fail now
    NEW = "new"
    GONE = "gone"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True)
class ChangedImage:
    """One image that lost.

    Attributes:
        before: Its score in the baseline; may be infinite.
        now: Its score in the run.
        difference: Now minus before in the metric's unit, an infinite score counted as 100.
        restored_before: The restored image in the baseline's run folder; `None` where the baseline
            is a file, which holds hashes and no images.
    """

    image: str
    before: float
    now: float
    difference: float
    restored_before: Path | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the check.

    Attributes:
        restorer: As the run of today calls it.
        metric: Name of a metric, or one of `COSTS`.
        difference: Mean of now minus baseline over the common images, in the metric's unit; of
            costs the mean ratio minus 1.
        ci_low: Lower end of its 95 % interval.
        ci_high: Upper end.
        p: One-sided, in the direction of the difference, corrected for everything that was tested
            in the run.
        n: Common images of the same pixels.
        worst_image: The image that lost most, where any lost.
        reason: Why, in words.
        worst: The images that lost most, worst first.
    """

    restorer: str
    set: str
    metric: str
    verdict: Verdict
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    n: int = 0
    worst_image: str | None = None
    reason: str = ""
    worst: tuple[ChangedImage, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run judged against a baseline.

    Attributes:
        baseline: What the user called the baseline: its file or folder.
        started: ISO 8601 time of the baseline's run.
        findings: For each restorer, set and metric of either, and for the costs of each restorer
            and set.
        set_metrics: Metrics of sets that the run has; nothing is compared by them.
    """

    baseline: str
    started: str
    findings: tuple[Finding, ...]
    set_metrics: tuple[str, ...] = ()

    def of(self, *verdicts: Verdict) -> tuple[Finding, ...]:
        """The findings with one of these verdicts."""
        return tuple(finding for finding in self.findings if finding.verdict in verdicts)

    def exit_code(self) -> int:
        """1 for a regression, else 3 where cells fail now, 4 where nothing compares, else 0."""
        verdicts = {finding.verdict for finding in self.findings}
        if Verdict.REGRESSED in verdicts:
            return 1
        if Verdict.FAILED in verdicts:
            return 3
        scores = {finding.verdict for finding in self.findings if finding.metric not in COSTS}
        return 0 if scores & {Verdict.SAME, Verdict.EQUAL, Verdict.IMPROVED} else 4
