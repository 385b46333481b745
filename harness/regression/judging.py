"""Verdicts on what was measured, the same for scores and for costs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.results import Finding, Verdict
from harness.statistics.significance import correct


@dataclass(frozen=True, slots=True)
class Measured:
    """A finding that is yet to be judged.

    Attributes:
        finding: What was measured, with its interval.
        sign: 1 where a positive difference is better, -1 where it is worse.
        p_loss: One-sided, of a mean as bad as this where nothing has changed.
        p_gain: Likewise of one as good.
        loss: How far on the worse side of 0 the whole interval has to lie.
        gain: Likewise on the better side.
    """

    finding: Finding
    sign: int
    p_loss: float
    p_gain: float
    loss: float
    gain: float


def judge(measured: Sequence[Measured | Finding], alpha: float) -> list[Finding]:
    """Gives verdicts, where there is something to judge.

    Losses and gains are two questions, each with its own correction over all that is measured.
    """
    tested = [item for item in measured if isinstance(item, Measured)]
    families = [item.finding.restorer for item in tested]
    losses = iter(correct([item.p_loss for item in tested], families))
    gains = iter(correct([item.p_gain for item in tested], families))
    return [
        _verdict(item, next(losses), next(gains), alpha) if isinstance(item, Measured) else item
        for item in measured
    ]


def _verdict(item: Measured, p_loss: float, p_gain: float, alpha: float) -> Finding:
    found, verdict = item.finding, Verdict.SAME
    low, high = sorted(item.sign * (end or 0.0) for end in (found.ci_low, found.ci_high))
    if p_loss < alpha and high < -item.loss:
        verdict = Verdict.REGRESSED
    elif p_gain < alpha and low > item.gain:
        verdict = Verdict.IMPROVED
    p = p_loss if item.sign * (found.difference or 0.0) < 0 else p_gain
    return replace(found, verdict=verdict, p=p)
