"""Is today's run slower or hungrier than the baseline?

Ratios of seconds and memory, with bootstrap intervals.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.regression.judging import Measured, judge
from harness.regression.measured_run import HARDWARE, MIXED, MeasuredRun
from harness.regression.tolerances import MIN_IMAGES, Settings
from harness.results import COSTS, MIXED_HARDWARE, Finding, Spent, Verdict
from harness.statistics.resampling import intervals
from harness.statistics.significance import paired_t


def compare_costs(now: MeasuredRun, before: MeasuredRun, settings: Settings) -> list[Finding]:
    """Ratios of every restorer and set in both, of each cost that both hold.

    They are judged only where hardware and number of workers agree. A ratio regresses when its
    interval lies above the limit and a paired test, corrected as that of the scores, says that it
    is more than 1.
    """
    memory = settings.small_mib, settings.peak_mib
    limits = {
        "seconds": (settings.quick_seconds, settings.seconds),
        "peak_mib": memory,
        "growth_mib": memory,
    }
    measured = [
        _measure(
            now.costs[pair],
            before.costs[pair],
            Finding(*pair, name, Verdict.INCOMPARABLE),
            *limits[name],
        )
        for pair in sorted(before.costs.keys() & now.costs.keys())
        for name in COSTS
    ]
    if reason := _not_judged(now, before):
        return [
            replace(item.finding if isinstance(item, Measured) else item, reason=reason)
            for item in measured
        ]
    return judge(measured, settings.alpha)


def _not_judged(now: MeasuredRun, before: MeasuredRun) -> str:
    """Why costs are reported and not judged, or an empty string."""
    if MIXED in (now.hardware.get("processor"), before.hardware.get("processor")):
        return MIXED_HARDWARE
    differing = [name for name in HARDWARE if now.hardware.get(name) != before.hardware.get(name)]
    if not differing and now.hardware.get("workers") != 1:
        return (
            "measured side by side with other cells: seconds and memory are judged with --workers 1"
        )
    return "; ".join(
        f"{name}: baseline {before.hardware.get(name)}, now {now.hardware.get(name)}"
        for name in differing
    )


def _comparable(
    new: Mapping[str, Spent], old: Mapping[str, Spent], name: str
) -> tuple[list[str], str]:
    """The images whose cost can be compared; and why it is not judged, or an empty string.

    A baseline of an older version holds the growth of memory and no peak, and leaves it to the
    number of workers to say whether cells were timed side by side.
    """
    pairs = {image: (old[image], new[image]) for image in sorted(old.keys() & new.keys())}
    if name == "seconds":
        alone = [
            image
            for image, pair in pairs.items()
            if not any(one.beside or one.batch > 1 for one in pair)
        ]
        if len(alone) >= MIN_IMAGES or len(alone) == len(pairs):
            return alone, ""
        why = "timed beside other cells, or in batches: seconds are judged"
        return list(pairs), f"{why} with --workers 1 and without --batch"
    both = [i for i, pair in pairs.items() if None not in [getattr(one, name) for one in pair]]
    if both or not pairs:
        return both, ""
    return [], f"{name} is not in both: an older version measured the growth of memory alone"


def _measure(
    new: Mapping[str, Spent],
    old: Mapping[str, Spent],
    finding: Finding,
    floor: float,
    limit: float,
) -> Measured | Finding:
    """The geometric mean of the images' ratios with its interval.

    Args:
        new: By image, now.
        old: Likewise, in the baseline.
        finding: What it is of.
        floor: Costs below it are noise.
        limit: Ratio from which on more is a regression; its inverse is an improvement.
    """
    common, why_not = _comparable(new, old, finding.metric)
    before, now = (
        np.array([getattr(spent[image], finding.metric) for image in common])
        for spent in (old, new)
    )
    finding = replace(finding, n=len(common), reason=why_not)
    if len(common) < MIN_IMAGES or max(np.median(before), np.median(now)) < floor:
        return replace(finding, reason=why_not or "too quick, too small or too few to judge")
    # what lies below the floor is noise, zero included: it counts as the floor
    ratios = np.log(np.maximum(now, floor) / np.maximum(before, floor))
    *_, p_less = paired_t(ratios)
    ends = intervals(ratios[None], (len(common),), len(common))
    difference, low, high = (math.expm1(float(end[0])) for end in ends)
    worst = common[int(np.argmax(ratios))]
    finding = replace(finding, difference=difference, ci_low=low, ci_high=high, worst_image=worst)
    if why_not:
        return finding
    return Measured(finding, -1, 1 - p_less, p_less, loss=limit - 1, gain=1 - 1 / limit)
