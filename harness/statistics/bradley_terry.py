"""Bradley-Terry strengths out of wins (Bradley & Terry, Biometrika 1952), in Elo points."""

import numpy as np

from harness.statistics import Floats

# Elo's scale: 400 points are odds of ten to one
POINTS = 400 / np.log(10)

# for every real comparison of a pair: they keep strengths finite where one restorer always wins
VIRTUAL_TIES = 0.01


def bradley_terry(won: Floats, ties: float = VIRTUAL_TIES) -> Floats:
    """Maximum likelihood strengths in Elo points around a mean of 0.

    Args:
        won: (restorers, restorers): how often the row's beat the column's; a tie is half a win to
            each. Not negative, and every pair has been compared.
        ties: Virtual ties of each pair for every real comparison of it.

    Returns:
        (restorers,).
    """
    return np.asarray(POINTS * _fit(won.sum(axis=1), won + won.T, ties))


def strengths_by_image(shares: Floats) -> Floats:
    """Strengths as sums over images, to first order: what the bootstrap then resamples.

    Every ballot compares everyone, so that the likelihood knows the wins of each restorer only, and
    the strengths have the order of the Borda counts. An image moves them by its gradient, times the
    inverse of the information.

    Args:
        shares: (restorers, images): shares of comparisons won on each image, which sum up to 0 to 1
            over the images.

    Returns:
        (restorers, images), which sum up to the strengths.
    """
    count, images = shares.shape
    played = 1.0 - np.eye(count)
    strengths = _fit(shares.sum(axis=1) * (count - 1), played, VIRTUAL_TIES)
    expected = 1 / (1 + np.exp(strengths[None] - strengths[:, None]))
    information = -(1 + VIRTUAL_TIES) * played * expected * (1 - expected)
    np.fill_diagonal(information, -information.sum(axis=1))
    gradient = (count - 1) * (shares - shares.mean(axis=1, keepdims=True))
    return np.asarray(
        POINTS * (np.linalg.pinv(information) @ gradient + strengths[:, None] / images)
    )


def _fit(
    total: Floats, played: Floats, ties: float, steps: int = 2000, tolerance: float = 1e-10
) -> Floats:
    """Log strengths around 0, from wins and comparisons.

    By minorisation (Hunter, Annals of Statistics 2004).
    """
    total, played = total + ties / 2 * played.sum(axis=1), (1 + ties) * played
    strengths: Floats = np.ones(len(total))
    for _ in range(steps):
        before = strengths
        strengths = total / (played / (before[:, None] + before)).sum(axis=1)
        strengths /= np.exp(np.log(strengths).mean())
        if np.abs(strengths / before - 1).max() < tolerance:
            break
    return np.asarray(np.log(strengths))
