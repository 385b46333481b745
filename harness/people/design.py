"""Which pairs are voted on: balanced at random, or those that say most about the order.

The active design follows Mikhailiuk et al. (ASAP, ICPR 2020) in choosing a whole round of votes by
their expected information, from a normal posterior of the strengths. The information here is that
on *which of two is better*, not on their strengths: a pair whose order is known is asked no more.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from harness.statistics import Floats
from harness.statistics.paired_comparisons import posterior

_GRID = np.linspace(-4, 4, 65)
_WEIGHTS = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two restorers on one image of a set; their names are in their order."""

    set: str
    image: str
    one: str
    other: str


@dataclass(slots=True)
class Choices:
    """The pairs that there are to ask, and how often each has been asked.

    Args:
        pairs: Each once.

    Attributes:
        used: How often each was chosen.
    """

    pairs: Sequence[Pair]
    used: Counter[Pair] = field(default_factory=Counter)

    def take(self, pair: Pair) -> Pair:
        """Chooses one."""
        self.used[pair] += 1
        return pair


def balanced_session(choices: Choices, count: int, generator: np.random.Generator) -> list[Pair]:
    """The pairs of one observer: those that were asked least, at random; none twice."""
    tossed = generator.permutation(len(choices.pairs))
    pairs = [choices.pairs[place] for place in tossed]
    pairs.sort(key=lambda pair: choices.used[pair])
    return [choices.take(pair) for pair in pairs[:count]]


@dataclass(slots=True)
class Belief:
    """What is known of the strengths on one set.

    Attributes:
        names: Its restorers.
        means: (restorers,) in log odds.
        covariance: (restorers, restorers).
    """

    names: tuple[str, ...]
    means: Floats
    covariance: Floats

    @classmethod
    def of(cls, names: Sequence[str], wins: Floats) -> "Belief":
        """After votes (restorers, restorers), how often the row's beat the column's."""
        return cls(tuple(names), *posterior(wins))

    def gain(self, ones: Sequence[int], others: Sequence[int]) -> Floats:
        """Expected information (pairs,), in nats, of one more vote on the order of each pair."""
        gaps = self.means[list(ones)] - self.means[list(others)]
        return order_information(gaps, self._variances(ones, others))

    def _variances(self, ones: Sequence[int], others: Sequence[int]) -> Floats:
        rows, columns = list(ones), list(others)
        own = np.diagonal(self.covariance)
        return np.asarray(own[rows] + own[columns] - 2 * self.covariance[rows, columns])

    def foresee(self, one: int, other: int) -> None:
        """Has the covariance after one more vote on a pair, whatever it will be."""
        chance = 1 / (1 + np.exp(self.means[other] - self.means[one]))
        weight = chance * (1 - chance)
        moved = self.covariance[:, one] - self.covariance[:, other]
        spread = moved[one] - moved[other]
        self.covariance = self.covariance - np.outer(moved, moved) * (
            weight / (1 + weight * spread)
        )


def order_information(gaps: Floats, variances: Floats) -> Floats:
    """Mutual information, in nats, of a vote on a pair and of which of the two is better.

    Args:
        gaps: (pairs,) mean difference of the strengths, in log odds.
        variances: (pairs,) of that difference.

    Returns:
        (pairs,), at least 0.
    """
    drawn = gaps[:, None] + np.sqrt(np.maximum(variances, 1e-12))[:, None] * _GRID
    chance, better = 1 / (1 + np.exp(-drawn)), drawn > 0
    share = (_WEIGHTS * better).sum(axis=1)
    won = (_WEIGHTS * chance).sum(axis=1)
    both = (_WEIGHTS * chance * better).sum(axis=1)
    given = share * _entropy(both / np.maximum(share, 1e-12))
    given += (1 - share) * _entropy((won - both) / np.maximum(1 - share, 1e-12))
    return np.asarray(np.maximum(_entropy(won) - given, 0))


def _entropy(chance: Floats) -> Floats:
    kept = np.clip(chance, 1e-12, 1 - 1e-12)
    return np.asarray(-kept * np.log(kept) - (1 - kept) * np.log(1 - kept))


def active_sessions(
    choices: Choices,
    beliefs: Mapping[str, Belief],
    sessions: int,
    count: int,
    generator: np.random.Generator,
) -> list[list[Pair]]:
    """The pairs of a round of observers, each of whom is asked none twice.

    Args:
        choices: What there is to ask.
        beliefs: By set; each foresees the votes that are chosen.
        sessions: Observers.
        count: Pairs of each, at most.
        generator: Of what is left to chance.
    """
    there: dict[tuple[str, str, str], list[Pair]] = {}
    for pair in choices.pairs:
        there.setdefault((pair.set, pair.one, pair.other), []).append(pair)
    found: list[list[Pair]] = [[] for _ in range(sessions)]
    most = len(choices.pairs)
    for place, key in enumerate(_most_telling(beliefs, there, sessions * min(count, most))):
        session = found[place % sessions]
        fresh = [pair for pair in there[key] if pair not in session]
        if not fresh:  # this observer has seen the two on every image
            fresh = [pair for pair in choices.pairs if pair not in session]
        tossed = [fresh[item] for item in generator.permutation(len(fresh))]
        session.append(choices.take(min(tossed, key=lambda pair: choices.used[pair])))
    return found


def _most_telling(
    beliefs: Mapping[str, Belief], there: Mapping[tuple[str, str, str], Sequence[Pair]], count: int
) -> Iterator[tuple[str, str, str]]:
    """Set and restorers of so many pairs, the most telling first, each after those before it."""
    places: dict[str, tuple[list[int], list[int]]] = {name: ([], []) for name in beliefs}
    for name, one, other in there:
        names = beliefs[name].names
        places[name][0].append(names.index(one))
        places[name][1].append(names.index(other))
    gains = {name: beliefs[name].gain(*sides) for name, sides in places.items() if sides[0]}
    for _ in range(count):
        name = max(gains, key=lambda key: float(gains[key].max()))
        best = int(np.argmax(gains[name]))
        row, column = (side[best] for side in places[name])
        belief = beliefs[name]
        yield name, belief.names[row], belief.names[column]
        belief.foresee(row, column)
        gains[name] = belief.gain(*places[name])


def order_trials(pairs: Sequence[Pair], generator: np.random.Generator) -> list[Pair]:
    """A random order in which an image seldom follows itself."""
    left = [pairs[place] for place in generator.permutation(len(pairs))]
    ordered: list[Pair] = []
    while left:
        last = (ordered[-1].set, ordered[-1].image) if ordered else None
        places = (n for n, pair in enumerate(left) if (pair.set, pair.image) != last)
        ordered.append(left.pop(next(places, 0)))
    return ordered


def choose_sides(pairs: Sequence[Pair], generator: np.random.Generator) -> list[bool]:
    """For each pair, whether `one` is on the left: everyone is on either side as often."""
    lead: Counter[str] = Counter()
    sides = []
    for pair in pairs:
        balance = lead[pair.one] - lead[pair.other]
        left = bool(generator.random() < 0.5) if balance == 0 else balance < 0
        lead[pair.one] += 1 if left else -1
        lead[pair.other] += -1 if left else 1
        sides.append(left)
    return sides
