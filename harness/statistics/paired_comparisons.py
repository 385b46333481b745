"""Strengths out of comparisons of pairs by observers, with the uncertainty of both.

Two models of who wins: Bradley & Terry's (Biometrika 1952), in Elo points, and Thurstone's case V
(Psychological Review 1927), in just-objectionable differences (JOD), of which one is a win in three
of four. A tie is half a win to each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from harness.statistics import Floats
from harness.statistics.bradley_terry import POINTS, VIRTUAL_TIES
from harness.statistics.resampling import CONFIDENCE, RESAMPLES, SEED
from harness.statistics.simultaneous import Pairs, chance, judged

Ints = npt.NDArray[np.int64]
Model = Literal["bradley-terry", "thurstone"]

UNITS: dict[Model, float] = {"bradley-terry": float(POINTS), "thurstone": 1 / 0.6744897501960817}
"""What a model's own unit is multiplied by: Elo points, and JOD."""

_PRIOR = 0.01
"""Precision of a normal prior around 0, which keeps apart finite what no vote has compared."""

_BELIEVED = 0.5
"""The same where the next pairs are chosen: 1.4 log odds are a standard deviation."""

_LEAST = 0.5
"""Of the variance of single votes, which is known best: the least that the whole may come to."""

_STEPS, _CLOSE = 40, 1e-9

_AT_ONCE = 100
"""Resamples at work together: their weights of single votes fit into memory."""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Votes as arrays, one element a vote.

    Attributes:
        observer: (votes,) number of the observer, from 0.
        image: (votes,) number of the image.
        one: (votes,) number of a stimulus, such as a restorer.
        other: (votes,) that it was compared with.
        share: (votes,) 1 where `one` was better, 0 where `other` was, 0.5 for a tie.
        stimuli: How many there are.
    """

    observer: Ints
    image: Ints
    one: Ints
    other: Ints
    share: Floats
    stimuli: int

    def wins(self) -> Floats:
        """(stimuli, stimuli): how often the row's won over the column's."""
        return self.of_groups(np.zeros(len(self.one), np.int64)).reshape(self.stimuli, -1)

    def of_groups(self, groups: Ints) -> Floats:
        """(groups, stimuli * stimuli): wins in each group of votes."""
        count, square = int(groups.max(initial=-1)) + 1, self.stimuli**2
        there = groups * square + self.one * self.stimuli + self.other
        back = groups * square + self.other * self.stimuli + self.one
        total = np.bincount(there, self.share, count * square)
        total += np.bincount(back, 1 - self.share, count * square)
        return np.asarray(total.reshape(count, square), dtype=np.float64)

    def cells(self) -> Ints:
        """(votes,): what one observer said of one image is one group."""
        pairs = self.observer * (int(self.image.max(initial=0)) + 1) + self.image
        return _renumbered(pairs)


@dataclass(frozen=True, slots=True)
class Strengths:
    """Strengths of stimuli in a model's unit, around a mean of 0.

    Attributes:
        points: (stimuli,).
        low: Lower ends of the 95 % intervals.
        high: Upper ends.
        covariance: (stimuli, stimuli), over observers and images.
        freedom: Degrees of freedom of the covariance.
    """

    points: Floats
    low: Floats
    high: Floats
    covariance: Floats
    freedom: float

    def pairs(self) -> Pairs:
        """Every pair, corrected over all pairs.

        A pair's p is the share of draws in which any pair lies as far apart by chance as this one.
        """
        generator, count = np.random.default_rng(SEED), len(self.points)
        draws = generator.multivariate_normal(
            np.zeros(count), self.covariance, RESAMPLES, check_valid="ignore", method="eigh"
        ).T
        draws = draws / np.sqrt(generator.chisquare(self.freedom, RESAMPLES) / self.freedom)
        variances = np.diagonal(self.covariance)
        spread = variances[:, None] + variances - 2 * self.covariance
        real = spread > 1e-12 * max(float(variances.max(initial=0.0)), 1e-12)
        inverse = np.where(real, 1 / np.sqrt(np.where(real, spread, 1)), 0)
        difference, by_chance = self.points[:, None] - self.points, chance(draws, inverse, 1)
        p = np.where(real, by_chance.p(np.abs(difference) * inverse), 1.0)
        reach = np.where(real, by_chance.critical * np.sqrt(np.maximum(spread, 0)), np.inf)
        return judged(difference, reach, reach, p)


def fit_strengths(wins: Floats, model: Model = "bradley-terry") -> Floats:
    """Most likely strengths, in the model's unit and around a mean of 0.

    By Fisher's scoring, for many tables of wins at once.

    Args:
        wins: (..., stimuli, stimuli): how often the row's beat the column's.
        model: Of who wins.

    Returns:
        (..., stimuli).
    """
    found, _ = _fit(wins, model, _PRIOR)
    found = found - found.mean(axis=-1, keepdims=True)
    return np.asarray(UNITS[model] * found)


def posterior(wins: Floats) -> tuple[Floats, Floats]:
    """What votes say of strengths that were believed to lie within a few log odds of 0.

    Args:
        wins: (stimuli, stimuli).

    Returns:
        Means (stimuli,) and covariance (stimuli, stimuli) of a normal posterior, in log odds.
    """
    means, information = _fit(wins, "bradley-terry", _BELIEVED)
    return means, np.asarray(np.linalg.inv(information))


def _fit(wins: Floats, model: Model, prior: float) -> tuple[Floats, Floats]:
    """Strengths in the model's own unit, and the information on them."""
    played = wins + np.swapaxes(wins, -1, -2)
    won, played = wins + VIRTUAL_TIES / 2 * played, (1 + VIRTUAL_TIES) * played
    found = np.zeros(wins.shape[:-1])
    for _ in range(_STEPS):
        gradient, information = _slopes(found, won, played, model, prior)
        step = np.clip(np.linalg.solve(information, gradient[..., None])[..., 0], -1, 1)
        found = found + step
        if np.abs(step).max(initial=0.0) < _CLOSE:
            break
    return found, information


def _slopes(
    strengths: Floats, won: Floats, played: Floats, model: Model, prior: float = 0.0
) -> tuple[Floats, Floats]:
    """Gradient (..., stimuli) of the log likelihood, and its expected information."""
    from scipy.special import expit, ndtr

    gaps = np.clip(strengths[..., :, None] - strengths[..., None, :], -8, 8)
    if model == "bradley-terry":
        chance = expit(gaps)
        steep, weight = np.ones_like(gaps), chance * (1 - chance)
    else:
        chance, density = ndtr(gaps), np.exp(-(gaps**2) / 2) / np.sqrt(2 * np.pi)
        steep = density / (chance * (1 - chance))
        weight = density * steep
    gradient = (steep * (won - played * chance)).sum(axis=-1) - prior * strengths
    information = -played * weight
    places = np.arange(strengths.shape[-1])
    information[..., places, places] = prior - information.sum(axis=-1)
    return gradient, information


def strengths(votes: Comparisons, model: Model = "bradley-terry") -> Strengths:
    """Strengths with intervals over observers and images, which both were drawn.

    The bootstrap resamples observers, images, and what one observer said of one image; each refits
    the model. The noise of single votes is in the first two, so that the third is taken off their
    sum once (Cameron, Gelbach & Miller, JBES 2011): resampling both at once counts it three times
    (Owen, Annals of Applied Statistics 2007). Intervals are Student's, with the degrees of freedom
    of Satterthwaite (Biometrics 1946).

    Args:
        votes: At least one.
        model: Of who wins.
    """
    points = fit_strengths(votes.wins(), model)
    observers, images = (_renumbered(part) for part in (votes.observer, votes.image))
    by_observer, by_image, by_cell = (
        _resampled_covariance(votes.of_groups(groups), votes.stimuli, model, place)
        for place, groups in enumerate((observers, images, votes.cells()))
    )
    covariance = _added(by_observer, by_image, by_cell)
    sizes = [int(groups.max()) for groups in (observers, images)]  # one less than their numbers
    freedom = _freedom([by_observer, by_image], sizes, covariance)
    half = _student(freedom) * np.sqrt(np.diagonal(covariance))
    return Strengths(points, points - half, points + half, covariance, freedom)


def _renumbered(groups: Ints) -> Ints:
    return np.asarray(np.unique(groups, return_inverse=True)[1], dtype=np.int64)


def _resampled_covariance(wins: Floats, stimuli: int, model: Model, stream: int) -> Floats:
    """Covariance of the strengths over resamples of groups of votes."""
    groups = len(wins)
    if groups < 2:
        return np.zeros((stimuli, stimuli))
    generator = np.random.default_rng([SEED, stream])
    drawn = [
        fit_strengths(
            (generator.multinomial(groups, np.full(groups, 1 / groups), _AT_ONCE) @ wins).reshape(
                -1, stimuli, stimuli
            ),
            model,
        )
        for _ in range(RESAMPLES // _AT_ONCE)
    ]
    return np.atleast_2d(np.cov(np.concatenate(drawn), rowvar=False)) * groups / (groups - 1)


def _added(by_observer: Floats, by_image: Floats, by_cell: Floats) -> Floats:
    """The covariance over observers and images, with the noise of votes in it once, at least."""
    if not by_observer.any() or not by_image.any():  # of a single observer or image
        return np.asarray(np.maximum(by_observer, by_image) if not by_cell.any() else by_cell)
    least = _LEAST * by_cell
    values, vectors = np.linalg.eigh(by_observer + by_image - by_cell - least)
    return np.asarray(least + (vectors * np.maximum(values, 0)) @ vectors.T)


def _freedom(parts: Sequence[Floats], sizes: Sequence[int], whole: Floats) -> float:
    """Satterthwaite's degrees of freedom of the mean variance."""
    squares = sum(
        float(np.trace(part)) ** 2 / max(size, 1) for part, size in zip(parts, sizes, strict=True)
    )
    return max(float(np.trace(whole)) ** 2 / squares, 1.0) if squares else 1.0


def _student(freedom: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def by_image(votes: Comparisons, images: int) -> Floats:
    """Bradley-Terry strengths as means over images, to first order.

    An image moves the strengths by the gradient of its votes times the inverse of the information.

    Args:
        votes: At least one.
        images: How many there are; one without votes says what the others say.

    Returns:
        (stimuli, images) in Elo points, whose means are the strengths.
    """
    points = fit_strengths(votes.wins()) / POINTS
    every = votes.wins()
    _, information = _slopes(points, every, every + every.T, "bradley-terry", _PRIOR)
    wins = np.zeros((images, votes.stimuli**2))
    found = votes.of_groups(votes.image)
    wins[: len(found)] = found
    each = wins.reshape(images, votes.stimuli, votes.stimuli)
    gradient = np.stack(
        [_slopes(points, won, won + won.T, "bradley-terry")[0] for won in each], axis=1
    )
    gradient = gradient - gradient.mean(axis=1, keepdims=True)
    moved = np.linalg.solve(information, gradient)
    moved = moved - moved.mean(axis=0)
    return np.asarray(POINTS * (points[:, None] + images * moved))
