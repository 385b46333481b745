"""The scorer learns from votes: a low-rank change upon trained weights.

Our choice: only what the heads make of their last hidden units changes. A network's points are
linear in that, so that the likelihood of the votes (Bradley & Terry's) has one maximum, found in
seconds; a ridge, chosen by leaving scenes out, keeps close to the weights that were there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from harness.dri.network.network import DRINetwork
from harness.errors import InputError

Floats = npt.NDArray[np.float64]

RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
FOLDS = 5
FEWEST_SCENES, FEWEST_PAIRS = 4, 40
_DIRECTIONS = 128
"""Principal directions of the hidden units that may change: more than votes can tell."""

POINTS = 10
"""Of the scorer, that are one log odd: people find one of two better in 73 %."""

_STEPS = 30


@dataclass(frozen=True, slots=True)
class VotedPairs:
    """Votes on pairs of images.

    Attributes:
        scene: (pairs,) number of the scene, from 0.
        one: (pairs,) number of an image.
        other: (pairs,) that it was compared with.
        won: (pairs,) votes for the first; a tie is half a vote for each.
        lost: (pairs,) votes for the second.
    """

    scene: npt.NDArray[np.int64]
    one: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    won: Floats
    lost: Floats

    def take(self, rows: npt.NDArray[np.bool_]) -> "VotedPairs":
        """Some of the pairs."""
        scene, one, other = self.scene[rows], self.one[rows], self.other[rows]
        return VotedPairs(scene, one, other, self.won[rows], self.lost[rows])


@dataclass(frozen=True, slots=True)
class Adapted:
    """What came of it.

    Attributes:
        before: Share of the votes with a winner that the scorer agreed with.
        after: The same of adapted scorers, each on scenes that it had not learnt from.
        ridge: The ridge that was chosen.
        scenes: How many scenes it has learnt from.
        votes: How many votes.
    """

    before: float
    after: float
    ridge: float
    scenes: int
    votes: float


def heads_of(network: DRINetwork) -> list[nn.Linear]:
    """The last layers, member by member: hidden units to a score and a weight of each patch."""
    return [
        [layer for layer in head.modules() if isinstance(layer, nn.Linear)][-1]
        for member in network.members
        for head in member.predictor.heads
    ]


def describe_image(
    network: DRINetwork, tiles: Sequence[Tensor], heads: Sequence[nn.Linear]
) -> tuple[float, Floats]:
    """Points of an image, and what they change by with the weights of the last layers.

    Args:
        network: In evaluation mode.
        tiles: (1, 3, H, W) each, as the metric cuts them.
        heads: Of the network.

    Returns:
        Points before they are bent into 0 to 100, and (heads * hidden units,).
    """
    seen: list[tuple[Tensor, Tensor]] = []
    hooks = [
        head.register_forward_hook(lambda _, given, said: seen.append((given[0], said)))
        for head in heads
    ]
    total = sum(tile.shape[2:].numel() for tile in tiles)
    points, features = 0.0, np.zeros(0)
    try:
        for tile in tiles:
            seen.clear()
            with torch.inference_mode():
                said = network.judge(network.describe(tile))
            offset, slope = (float(part) for part in network.calibration[:2])
            share = tile.shape[2:].numel() / total
            points += share * (offset + slope * float(said.scores.mean()))
            pooled = [_pooled(*pair) for pair in seen]
            found = share * slope / len(pooled) * torch.cat(pooled).double().numpy()
            features = found if not len(features) else features + found
    finally:
        for hook in hooks:
            hook.remove()
    return points, features


def _pooled(hidden: Tensor, said: Tensor) -> Tensor:
    """Hidden units (N, P, width), by the weights of their patches and over mirror images."""
    weights = said[..., 1].softmax(dim=1)[..., None]
    return (hidden * weights).sum(dim=1).mean(dim=0)


def adapt(
    network: DRINetwork,
    described: Sequence[tuple[float, Floats]],
    pairs: VotedPairs,
    say: Callable[[str], None] = lambda _: None,
) -> Adapted:
    """Changes the network's last layers so that it agrees with votes.

    Args:
        network: Changed in place.
        described: Of each image, by `describe_image`.
        pairs: Votes on them.
        say: Told how it goes.

    Returns:
        What came of it, on scenes that were left out.

    Raises:
        InputError: There are too few scenes or pairs to tell.
    """
    scenes = np.unique(pairs.scene)
    if len(scenes) < FEWEST_SCENES or len(pairs.scene) < FEWEST_PAIRS:
        raise InputError(
            f"{len(pairs.scene)} pairs of {len(scenes)} scenes are too few to learn from; expected "
            f"at least {FEWEST_PAIRS} of {FEWEST_SCENES}"
        )
    points = np.array([value for value, _ in described])
    features = np.stack([values for _, values in described])
    learner = _Learner(points, features)
    scores = {ridge: learner.left_out(pairs, ridge) for ridge in RIDGES}
    for ridge, (_, loss) in scores.items():
        say(f"ridge {ridge:g}: loss {loss:.4f} a vote on scenes that were left out")
    ridge = min(scores, key=lambda key: scores[key][1])
    nested = learner.nested(pairs)
    _apply(network, learner.fit(pairs, ridge, _own(network)), features.mean(axis=0))
    before = _agreement(points[pairs.one] - points[pairs.other], pairs)
    votes = float((pairs.won + pairs.lost).sum())
    return Adapted(before, nested, ridge, len(scenes), votes)


class _Learner:
    """Fits changes in the principal directions of the features.

    Args:
        points: (images,).
        features: (images, heads * hidden units).
    """

    def __init__(self, points: Floats, features: Floats) -> None:
        self._points = points / POINTS
        centred = features - features.mean(axis=0)
        _, sizes, directions = np.linalg.svd(centred, full_matrices=False)
        count = min(_DIRECTIONS, int((sizes > 1e-6 * sizes[0]).sum()))
        # each direction counts by the root of its size: large ones are cheap, small ones not free
        self._basis = directions[:count].T / np.sqrt(sizes[:count] * sizes[0]) * len(points) ** 0.5
        self._inside = centred @ self._basis

    def _design(self, pairs: VotedPairs) -> Floats:
        columns = np.column_stack([self._points, self._inside])
        return np.asarray(columns[pairs.one] - columns[pairs.other])

    def _weights(self, pairs: VotedPairs, ridge: float) -> Floats:
        """Most likely weights of the points and of each direction, with a ridge on the latter."""
        design, votes = self._design(pairs), pairs.won + pairs.lost
        penalty = np.full(design.shape[1], ridge)
        penalty[0] = 0.01
        weights = np.zeros(design.shape[1])
        weights[0] = 1.0
        for _ in range(_STEPS):
            chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
            gradient = design.T @ (pairs.won - votes * chance) - penalty * weights
            curved = (design * (votes * chance * (1 - chance))[:, None]).T @ design
            step = np.linalg.solve(curved + np.diag(penalty), gradient)
            weights = weights + np.clip(step, -5, 5)
            if np.abs(step).max() < 1e-8:
                break
        return np.asarray(weights)

    def fit(self, pairs: VotedPairs, ridge: float, own: Floats) -> Floats:
        """The change of the last layers' weights, so that ten points are a log odd.

        Args:
            pairs: Votes.
            ridge: On the directions.
            own: (heads * hidden units,) the weights as they are, which the points are made by.
        """
        weights = self._weights(pairs, ridge)
        return np.asarray(POINTS * self._basis @ weights[1:] + (weights[0] - 1) * own)

    def predict(self, learnt: VotedPairs, asked: VotedPairs, ridge: float) -> Floats:
        """Log odds of the pairs that are asked, after others were learnt."""
        return np.asarray(self._design(asked) @ self._weights(learnt, ridge))

    def left_out(self, pairs: VotedPairs, ridge: float) -> tuple[float, float]:
        """Agreement and loss a vote on scenes that were left out in turn."""
        odds = np.zeros(len(pairs.scene))
        for chosen in _folds(pairs):
            odds[chosen] = self.predict(pairs.take(~chosen), pairs.take(chosen), ridge)
        losses = pairs.won * np.logaddexp(0, -odds) + pairs.lost * np.logaddexp(0, odds)
        return _agreement(odds, pairs), float(losses.sum() / (pairs.won + pairs.lost).sum())

    def nested(self, pairs: VotedPairs) -> float:
        """Agreement on scenes that were left out, of the fit and of the choice of the ridge."""
        odds = np.zeros(len(pairs.scene))
        for chosen in _folds(pairs):
            learnt = pairs.take(~chosen)
            ridge = min(RIDGES, key=lambda key: self.left_out(learnt, key)[1])
            odds[chosen] = self.predict(learnt, pairs.take(chosen), ridge)
        return _agreement(odds, pairs)


def _own(network: DRINetwork) -> Floats:
    """The score's rows of the last layers, one after the other."""
    rows = [head.weight[0].detach().double().numpy() for head in heads_of(network)]
    return np.concatenate(rows)


def _folds(pairs: VotedPairs) -> Iterator[npt.NDArray[np.bool_]]:
    scenes = np.unique(pairs.scene)
    for fold in range(min(FOLDS, len(scenes))):
        yield np.isin(pairs.scene, scenes[fold::FOLDS])


def _agreement(odds: Floats, pairs: VotedPairs) -> float:
    right = (1 + np.sign(odds)) / 2
    # a tie is half a vote for each, which nothing can agree with better
    agreed = (pairs.won * right + pairs.lost * (1 - right)).sum()
    return float(agreed / (pairs.won + pairs.lost).sum())


def _apply(network: DRINetwork, change: Floats, mean: Floats) -> None:
    """Adds the change to the scores' rows, and keeps the mean score of the images."""
    heads = heads_of(network)
    with torch.no_grad():
        for head, part, centre in zip(
            heads, np.split(change, len(heads)), np.split(mean, len(heads)), strict=True
        ):
            head.weight[0] += torch.from_numpy(part).float()
            slope = float(network.calibration[1]) / len(heads)
            head.bias[0] -= float(part @ centre) / slope
