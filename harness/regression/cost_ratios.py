"""Is today's run slower or hungrier than the baseline? Ratios of seconds and memory, with bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.regression.measured_run import HARDWARE, MeasuredRun
from harness.regression.tolerances import Settings
from harness.results import COSTS, Finding, Spent, Verdict
from harness.statistics.resampling import intervals
from harness.statistics.significance import correct, paired_t

MIN_IMAGES = 3


def compare_costs(now: MeasuredRun, before: MeasuredRun, settings: Settings) -> list[Finding]:
    """Ratios of every restorer and set in both; judged only where hardware and number of workers agree.

    A ratio regresses when its interval lies above the limit and a paired test, corrected as that of
    the scores, says that it is more than 1.
    """
    reason = _not_judged(now, before)
    floors = {"seconds": settings.quick_seconds, "peak_mib": settings.small_mib}
    measured = [
        _measure(
            now.costs[pair],
            before.costs[pair],
            Finding(*pair, metric, Verdict.INCOMPARABLE),
            floors[metric],
        )
        for pair in sorted(before.costs.keys() & now.costs.keys())
        for metric in COSTS
    ]
    if reason:
        return [replace(finding, reason=reason) for finding, _ in measured]
    tested = [(finding, low) for finding, low in measured if low is not None]
    families = [finding.restorer for finding, _ in tested]
    more = iter(correct([1 - low for _, low in tested], families))
    less = iter(correct([low for _, low in tested], families))
    return [
        finding if low is None else _judge(finding, next(more), next(less), settings)
        for finding, low in measured
    ]


def _not_judged(now: MeasuredRun, before: MeasuredRun) -> str:
    """Why costs are reported and not judged, or an empty string."""
    differing = [name for name in HARDWARE if now.hardware.get(name) != before.hardware.get(name)]
    if differing:
        values = (
            f"{key}: baseline {before.hardware.get(key)}, now {now.hardware.get(key)}"
            for key in differing
        )
        return "; ".join(values)
    if now.hardware.get("workers") != 1:
        return (
            "measured side by side with other cells: seconds and memory are judged with --workers 1"
        )
    return ""


def _measure(
    new: Mapping[str, Spent], old: Mapping[str, Spent], finding: Finding, floor: float
) -> tuple[Finding, float | None]:
    """The geometric mean of the images' ratios with its interval.

    And the one-sided p of one as low as this, where it can be judged.
    """
    common = sorted(old.keys() & new.keys())
    before, now = (
        np.array([getattr(spent[image], finding.metric) for image in common])
        for spent in (old, new)
    )
    finding = replace(finding, n=len(common))
    if len(common) < MIN_IMAGES or max(np.median(before), np.median(now)) < floor:
        return replace(finding, reason="too quick, too small or too few to judge"), None
    # what lies below the floor is noise, zero included: it counts as the floor
    ratios = np.log(np.maximum(now, floor) / np.maximum(before, floor))
    *_, p_low = paired_t(ratios)
    ends = intervals(ratios[None], (len(common),), len(common))
    difference, ci_low, ci_high = (math.expm1(float(end[0])) for end in ends)
    worst = common[int(np.argmax(ratios))]
    return replace(
        finding, difference=difference, ci_low=ci_low, ci_high=ci_high, worst_image=worst
    ), p_low


def _judge(finding: Finding, p_more: float, p_less: float, settings: Settings) -> Finding:
    limit = settings.seconds if finding.metric == "seconds" else settings.peak_mib
    low, high = finding.ci_low or 0.0, finding.ci_high or 0.0
    finding = replace(
        finding, verdict=Verdict.SAME, p=p_more if (finding.difference or 0.0) > 0 else p_less
    )
    if p_more < settings.alpha and 1 + low > limit:
        return replace(finding, verdict=Verdict.REGRESSED)
    if p_less < settings.alpha and 1 + high < 1 / limit:
        return replace(finding, verdict=Verdict.IMPROVED)
    return finding
