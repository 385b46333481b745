"""Distances between two sets of feature vectors: Frechet's, and the kernel distance of KID."""

import numpy as np

from harness.statistics import Floats


def frechet(one: Floats, two: Floats) -> float:
    """The squared Frechet distance between normal distributions fitted to two sets (FID).

    `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`. With `S = A'A`, the trace of the root is the sum
    of the singular values of `A1 A2'`: no root of a matrix, which is singular where vectors are
    fewer than their numbers, has to be taken.

    Args:
        one: (vectors, size), two or more.
        two: Likewise, of the same size.
    """
    apart = one.mean(axis=0) - two.mean(axis=0)
    spread = [(part - part.mean(axis=0)) / np.sqrt(len(part) - 1) for part in (one, two)]
    traces = sum(float(np.square(part).sum()) for part in spread)
    first, second = map(_shortened, spread)
    root = np.linalg.svd(first @ second.T, compute_uv=False).sum()
    return float(apart @ apart + traces - 2 * root)


def _shortened(part: Floats) -> Floats:
    """As few rows as there are columns, with the same `A'A`."""
    if len(part) <= part.shape[1]:
        return part
    return np.asarray(np.linalg.qr(part, mode="r"), dtype=np.float64)


def polynomial_mmd(one: Floats, two: Floats) -> float:
    """The squared maximum mean discrepancy by the cubic kernel of KID, without bias.

    Over all vectors at once, where implementations average over random subsets of them. It may be
    slightly negative where the sets are alike.

    Args:
        one: (vectors, size), two or more.
        two: Likewise, of the same size.
    """
    size = one.shape[1]

    def within(part: Floats) -> float:
        kernel = (part @ part.T / size + 1) ** 3
        return float(kernel.sum() - np.trace(kernel)) / (len(part) * (len(part) - 1))

    return within(one) + within(two) - 2 * float(((one @ two.T / size + 1) ** 3).mean())
