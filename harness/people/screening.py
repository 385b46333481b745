"""Which observers are left out, and why: every one is listed, with what was seen of it.

After the practice of ITU-R BT.500 and ITU-T P.910 (repeated and clear pairs, and comparison with
the panel), by rules that are written out here. An observer of another taste than the rest's is told
from a careless one by the checks, and may be kept by name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log
from statistics import median

import numpy as np

from harness.people.panels import Answer, answers
from harness.people.study import CLEAR, MIRRORED, Study
from harness.people.votes_file import Ballot
from harness.statistics import Floats
from harness.statistics.paired_comparisons import Comparisons, fit_strengths

FEWEST_CHECKS = 3
FEWEST_REPEATS = 4
FEWEST_JUDGED = 20
"""Votes with a winner from which an observer is held against the others."""

_CONTRADICTIONS = 0.35
"""As often as a careful observer of hard pairs may prefer the other picture the second time."""

_ODDS = 10.0
"""By how much tossing a coin has to explain an observer's votes better than sharing a taste."""

_SHARED = 0.6
"""Agreement of the others below which there is no taste to share."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the laboratory may set.

    Attributes:
        fastest: Median seconds a pair below which nobody has looked.
        keep: Observers that are kept whatever was seen.
    """

    fastest: float = 0.5
    keep: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Screened:
    """What was seen of one observer.

    Attributes:
        votes: Pairs that were answered.
        checks: Clear pairs, and how many were answered rightly.
        repeats: Pairs asked twice with a winner both times, and how often it was the same.
        seconds: Median of a pair, where the page was not hidden.
        agreement: Share of votes with a winner that agree with the strengths after the others'
            votes; `None` where there are too few.
        reasons: Why it is left out; empty: it is not.
        kept: Whether it stays although there are reasons.
    """

    observer: str
    study: str
    votes: int
    checks: tuple[int, int]
    repeats: tuple[int, int]
    seconds: float | None
    agreement: float | None
    reasons: tuple[str, ...]
    kept: bool = False

    @property
    def left_out(self) -> bool:
        """Whether its votes do not count."""
        return bool(self.reasons) and not self.kept

    def as_row(self) -> dict[str, object]:
        """As a flat row."""
        return {
            "observer": self.observer,
            "study": self.study,
            "votes": self.votes,
            "checks": self.checks[0],
            "checks_right": self.checks[1],
            "repeats": self.repeats[0],
            "repeats_same": self.repeats[1],
            "seconds": self.seconds,
            "agreement": self.agreement,
            "left_out": self.left_out,
            "reasons": list(self.reasons),
        }


def screen(ballots: Sequence[Ballot], studies: Mapping[str, Study], rules: Rules) -> list[Screened]:
    """Screens observers, each by its own checks and then against those that passed them."""
    own = [_by_itself(ballot, studies[ballot.study], rules) for ballot in ballots]
    passed = [
        ballot
        for ballot, (_, _, _, reasons) in zip(ballots, own, strict=True)
        if not reasons or ballot.observer in rules.keep
    ]
    votes = answers(ballots, studies)
    shared = _agreements(votes, {f"{ballot.study}/{ballot.observer}" for ballot in passed})
    found = []
    for ballot, (checks, repeats, seconds, reasons) in zip(ballots, own, strict=True):
        name = f"{ballot.study}/{ballot.observer}"
        agreed, judged = shared.get(name, (0, 0))
        others = [counts for key, counts in shared.items() if key != name]
        found.append(
            Screened(
                ballot.observer,
                ballot.study,
                sum(vote.observer == name for vote in votes),
                checks,
                repeats,
                seconds,
                agreed / judged if judged >= FEWEST_JUDGED else None,
                (*reasons, *_against_others(agreed, judged, others)),
                ballot.observer in rules.keep,
            )
        )
    return found


def _by_itself(
    ballot: Ballot, study: Study, rules: Rules
) -> tuple[tuple[int, int], tuple[int, int], float | None, tuple[str, ...]]:
    """Checks, repeats and median seconds of an observer, and what is wrong with them."""
    said = {study.trial(vote.trial)[1]: vote.choice for vote in ballot.votes}
    session = study.sessions[ballot.session]
    clear = [(session[place], choice) for place, choice in said.items()]
    right = [
        (trial.left if choice == "left" else trial.right if choice == "right" else "") == CLEAR
        for trial, choice in clear
        if trial.kind == "check"
    ]
    twice = [
        (said[trial.of], MIRRORED[said[place]])
        for place, trial in enumerate(session)
        if trial.kind == "swapped" and trial.of in said and place in said
    ]
    same = [first == second for first, second in twice if "tie" not in (first, second)]
    times = [vote.seconds for vote in ballot.votes if not vote.away]
    seconds = median(times) if times else None
    reasons = _reasons(len(right), sum(right), len(same), sum(same), seconds, rules)
    return (len(right), sum(right)), (len(same), sum(same)), seconds, tuple(reasons)


def _reasons(
    checks: int, right: int, repeats: int, same: int, seconds: float | None, rules: Rules
) -> list[str]:
    from scipy.stats import binom

    found = []
    if checks >= FEWEST_CHECKS and right <= checks / 2:
        found.append(f"saw {right} of {checks} clear differences")
    chance = float(binom.sf(repeats - same - 1, repeats, _CONTRADICTIONS)) if repeats else 1.0
    if repeats >= FEWEST_REPEATS and chance < 0.05:
        found.append(f"chose the other picture in {repeats - same} of {repeats} swapped pairs")
    if seconds is not None and seconds < rules.fastest:
        found.append(f"took {seconds:.2f} s a pair, less than {rules.fastest:g} s")
    return found


def _against_others(agreed: int, judged: int, others: Collection[tuple[int, int]]) -> list[str]:
    total = sum(count for _, count in others)
    if judged < FEWEST_JUDGED or not total:
        return []
    rate = sum(count for count, _ in others) / total
    if rate < _SHARED:
        return []
    rate = min(rate, 0.99)
    odds = agreed * log(rate / 0.5) + (judged - agreed) * log((1 - rate) / 0.5)
    if odds > -log(_ODDS):
        return []
    return [
        f"agrees with the others in {100 * agreed / judged:.0f} % of {judged} votes, as a coin "
        f"would, while they agree in {100 * rate:.0f} %"
    ]


def _agreements(votes: Sequence[Answer], trusted: Collection[str]) -> dict[str, tuple[int, int]]:
    """Observer -> how many of its votes agree with the others' strengths, of how many."""
    found: dict[str, tuple[int, int]] = {}
    for name in dict.fromkeys(vote.set for vote in votes):
        here = [vote for vote in votes if vote.set == name]
        names = sorted({side for vote in here for side in (vote.one, vote.other)})
        places = {restorer: place for place, restorer in enumerate(names)}
        for observer in dict.fromkeys(vote.observer for vote in here):
            others = [v for v in here if v.observer != observer and v.observer in trusted]
            if not others:
                continue
            strengths = fit_strengths(_wins(others, places))
            own = [v for v in here if v.observer == observer and v.better != 0.5]
            gaps = np.array([strengths[places[v.one]] - strengths[places[v.other]] for v in own])
            agreed = sum((gap > 0) == (v.better == 1) for gap, v in zip(gaps, own, strict=True))
            before = found.get(observer, (0, 0))
            found[observer] = before[0] + int(agreed), before[1] + len(own)
    return {name: counts for name, counts in found.items() if name in trusted or counts[1]}


def _wins(votes: Sequence[Answer], places: Mapping[str, int]) -> Floats:
    zeros = np.zeros(len(votes), np.int64)
    one = np.array([places[vote.one] for vote in votes])
    other = np.array([places[vote.other] for vote in votes])
    share = np.array([vote.better for vote in votes])
    return Comparisons(zeros, zeros, one, other, share, len(places)).wins()
