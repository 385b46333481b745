"""Simulated observers: how many votes a design needs, and whether intervals hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from harness.people.design import Belief, Choices, Pair, active_sessions, balanced_session
from harness.statistics import Floats
from harness.statistics.paired_comparisons import Comparisons, fit_strengths

Design = Literal["random", "active"]


@dataclass(frozen=True, slots=True)
class Taste:
    """What simulated observers like.

    Attributes:
        quality: (restorers, images) in log odds: a picture that is better by 1 wins in 73 %.
        spread: Standard deviation of one observer's own taste for a restorer, in log odds.
        ties: Share of ties between equals; where the better one is plain, there are fewer.
    """

    quality: Floats
    spread: float = 0.3
    ties: float = 0.2

    @property
    def restorers(self) -> int:
        """How many there are."""
        return len(self.quality)

    def vote(
        self, own: Floats, image: int, one: int, other: int, generator: np.random.Generator
    ) -> float:
        """Share of the win of `one`, as an observer of a taste `own` (restorers,) says."""
        liked = self.quality[:, image] + own
        chance = 1 / (1 + np.exp(liked[other] - liked[one]))
        if generator.random() < 4 * self.ties * chance * (1 - chance):
            return 0.5
        return float(generator.random() < chance)

    def observer(self, generator: np.random.Generator) -> Floats:
        """One observer's own taste."""
        return (
            generator.normal(0, self.spread, self.restorers)
            if self.spread
            else np.zeros(self.restorers)
        )


@dataclass(frozen=True, slots=True)
class Rounds:
    """How votes come in.

    Attributes:
        rounds: How often pairs are chosen anew.
        observers: Of each round.
        pairs: Of each observer.
    """

    rounds: int = 8
    observers: int = 3
    pairs: int = 20


def taus(
    taste: Taste, design: Design, rounds: Rounds, generator: np.random.Generator
) -> Iterator[tuple[int, float]]:
    """Plays a study, round by round.

    Args:
        taste: Of the observers.
        design: Which pairs.
        rounds: How votes come in.
        generator: Of everything that is drawn.

    Yields:
        Votes so far, and Kendall's tau of the fitted strengths with `true_strengths`.
    """
    from scipy.stats import kendalltau

    truth = true_strengths(taste)
    names = [f"{place:04d}" for place in range(taste.restorers)]
    images = range(taste.quality.shape[1])
    choices = Choices(
        [Pair("", f"{image:04d}", *two) for image in images for two in combinations(names, 2)]
    )
    wins, votes = np.zeros((taste.restorers, taste.restorers)), 0
    for _ in range(rounds.rounds):
        if design == "active":
            beliefs = {"": Belief.of(names, wins)}
            sessions = active_sessions(choices, beliefs, rounds.observers, rounds.pairs, generator)
        else:
            sessions = [
                balanced_session(choices, rounds.pairs, generator) for _ in range(rounds.observers)
            ]
        for session in sessions:
            own = taste.observer(generator)
            for pair in session:
                one, other = int(pair.one), int(pair.other)
                share = taste.vote(own, int(pair.image), one, other, generator)
                wins[one, other] += share
                wins[other, one] += 1 - share
            votes += len(session)
        yield votes, float(kendalltau(fit_strengths(wins), truth).statistic)


def mean_taus(
    taste: Taste, design: Design, rounds: Rounds, repeats: int, seed: int = 0
) -> list[tuple[int, float]]:
    """Votes, and the mean of `taus` over simulated studies."""
    played = [
        list(taus(taste, design, rounds, np.random.default_rng([seed, number])))
        for number in range(repeats)
    ]
    means = np.mean([[tau for _, tau in one] for one in played], axis=0)
    return [(votes, float(tau)) for (votes, _), tau in zip(played[0], means, strict=True)]


def votes_for(found: list[tuple[int, float]], tau: float) -> float:
    """Votes after which a mean tau is reached, between rounds on a line; infinite if never."""
    best = np.maximum.accumulate([value for _, value in found])
    if best[-1] < tau:
        return float("inf")
    return float(np.interp(tau, best, [votes for votes, _ in found]))


def draw_study(
    taste: Taste, observers: int, images: int, pairs: int, generator: np.random.Generator
) -> Comparisons:
    """A study with observers and images drawn at random, each pair too.

    Args:
        taste: Its images are the population that images are drawn from.
        observers: Drawn anew.
        images: Drawn from the population.
        pairs: Of each observer.
        generator: Of everything that is drawn.
    """
    drawn = generator.integers(taste.quality.shape[1], size=images)
    rows = []
    for observer in range(observers):
        own = taste.observer(generator)
        for _ in range(pairs):
            image = int(generator.integers(images))
            one, other = (int(n) for n in generator.permutation(taste.restorers)[:2])
            share = taste.vote(own, int(drawn[image]), one, other, generator)
            rows.append((observer, image, one, other, share))
    columns = list(zip(*rows, strict=True))
    who, where, first, second = (np.array(column, dtype=np.int64) for column in columns[:4])
    shares = np.array(columns[4], dtype=np.float64)
    return Comparisons(who, where, first, second, shares, taste.restorers)


def true_strengths(taste: Taste, observers: int = 200, seed: int = 0) -> Floats:
    """What infinitely many votes on the whole population would say, (restorers,) in Elo points."""
    generator = np.random.default_rng(seed)
    wins = np.zeros((taste.restorers, taste.restorers))
    for _ in range(observers):
        liked = taste.quality + taste.observer(generator)[:, None]
        chance = 1 / (1 + np.exp(liked[None] - liked[:, None]))
        tied = 4 * taste.ties * chance * (1 - chance)
        wins += (chance * (1 - tied) + tied / 2).mean(axis=2)
    np.fill_diagonal(wins, 0)
    return fit_strengths(wins)
