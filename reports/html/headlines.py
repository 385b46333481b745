"""The answer in words: which restorer is better, by how much, and whether that is real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.protocols import ReportData
from harness.results import FEW_IMAGES, Difference, Headline
from reports.html.cells import places_of, with_unit
from reports.html.places import Places
from reports.wording import number, p_value


def headline(report: ReportData, line: Headline, places: Places) -> dict[str, Any]:
    """One set's answer; a template makes a card of it."""
    next_best = _next_best(report, line)
    return {
        "task": line.task,
        "set": line.set or "all sets",
        "set_link": places.set(line.set),
        "leader": line.leaders[0],
        "link": places.restorer(line.leaders[0]),
        "tied": line.leaders[1:],
        "metric": line.metric,
        "mean": with_unit(line.mean, line.metric, report),
        "n": line.n,
        "ranked": line.ranked,
        "few": line.n < FEW_IMAGES,
        "next": _worded(report, next_best) if next_best else None,
    }


def _next_best(report: ReportData, line: Headline) -> Difference | None:
    """The comparison with the restorer of the second-best mean."""
    board = next(
        (b for b in report.leaderboards if b.set == line.set and b.metric == line.metric), None
    )
    others = [row.restorer for row in board.rows if row.rank is not None][1:2] if board else []
    return next(
        (
            d
            for d in report.behind
            if d.set == line.set and d.metric == line.metric and d.restorer in others
        ),
        None,
    )


def _worded(report: ReportData, gap: Difference) -> dict[str, str]:
    """How far the next is behind, as a positive amount: the sentence says who is ahead."""
    decimals = places_of(gap.metric, report)
    ends = [abs(end) for end in (gap.ci_low, gap.ci_high) if end is not None]
    same_side = gap.ci_low is not None and gap.ci_high is not None and gap.ci_low * gap.ci_high > 0
    if same_side:
        interval = f"{number(min(ends), decimals)} to {number(max(ends), decimals)}"
    elif ends and gap.difference is not None and gap.ci_low is not None and gap.ci_high is not None:
        low, high = (-gap.ci_high, -gap.ci_low) if gap.difference < 0 else (gap.ci_low, gap.ci_high)
        interval = f"{number(low, decimals)} to {number(high, decimals)}"
    else:
        interval = ""
    amount = (
        with_unit(abs(gap.difference), gap.metric, report) if gap.difference is not None else ""
    )
    return {"restorer": gap.restorer, "amount": amount, "interval": interval, "p": p_value(gap.p)}


def summary(lines: Sequence[Headline]) -> str:
    """All sets in a sentence or three: where somebody is ahead, where that rests on few images, and where nobody is."""
    sure: dict[str, list[str]] = {}
    likely: dict[str, list[str]] = {}
    for line in lines:
        if len(line.leaders) == 1 and line.ranked > 1:
            (likely if line.n < FEW_IMAGES else sure).setdefault(line.leaders[0], []).append(
                line.set or "all sets"
            )
    tied = [line.set or "all sets" for line in lines if len(line.leaders) > 1]
    parts = []
    if sure:
        parts.append(f"Best, beyond what chance explains: {_winners(sure)}.")
    if likely:
        parts.append(f"Ahead, on fewer than {FEW_IMAGES} images: {_winners(likely)}.")
    if tied:
        parts.append(f"On {_join(tied)} the data cannot tell the leaders apart.")
    return " ".join(parts)


def _winners(found: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{name} on {_join(sets)}" for name, sets in found.items())


def _join(names: Sequence[str]) -> str:
    shown = [*names[:3], f"{len(names) - 3} more"] if len(names) > 4 else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
