"""Is today's run worse than the baseline? Verdicts by restorer, set and metric, over images of the same pixels.

Quality regresses when two things say so: a paired t test of the differences by image, corrected over the whole run
(Holm 1979), and the interval of the mean difference, which has to lie beyond the metric's tolerance. Restored images
of equal bytes are recognised first and are never judged. Seconds and memory are judged by the interval of their mean
ratio, and only where the hardware agrees. Directions are those of the metrics' cards.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.baseline import HARDWARE, Baseline, Group, Measured
from harness.errors import InputError

Floats = npt.NDArray[np.float64]

MIN_IMAGES = 3
"""With fewer common images nothing is judged."""

INFINITE = 100.0
"""What an infinite score counts as in a difference: PSNR of identical images."""

COSTS = ("seconds", "peak_mib")


class Verdict(StrEnum):
    """What became of one restorer, set and metric."""

    SAME = "same"
    EQUAL = "equal"  # the restored images are the same bytes
    IMPROVED = "improved"
    REGRESSED = "regressed"
    FAILED = "failed"  # cells that had a score fail now
    NEW = "new"
    GONE = "gone"
    INCOMPARABLE = "incomparable"


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts as a regression.

    Attributes:
        alpha: Chance of a false alarm in a whole run where nothing has changed.
        tolerance: Metric -> largest mean difference that nobody minds, instead of the card's; in the metric's unit.
        cuda_factor: Tolerances are so many times larger on CUDA, whose sums end in other last digits.
        seconds: Ratio from which on slower is a regression.
        peak_mib: The same for memory.
        quick_seconds: Restorations quicker than this are not judged: their time is noise.
        small_mib: Restorations that take less memory than this are not judged.
    """

    alpha: float = 0.01
    tolerance: Mapping[str, float] = field(default_factory=dict)
    cuda_factor: float = 2.0
    seconds: float = 1.25
    peak_mib: float = 1.25
    quick_seconds: float = 0.02
    small_mib: float = 64.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the check.

    Attributes:
        difference: Mean of now minus baseline over the common images, in the metric's unit; of costs the mean ratio
            minus 1.
        ci_low: Lower end of its 95 % interval.
        ci_high: Upper end.
        p: Two-sided, of the paired t test; corrected by Holm over all that were judged.
        n: Common images of the same pixels.
        worst_image: The image that lost most, where any lost.
        reason: Why, in words.
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


def read_settings(path: Path) -> Settings:
    """Reads settings from TOML: the fields of `Settings`, tolerances as the table `[tolerance]`.

    Raises:
        InputError: Damaged TOML, an unknown key, or a value that is no positive number.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"settings {path} cannot be read: {error}") from None
    known = {item.name for item in fields(Settings)}
    for key, value in [*table.items(), *dict(table.get("tolerance", {})).items()]:
        if key != "tolerance" and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise InputError(f"settings {path}: {key} is {value!r}; expected a number from 0 on")
    unknown = table.keys() - known
    if unknown:
        raise InputError(f"settings {path}: {min(unknown)!r} is unknown; expected one of {', '.join(sorted(known))}")
    return Settings(**table)


def compare(now: Baseline, before: Baseline, settings: Settings | None = None) -> list[Comparison]:
    """Judges a run against a baseline.

    Args:
        now: The run.
        before: The baseline.
        settings: What counts as a regression.

    Returns:
        One row for each restorer, set and metric of either, and for the costs of each restorer and set.
    """
    settings = settings or Settings()
    failing = _newly_failing(now, before)
    groups = dict.fromkeys([*before.scores, *now.scores])
    rows = [_judge(row, now, settings) for row in _holm([_compare_group(now, before, group) for group in groups])]
    rows = [_with_failures(row, failing.get(group, {})) for group, row in zip(groups, rows, strict=True)]
    return rows + _compare_costs(now, before, settings)


def exit_code(rows: Sequence[Comparison]) -> int:
    """1 for a regression, 3 for cells that fail now, 4 when nothing was comparable, else 0."""
    verdicts = {row.verdict for row in rows}
    quality = {row.verdict for row in rows if row.metric not in COSTS}
    if Verdict.REGRESSED in verdicts:
        return 1
    if Verdict.FAILED in verdicts:
        return 3
    judged = {Verdict.SAME, Verdict.EQUAL, Verdict.IMPROVED}
    return 0 if quality & judged else 4


def _newly_failing(now: Baseline, before: Baseline) -> dict[Group, dict[str, str]]:
    """(restorer, set, metric) -> image -> message, of cells that have a score in the baseline and fail now."""
    found: dict[Group, dict[str, str]] = {}
    for (restorer, set_name, metric), images in before.scores.items():
        for image in images:
            message = now.failures.get((restorer, set_name, image, metric)) or now.failures.get(
                (restorer, set_name, image, "")
            )
            if message and image not in now.scores.get((restorer, set_name, metric), {}):
                found.setdefault((restorer, set_name, metric), {})[image] = message
    return found


def _with_failures(row: Comparison, failing: Mapping[str, str]) -> Comparison:
    """Cells that fail now outrank everything but a regression of the others."""
    if not failing:
        return row
    image, message = next(iter(failing.items()))
    plural = "image fails" if len(failing) == 1 else "images fail"
    reason = f"{len(failing)} {plural} now that had a score in the baseline: {message}"
    if row.verdict is Verdict.REGRESSED:
        return replace(row, reason=reason)
    return replace(row, verdict=Verdict.FAILED, worst_image=image, reason=reason)


def _compare_group(now: Baseline, before: Baseline, group: Group) -> Comparison:
    restorer, set_name, metric = group
    new, old = now.scores.get(group, {}), before.scores.get(group, {})
    row = Comparison(restorer, set_name, metric, Verdict.INCOMPARABLE)
    if not old:
        return replace(row, verdict=Verdict.NEW, n=len(new))
    if not new:
        return replace(row, verdict=Verdict.GONE)
    reason = _protocol_difference(now, before, metric)
    if reason:
        return replace(row, reason=reason)
    common = [image for image in sorted(old) if image in new and _same_pixels(new[image], old[image])]
    left_out = _left_out(new, old, common)
    if not common:
        return replace(row, reason=left_out)
    same_bytes = all(new[image].restored == old[image].restored != "" for image in common)
    differences = np.array([_finite(new[image].value) - _finite(old[image].value) for image in common])
    if same_bytes and np.abs(differences).max() > 1e-6 * max(1.0, max(abs(_finite(old[i].value)) for i in common)):
        return replace(row, reason="the restored images are the same bytes and the scores differ: the metric changed")
    if same_bytes:
        return replace(row, verdict=Verdict.EQUAL, difference=0.0, n=len(common), reason=left_out)
    if len(common) < MIN_IMAGES:
        return replace(row, n=len(common), reason=f"{len(common)} common images; expected at least {MIN_IMAGES}")
    sign = 1 if now.metrics[metric]["higher_is_better"] else -1
    worst = int(np.argmin(sign * differences))
    mean, low, high, p = _paired_t(differences)
    return replace(
        row, verdict=Verdict.SAME, difference=mean, ci_low=low, ci_high=high, p=p, n=len(common), reason=left_out,
        worst_image=common[worst] if sign * differences[worst] < 0 else None,
    )  # fmt: skip


def _protocol_difference(now: Baseline, before: Baseline, metric: str) -> str:
    """Which field keeps the scores of a metric from being compared, or an empty string."""
    if now.evaluation["hash"] != before.evaluation["hash"]:
        names = (f"{item.evaluation['name']} {item.evaluation['hash']}" for item in (before, now))
        return "evaluation: baseline {}, now {}".format(*names)
    for key in ("version", "higher_is_better"):
        old, new = before.metrics[metric][key], now.metrics[metric][key]
        if old != new:
            return f"{key} of {metric}: baseline {old}, now {new}"
    return ""


def _same_pixels(new: Measured, old: Measured) -> bool:
    return (new.degraded, new.reference) == (old.degraded, old.reference)


def _left_out(new: Mapping[str, Measured], old: Mapping[str, Measured], common: Sequence[str]) -> str:
    """Names images that are not compared."""
    both = new.keys() & old.keys()
    parts = [
        ("other pixels in", sorted(both - set(common))),
        ("not run now:", sorted(old.keys() - both)),
        ("not in the baseline:", sorted(new.keys() - both)),
    ]
    shown = [f"{what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}" for what, names in parts if names]
    return "; ".join(shown)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.copysign(INFINITE, value)


def _paired_t(differences: Floats) -> tuple[float, float, float, float]:
    """Mean, 95 % interval and two-sided p of a paired t test; differences without any spread are certain."""
    from scipy.stats import ttest_1samp

    mean = float(differences.mean())
    if np.ptp(differences) <= 1e-12 * max(abs(mean), 1e-12):
        return mean, mean, mean, 1.0 if mean == 0 else 0.0
    test = ttest_1samp(differences, 0.0)
    interval = test.confidence_interval(0.95)
    return mean, float(interval.low), float(interval.high), float(test.pvalue)


def _holm(rows: Sequence[Comparison]) -> list[Comparison]:
    """Corrects every p for the number of tests in the run (Holm, Scandinavian Journal of Statistics 1979)."""
    judged = sorted((row.p, index) for index, row in enumerate(rows) if row.p is not None)
    corrected = list(rows)
    highest = 0.0
    for place, (p, index) in enumerate(judged):
        highest = max(highest, min(1.0, (len(judged) - place) * p))
        corrected[index] = replace(rows[index], p=highest)
    return corrected


def _judge(row: Comparison, now: Baseline, settings: Settings) -> Comparison:
    if row.p is None or row.ci_low is None or row.ci_high is None:
        return row
    card = now.metrics[row.metric]
    tolerance = settings.tolerance.get(row.metric, card["tolerance"])
    if str(now.hardware.get("device", "")).startswith("cuda"):
        tolerance *= settings.cuda_factor
    low, high = (row.ci_low, row.ci_high) if card["higher_is_better"] else (-row.ci_high, -row.ci_low)
    if row.p < settings.alpha and high < -tolerance:
        return replace(row, verdict=Verdict.REGRESSED)
    if row.p < settings.alpha and low > tolerance:
        return replace(row, verdict=Verdict.IMPROVED)
    return row


def _compare_costs(now: Baseline, before: Baseline, settings: Settings) -> list[Comparison]:
    """Ratios of seconds and memory; judged only where hardware and number of workers agree."""
    fields_differing = [name for name in HARDWARE if now.hardware.get(name) != before.hardware.get(name)]
    reason = "; ".join(
        f"{name}: baseline {before.hardware.get(name)}, now {now.hardware.get(name)}" for name in fields_differing
    )
    if not reason and now.hardware.get("workers") != 1:
        reason = "measured side by side with other cells: seconds and memory are judged with --workers 1"
    floors = {"seconds": settings.quick_seconds, "peak_mib": settings.small_mib}
    rows = [
        _compare_cost(
            now.costs[pair], before.costs[pair], Comparison(*pair, metric, Verdict.INCOMPARABLE), floors[metric]
        )
        for pair in sorted(before.costs.keys() & now.costs.keys())
        for metric in COSTS
    ]
    if reason:
        return [replace(row, reason=reason) for row in rows]
    return [_judge_cost(row, settings) for row in _holm(rows)]


_Spent = Mapping[str, tuple[float, float]]


def _compare_cost(new: _Spent, old: _Spent, row: Comparison, floor: float) -> Comparison:
    """The mean ratio of one cost, by the logarithms of the images' ratios."""
    common = sorted(old.keys() & new.keys())
    column = COSTS.index(row.metric)
    before, now = (np.array([spent[image][column] for image in common]) for spent in (old, new))
    row = replace(row, n=len(common))
    if len(common) < MIN_IMAGES or min(np.median(before), np.median(now)) < floor or min(before.min(), now.min()) <= 0:
        return replace(row, reason="too quick, too small or too few to judge")
    mean, low, high, p = _paired_t(np.log(now / before))
    ratios = (math.expm1(end) for end in (mean, low, high))
    difference, ci_low, ci_high = ratios
    worst = common[int(np.argmax(now / before))]
    return replace(row, difference=difference, ci_low=ci_low, ci_high=ci_high, p=p, worst_image=worst)


def _judge_cost(row: Comparison, settings: Settings) -> Comparison:
    if row.p is None or row.ci_low is None or row.ci_high is None:
        return row
    limit = settings.seconds if row.metric == "seconds" else settings.peak_mib
    if row.p < settings.alpha and 1 + row.ci_low > limit:
        return replace(row, verdict=Verdict.REGRESSED)
    improved = row.p < settings.alpha and 1 + row.ci_high < 1 / limit
    return replace(row, verdict=Verdict.IMPROVED if improved else Verdict.SAME)
