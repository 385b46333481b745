"""Verdicts on what was measured, the same for scores and for costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.results import Finding, Verdict
from harness.statistics.significance import correct


@dataclass(frozen=True, slots=True)
class Measured:
    """A finding that is yet to be judged.

    Attributes:
        finding: What was measured, with its interval.
        p: One-sided, of a mean as bad as this and of one as good where nothing has changed; `None`
            where there is nothing to judge.
        sign: 1 where a positive difference is better, -1 where it is worse.
        loss: How far the whole interval has to lie on the worse side of 0.
        gain: Likewise on the better side.
    """

    finding: Finding
    p: tuple[float, float] | None = None
    sign: int = 1
    loss: float = 0.0
    gain: float = 0.0


def judge(measured: Sequence[Measured], alpha: float) -> list[Finding]:
    """Gives verdicts, where there is something to judge.

    Losses and gains are two questions, each with its own correction over all that is measured.
    """
    tested = [(item.finding.restorer, item.p) for item in measured if item.p is not None]
    families = [restorer for restorer, _ in tested]
    losses, gains = (iter(correct([p[side] for _, p in tested], families)) for side in (0, 1))
    return [
        item.finding if item.p is None else _verdict(item, next(losses), next(gains), alpha)
        for item in measured
    ]


def _verdict(item: Measured, p_loss: float, p_gain: float, alpha: float) -> Finding:
    found, sign = item.finding, item.sign
    low, high = sorted(sign * (end or 0.0) for end in (found.ci_low, found.ci_high))
    verdict = Verdict.SAME
    if p_loss < alpha and high < -item.loss:
        verdict = Verdict.REGRESSED
    elif p_gain < alpha and low > item.gain:
        verdict = Verdict.IMPROVED
    lost = sign * (found.difference or 0.0) < 0
    return replace(found, verdict=verdict, p=p_loss if lost else p_gain)
