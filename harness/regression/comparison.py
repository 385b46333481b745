"""Is today's run worse than the baseline?

Verdicts by restorer, set and metric, over images of the same pixels. Quality regresses when two
things say so: a paired t test of the differences by image, corrected over the whole run
(`harness.statistics.significance`), and the 95 % interval of the mean difference, which has to lie
beyond the metric's tolerance. Restored images of equal bytes are recognised first and are never
judged. Directions are those of the metrics' cards.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from harness.regression.cost_ratios import compare_costs
from harness.regression.judging import Measured, judge
from harness.regression.measured_run import Group, MeasuredRun, MeasuredScore
from harness.regression.tolerances import MIN_IMAGES, Settings
from harness.results import ChangedImage, Comparison, Finding, PlannedSet, Verdict
from harness.statistics.significance import paired_t

# what an infinite score counts as in a difference: PSNR of identical images
INFINITE = 100.0

# so many images that lost are kept of each finding
WORST = 6


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
    measured = [_measure(now, before, group, settings) for group in groups]
    findings = [
        _with_failures(finding, failing.get(group, {}))
        for group, finding in zip(groups, judge(measured, settings.alpha), strict=True)
    ]
    findings += compare_costs(now, before, settings)
    return Comparison(name, before.started, tuple(findings), now.set_metrics)


def _newly_failing(now: MeasuredRun, before: MeasuredRun) -> dict[Group, dict[str, str]]:
    """(restorer, set, metric) -> image -> message, of cells that did not fail in the baseline."""
    found: dict[Group, dict[str, str]] = {}
    measured = dict.fromkeys((name, metric) for _, name, metric in (*before.scores, *now.scores))
    for (restorer, name, image, metric), message in now.failures.items():
        # a cell that could not be restored lacks every metric of its set
        due = [metric] if metric else [m for of, m in measured if of == name] or now.metrics
        for lost in due:
            known = {(restorer, name, image, why) for why in (lost, "")} & before.failures.keys()
            if not known and image not in now.scores.get((restorer, name, lost), {}):
                found.setdefault((restorer, name, lost), {})[image] = message
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


def _measure(
    now: MeasuredRun, before: MeasuredRun, group: Group, settings: Settings
) -> Measured | Finding:
    """What became of one restorer, set and metric, yet to be judged where it can be."""
    new, old = now.scores.get(group, {}), before.scores.get(group, {})
    finding = Finding(*group, Verdict.INCOMPARABLE)
    if not (old and new):
        return replace(finding, verdict=Verdict.GONE if old else Verdict.NEW, n=len(new))
    if reason := _incomparable(now, before, group):
        return replace(finding, reason=reason)
    pairs, left_out = _common(old, new)
    finding = replace(finding, n=len(pairs), reason=left_out)
    if not pairs:
        return finding
    scores = np.array([[score.value for score in pair] for pair in pairs.values()])
    values = np.where(np.isfinite(scores), scores, np.copysign(INFINITE, scores))
    differences = values[:, 1] - values[:, 0]
    if all(was.restored == is_now.restored != "" for was, is_now in pairs.values()):
        if np.abs(differences).max() <= 1e-6 * max(1.0, np.abs(values[:, 0]).max()):
            return replace(finding, verdict=Verdict.EQUAL, difference=0.0)
        reason = "the restored images are the same bytes and the scores differ: the metric changed"
        return replace(finding, reason=reason)
    if len(pairs) < MIN_IMAGES:
        return replace(
            finding, reason=f"{len(pairs)} common images; expected at least {MIN_IMAGES}"
        )
    card = now.metrics[group[2]]
    losses = sorted(zip(card.sign * differences, pairs, scores.tolist(), differences, strict=True))
    worst = tuple(
        ChangedImage(image, was, is_now, float(difference), before.files.get((*group[:2], image)))
        for loss, image, (was, is_now), difference in losses[:WORST]
        if loss < 0
    )
    kinds = {str(run.hardware.get("device") or "cpu").partition(":")[0] for run in (now, before)}
    tolerance = max(settings.tolerance_of(card, kind) for kind in kinds)
    mean, low, high, p_low = paired_t(differences)
    p_loss = p_low if card.sign > 0 else 1 - p_low
    finding = replace(finding, difference=mean, ci_low=low, ci_high=high, worst=worst)
    finding = replace(finding, worst_image=worst[0].image if worst else None)
    return Measured(finding, card.sign, p_loss, 1 - p_loss, loss=tolerance, gain=tolerance)


def _incomparable(now: MeasuredRun, before: MeasuredRun, group: Group) -> str:
    """Which field keeps the scores of a group from being compared, or an empty string."""
    _, set_name, metric = group
    old, new = before.evaluation, now.evaluation
    if new["hash"] != old["hash"]:
        fields = "".join(
            f"; baseline {key} {old[key]}, now {new[key]}"
            for key in old
            if key not in ("name", "hash") and new.get(key, old[key]) != old[key]
        )
        names = f"baseline {old['name']} {old['hash']}, now {new['name']} {new['hash']}"
        return f"evaluation: {names}{fields}"
    for key in ("version", "higher_is_better"):
        was, is_now = (getattr(run.metrics[metric], key) for run in (before, now))
        if was != is_now:
            return f"{key} of {metric}: baseline {was}, now {is_now}"
    # what a restorer is told decides what it returns, even from the same pixels
    told = [run.sets.get(set_name, PlannedSet()).conditions.items() for run in (before, now)]
    was, is_now = (
        ", ".join(f"{key} {value}" for key, value in sorted(items) if value is not None)
        for items in told
    )
    differ = was and is_now and was != is_now
    return f"conditions of {set_name}: baseline {was}, now {is_now}" if differ else ""


def _pixels_differ(old: MeasuredScore, new: MeasuredScore) -> str:
    """Which pixels differ, with their hashes, or an empty string."""
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in ("degraded", "reference"))
    differing = (
        f"{name} pixels: baseline {was or 'none'}, now {is_now or 'none'}"
        for name, was, is_now in pairs
        if was != is_now
    )
    return next(differing, "")


def _common(
    old: Mapping[str, MeasuredScore], new: Mapping[str, MeasuredScore]
) -> tuple[dict[str, tuple[MeasuredScore, MeasuredScore]], str]:
    """The scores of images with the same pixels in both, and a text that names all other images.

    For the first of another version of the set, it also says what differs.
    """
    both = {image: (old[image], new[image]) for image in sorted(old.keys() & new.keys())}
    changed = {image: why for image, pair in both.items() if (why := _pixels_differ(*pair))}
    parts = {
        "other version of the set in": list(changed),
        "not run now:": sorted(old.keys() - new.keys()),
        "not in the baseline:": sorted(new.keys() - old.keys()),
    }
    shown = [
        f"{what} {', '.join(names[:3])}{' ...' if len(names) > 3 else ''}"
        for what, names in parts.items()
        if names
    ]
    if changed:
        shown[0] += f" ({next(iter(changed.values()))})"
    return {image: both[image] for image in both if image not in changed}, "; ".join(shown)
