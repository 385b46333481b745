"""The answer in words: which restorer is better, by how much, and whether that is real."""

from collections.abc import Sequence

from harness.protocols.report import ReportData
from harness.results import FEW_IMAGES, MIN_SIGNS, Difference, Headline
from reports.html.cells import places_of, with_unit
from reports.html.places import Places
from reports.pivot import grouped
from reports.wording import interval, p_value


def headline(report: ReportData, line: Headline, places: Places) -> dict[str, object]:
    """One set's answer; a template makes a card of it."""
    next_best = _next_best(report, line)
    return {
        "task": line.task,
        "set": _set(line),
        "set_link": places.set(line.set),
        "leader": line.leaders[0],
        "link": places.restorer(line.leaders[0]),
        "tied": line.leaders[1:],
        "metric": line.metric,
        "mean": with_unit(line.mean, line.metric, report),
        "n": line.n,
        "ranked": line.ranked,
        "few": line.n < FEW_IMAGES,
        "limits": _limits(line.n),
        "next": _worded(report, next_best) if next_best else None,
    }


def _limits(images: int) -> str:
    """What a card says of so many images: the short form of `harness.results.caution`."""
    if images == 1:
        return "nothing is told apart"
    if images < MIN_SIGNS:
        return "holds if differences are normally distributed, which so few cannot show"
    return "few for a claim" if images < FEW_IMAGES else ""


def _set(line: Headline) -> str:
    return line.set or "all sets"


def _next_best(report: ReportData, line: Headline) -> Difference | None:
    """The comparison with the restorer of the second-best mean."""
    here = line.set, line.metric
    boards = (board for board in report.leaderboards if (board.set, board.metric) == here)
    ranked = [row.restorer for board in boards for row in board.rows if row.rank is not None]
    second = (*here, *ranked[1:2])
    return next((d for d in report.behind if (d.set, d.metric, d.restorer) == second), None)


def _worded(report: ReportData, gap: Difference) -> dict[str, str]:
    """How far the next is behind, as a positive amount: the sentence says who is ahead."""
    amount, low, high = gap.difference or 0.0, gap.ci_low, gap.ci_high
    if amount < 0 and low is not None and high is not None:
        low, high = -high, -low
    return {
        "restorer": gap.restorer,
        "verdict": gap.verdict,
        "amount": with_unit(abs(amount), gap.metric, report),
        "interval": interval(low, high, places_of(gap.metric, report)),
        "p": p_value(gap.p),
    }


def summary(lines: Sequence[Headline]) -> str:
    """All sets in a sentence or three.

    Where somebody is ahead, where that rests on few images, and where nobody is.
    """
    alone = [line for line in lines if len(line.leaders) == 1 and line.ranked > 1]
    ahead = grouped(alone, lambda line: "sure" if line.n >= FEW_IMAGES else "likely")
    tied = [line for line in lines if len(line.leaders) > 1]
    parts = []
    if "sure" in ahead:
        parts.append(f"Best, beyond what chance explains: {_winners(ahead['sure'])}.")
    if "likely" in ahead:
        parts.append(f"Ahead, on fewer than {FEW_IMAGES} images: {_winners(ahead['likely'])}.")
    if tied:
        parts.append(f"On {_join(tied)} the data cannot tell the leaders apart.")
    return " ".join(parts)


def _winners(lines: Sequence[Headline]) -> str:
    won = grouped(lines, lambda line: line.leaders[0])
    return "; ".join(f"{name} on {_join(sets)}" for name, sets in won.items())


def _join(lines: Sequence[Headline]) -> str:
    names = [_set(line) for line in lines]
    shown = [*names[:3], f"{len(names) - 3} more"] if len(names) > 4 else names
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
