"""Is today's run worse than the baseline? Verdicts by restorer, set and metric, over images of the same pixels.

Quality regresses when two things say so: a paired t test of the differences by image, corrected
over the whole run (`harness.statistics.significance`), and the 95 % interval of the mean
difference, which has to lie beyond the metric's tolerance. Restored images of equal bytes are
recognised first and are never judged. Directions are those of the metrics' cards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from harness.regression.cost_ratios import compare_costs
from harness.regression.measured_run import Group, MeasuredRun, MeasuredScore
from harness.regression.tolerances import Settings
from harness.results import ChangedImage, Comparison, Finding, Verdict
from harness.statistics.significance import correct, paired_t

MIN_IMAGES = 3
"""With fewer common images nothing is judged."""

INFINITE = 100.0
"""What an infinite score counts as in a difference: PSNR of identical images."""

WORST = 6
"""So many images that lost are kept of each finding."""


def compare(
    now: MeasuredRun, before: MeasuredRun, settings: Settings | None = None, name: str = ""
) -> Comparison:
    """Judges a run against a baseline.

    Args:
        now: The run.
        before: The baseline.
        settings: What counts as a regression.
        name: What the user called the baseline.

    Returns:
        One finding for each restorer, set and metric of either, and for the costs of each restorer
        and set.
    """
    settings = settings or Settings()
    failing = _newly_failing(now, before)
    groups = dict.fromkeys([*before.scores, *now.scores, *failing])
    measured = [_compare_group(now, before, group) for group in groups]
    judged = _judge(
        [finding for finding, _ in measured], [low for _, low in measured], now, before, settings
    )
    findings = [
        _with_failures(finding, failing.get(group, {}))
        for group, finding in zip(groups, judged, strict=True)
    ]
    return Comparison(name, before.started, (*findings, *compare_costs(now, before, settings)))


def _newly_failing(now: MeasuredRun, before: MeasuredRun) -> dict[Group, dict[str, str]]:
    """(restorer, set, metric) -> image -> message, of cells that fail now and did not in the baseline."""
    found: dict[Group, dict[str, str]] = {}
    measured: dict[str, dict[str, None]] = {}
    for _, set_name, metric in (*before.scores, *now.scores):
        measured.setdefault(set_name, {})[metric] = None
    for (restorer, set_name, image, metric), message in now.failures.items():
        # a cell that could not be restored lacks every metric of its set
        for name in [metric] if metric else measured.get(set_name, now.metrics):
            known = {
                (restorer, set_name, image, name),
                (restorer, set_name, image, ""),
            } & before.failures.keys()
            if not known and image not in now.scores.get((restorer, set_name, name), {}):
                found.setdefault((restorer, set_name, name), {})[image] = message
    return found


def _with_failures(finding: Finding, failing: Mapping[str, str]) -> Finding:
    """Cells that fail now outrank everything but a regression of the others."""
    if not failing:
        return finding
    image, message = next(iter(failing.items()))
    plural = "image fails" if len(failing) == 1 else "images fail"
    reason = f"{len(failing)} {plural} now that did not in the baseline: {message}"
    if finding.verdict is Verdict.REGRESSED:
        return replace(finding, reason=reason)
    return replace(finding, verdict=Verdict.FAILED, worst_image=image, reason=reason)


def _compare_group(
    now: MeasuredRun, before: MeasuredRun, group: Group
) -> tuple[Finding, float | None]:
    """A finding that is yet to be judged, and its one-sided p of a mean as low as this."""
    new, old = now.scores.get(group, {}), before.scores.get(group, {})
    finding = Finding(*group, Verdict.INCOMPARABLE)
    if not old:
        return replace(finding, verdict=Verdict.NEW, n=len(new)), None
    if not new:
        return replace(finding, verdict=Verdict.GONE), None
    reason = _incomparable(now, before, group)
    if reason:
        return replace(finding, reason=reason), None
    common = [
        image
        for image in sorted(old)
        if image in new and not _pixels_differ(new[image], old[image])
    ]
    left_out = _left_out(new, old)
    if not common:
        return replace(finding, reason=left_out), None
    finding = replace(finding, n=len(common), reason=left_out)
    before_after = [(_finite(old[image].value), _finite(new[image].value)) for image in common]
    differences = np.array([after - value for value, after in before_after])
    if all(new[image].restored == old[image].restored != "" for image in common):
        if np.abs(differences).max() <= 1e-6 * max(1.0, *(abs(value) for value, _ in before_after)):
            return replace(finding, verdict=Verdict.EQUAL, difference=0.0), None
        reason = "the restored images are the same bytes and the scores differ: the metric changed"
        return replace(finding, reason=reason), None
    if len(common) < MIN_IMAGES:
        reason = f"{len(common)} common images; expected at least {MIN_IMAGES}"
        return replace(finding, reason=reason), None
    mean, low, high, p_low = paired_t(differences)
    losses = now.metrics[group[2]].sign * differences
    finding = replace(finding, verdict=Verdict.SAME, difference=mean, ci_low=low, ci_high=high)
    worst = tuple(
        ChangedImage(
            image,
            old[image].value,
            new[image].value,
            float(difference),
            before.files.get((*group[:2], image)),
        )
        for loss, image, difference in sorted(zip(losses, common, differences, strict=True))[:WORST]
        if loss < 0
    )
    return replace(finding, worst=worst, worst_image=worst[0].image if worst else None), p_low


def _incomparable(now: MeasuredRun, before: MeasuredRun, group: Group) -> str:
    """Which field keeps the scores of a group from being compared, or an empty string."""
    _, set_name, metric = group
    old, new = before.evaluation, now.evaluation
    if new["hash"] != old["hash"]:
        names = f"baseline {old['name']} {old['hash']}, now {new['name']} {new['hash']}"
        differing = [key for key in old if key in new and old[key] != new[key]]
        fields = [key for key in differing if key not in ("name", "hash")]
        values = "".join(f"; baseline {key} {old[key]}, now {new[key]}" for key in fields)
        return f"evaluation: {names}{values}"
    for key in ("version", "higher_is_better"):
        was, is_now = (getattr(run.metrics[metric], key) for run in (before, now))
        if was != is_now:
            return f"{key} of {metric}: baseline {was}, now {is_now}"
    # what a restorer is told decides what it returns, even from the same pixels
    told = [
        _plain(run.sets[set_name].conditions) if set_name in run.sets else ""
        for run in (before, now)
    ]
    if all(told) and told[0] != told[1]:
        return f"conditions of {set_name}: baseline {told[0]}, now {told[1]}"
    return ""


def _plain(conditions: Mapping[str, object]) -> str:
    return ", ".join(
        f"{key} {value}" for key, value in sorted(conditions.items()) if value is not None
    )


def _pixels_differ(new: MeasuredScore, old: MeasuredScore) -> str:
    """Which pixels differ, with their hashes, or an empty string."""
    for name in ("degraded", "reference"):
        hashes = getattr(old, name), getattr(new, name)
        if hashes[0] != hashes[1]:
            return f"{name} pixels: baseline {hashes[0] or 'none'}, now {hashes[1] or 'none'}"
    return ""


def _left_out(new: Mapping[str, MeasuredScore], old: Mapping[str, MeasuredScore]) -> str:
    """Names images that are not compared, and for the first of another version of the set what differs."""
    both = sorted(new.keys() & old.keys())
    changed = {image: field for image in both if (field := _pixels_differ(new[image], old[image]))}
    parts = [
        ("other version of the set in", list(changed)),
        ("not run now:", sorted(old.keys() - new.keys())),
        ("not in the baseline:", sorted(new.keys() - old.keys())),
    ]
    shown = [
        f"{what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
        for what, names in parts
        if names
    ]
    if changed:
        shown[0] += f" ({next(iter(changed.values()))})"
    return "; ".join(shown)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.copysign(INFINITE, value)


def _judge(
    findings: Sequence[Finding],
    lows: Sequence[float | None],
    now: MeasuredRun,
    before: MeasuredRun,
    settings: Settings,
) -> list[Finding]:
    """Gives verdicts to what was measured.

    Losses and gains are two questions, each with its own correction.
    """
    judged = list(findings)
    tested = [(place, low) for place, low in enumerate(lows) if low is not None]
    if not tested:
        return judged
    families = [findings[place].restorer for place, _ in tested]
    cards = [now.metrics[findings[place].metric] for place, _ in tested]
    losses = [
        low if card.sign > 0 else 1 - low for (_, low), card in zip(tested, cards, strict=True)
    ]
    p_loss, p_gain = correct(losses, families), correct([1 - p for p in losses], families)
    kinds = {str(run.hardware.get("device") or "cpu").partition(":")[0] for run in (now, before)}
    for (place, _), card, *p in zip(tested, cards, p_loss, p_gain, strict=True):
        tolerance = max(settings.tolerance_of(card, kind) for kind in kinds)
        judged[place] = _verdict(findings[place], card.sign, p[0], p[1], tolerance, settings.alpha)
    return judged


def _verdict(
    finding: Finding, sign: int, p_loss: float, p_gain: float, tolerance: float, alpha: float
) -> Finding:
    low, high = sorted(sign * (end or 0.0) for end in (finding.ci_low, finding.ci_high))
    lost = sign * (finding.difference or 0.0) < 0
    finding = replace(finding, p=p_loss if lost else p_gain)
    if p_loss < alpha and high < -tolerance:
        return replace(finding, verdict=Verdict.REGRESSED)
    if p_gain < alpha and low > tolerance:
        return replace(finding, verdict=Verdict.IMPROVED)
    return finding
