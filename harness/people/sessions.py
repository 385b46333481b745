"""The trials of a study's sessions: pairs, checks, and pairs again with their sides swapped."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np

from harness.errors import InputError
from harness.people.design import (
    Belief,
    Choices,
    Pair,
    active_sessions,
    balanced_session,
    choose_sides,
    order_trials,
)
from harness.people.study import CLEAR, SPOILT, Trial

FEWEST_CHECKS = 4
"""Of each kind: with fewer, chance passes or fails an observer."""

ONE_CHECK_IN = 15
LEAST_TRIALS = 12


@dataclass(frozen=True, slots=True)
class Budget:
    """What a study may cost.

    Attributes:
        observers: How many people take part.
        minutes: Of each.
        seconds: For one pair.

    Raises:
        InputError: Minutes or seconds are no number, or endless.
    """

    observers: int = 12
    minutes: float = 15.0
    seconds: float = 8.0

    def __post_init__(self) -> None:
        """Checks that a number of trials comes of it."""
        if not (self.seconds > 0 and isfinite(self.minutes * 60 / self.seconds)):
            raise InputError(
                f"{self.minutes:g} minutes at {self.seconds:g} s a pair are no number of pairs"
            )

    @property
    def trials(self) -> int:
        """Trials of one session, checks included."""
        return int(self.minutes * 60 / self.seconds)


def plan_sessions(
    pairs: Sequence[Pair],
    budget: Budget,
    design: Literal["random", "active"],
    beliefs: dict[str, Belief],
    seed: int,
) -> tuple[tuple[Trial, ...], ...]:
    """Plans what each observer is asked.

    Args:
        pairs: What there is to ask, each once.
        budget: Observers and time.
        design: `random`: all pairs equally often; `active`: the most telling, after what is
            believed.
        beliefs: By set, for `active`.
        seed: Of pairs, order and sides.

    Raises:
        InputError: There is nothing to ask, or no time for it.
    """
    if not pairs:
        raise InputError("there is nothing to compare: no image has two different restored images")
    checks = max(FEWEST_CHECKS, budget.trials // ONE_CHECK_IN)
    asked = min(budget.trials - 2 * checks, len(pairs))
    if asked < min(LEAST_TRIALS - 2 * FEWEST_CHECKS, len(pairs)):
        raise InputError(
            f"{budget.minutes:g} minutes at {budget.seconds:g} s a pair are {budget.trials} pairs, "
            f"{2 * checks} of them checks; expected at least {LEAST_TRIALS}"
        )
    generator, choices = np.random.default_rng(seed), Choices(pairs)
    if design == "active":
        found = active_sessions(choices, beliefs, budget.observers, asked, generator)
    else:
        found = [balanced_session(choices, asked, generator) for _ in range(budget.observers)]
    return tuple(_session(session, checks, generator) for session in found)


def _session(
    pairs: Sequence[Pair], checks: int, generator: np.random.Generator
) -> tuple[Trial, ...]:
    ordered = order_trials(pairs, generator)
    sides = choose_sides(ordered, generator)
    trials = [
        Trial("pair", pair.set, pair.image, *((one, two) if left else (two, one)))
        for pair, left in zip(ordered, sides, strict=True)
        for one, two in [(pair.one, pair.other)]
    ]
    chosen, first = generator.permutation(len(ordered))[:checks].tolist(), generator.integers(2)
    for count, place in enumerate(chosen):  # on either side as often: who always says A sees half
        left, right = (CLEAR, SPOILT) if (count + first) % 2 else (SPOILT, CLEAR)
        trials.append(Trial("check", ordered[place].set, ordered[place].image, left, right))
    return _mixed(trials, len(ordered), checks, generator)


def _mixed(
    trials: Sequence[Trial], pairs: int, checks: int, generator: np.random.Generator
) -> tuple[Trial, ...]:
    """Spreads the checks, and asks some of the first half's pairs again in the second half."""
    # a check every so many pairs, and none at the very start
    keys = [*map(float, range(pairs)), *generator.uniform(1, pairs, len(trials) - pairs)]
    mixed = [trials[place] for place in np.argsort(keys, kind="stable")]
    early = [place for place, trial in enumerate(mixed[: len(mixed) // 2]) if trial.kind == "pair"]
    again = sorted(generator.permutation(early)[:checks].tolist())
    step = max(1, (len(mixed) - len(mixed) // 2) // (len(again) + 1))
    for count, place in enumerate(again):
        old = mixed[place]
        # places before the middle do not move
        at = len(mixed) // 2 + (count + 1) * step + count
        mixed.insert(at, Trial("swapped", old.set, old.image, old.right, old.left, of=place))
    return tuple(mixed)
