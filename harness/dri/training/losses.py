"""The losses. The paper names the RS loss (representation-based semantic loss); its form here is our own."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def plcc_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """(1 - Pearson correlation) / 2 of two vectors (N,)."""
    x, y = predicted - predicted.mean(), target - target.mean()
    result: Tensor = (1 - (x * y).sum() / (x.norm() * y.norm() + 1e-8)) / 2
    return result


def rank_loss(predicted: Tensor, target: Tensor, margin: float = 0.1) -> Tensor:
    """Hinge over all pairs of a batch: whoever is better by more than `margin` should be predicted so.

    Args:
        predicted: (N,).
        target: (N,).
        margin: Pairs closer than this do not count; the wanted gap is their difference, at most
            `margin`.
    """
    gaps = target[:, None] - target[None]
    pairs = gaps > margin
    if not pairs.any():
        return predicted.sum() * 0
    wanted = gaps.clamp(max=margin)
    result: Tensor = F.relu(wanted - (predicted[:, None] - predicted[None]))[pairs].mean()
    return result


def contrastive_degradation_loss(d: Tensor, labels: Tensor, temperature: float = 0.1) -> Tensor:
    """Supervised contrastive loss (Khosla et al., NeurIPS 2020) on degradation vectors.

    The same degradation on other content is a positive; other degradations of the same content are
    in the batch, and are the hard negatives.

    Args:
        d: Unit vectors (N, D).
        labels: (N,), one integer for each type and level.
        temperature: Of the similarities.
    """
    similarity = d @ d.T / temperature
    own = torch.eye(len(d), dtype=torch.bool, device=d.device)
    positive = (labels[:, None] == labels[None]) & ~own
    log_share = similarity - similarity.masked_fill(own, -torch.inf).logsumexp(dim=1, keepdim=True)
    count = positive.sum(dim=1)
    each = -(log_share.masked_fill(~positive, 0).sum(dim=1)) / count.clamp_min(1)
    result: Tensor = each[count > 0].mean() if (count > 0).any() else d.sum() * 0
    return result


def similarity_loss(vectors: Tensor, scores: Tensor, width: float = 0.2) -> Tensor:
    """Rank-aware contrast: the similarities of a batch follow the closeness of the scores.

    Args:
        vectors: Unit vectors (N, D).
        scores: (N,) in about [0, 1].
        width: Difference of scores at which two images are wanted half alike.
    """
    wanted = 2 * torch.exp2(-(scores[:, None] - scores[None]).abs() / width) - 1
    result: Tensor = F.mse_loss(vectors @ vectors.T, wanted)
    return result


def decorrelation_loss(d: Tensor, q: Tensor) -> Tensor:
    """Mean squared cross-correlation of the standardised coordinates of d and q, (N, D) each."""
    x = (d - d.mean(0)) / (d.std(0) + 1e-4)
    y = (q - q.mean(0)) / (q.std(0) + 1e-4)
    result: Tensor = (x.T @ y / len(d)).pow(2).mean()
    return result


def rs_loss(
    d: tuple[Tensor, Tensor, Tensor],
    q: tuple[Tensor, Tensor, Tensor],
    grades: Tensor,
    scores: Tensor,
) -> Tensor:
    """The representation-based semantic loss on triples (degraded, restored, reference).

    Ours: (1) the grades read off q put the reference above the restored above the degraded image,
    by margins that follow the pseudo-scores; (2) d of the restored image is nearer to d of the
    reference than d of the degraded image is; (3) similarities of q follow the pseudo-scores; (4) d
    and q stay decorrelated.

    Args:
        d: Degradation vectors of the three, (N, D) each, length 1.
        q: Quality vectors of the three.
        grades: Grades (3, N) read off q.
        scores: Pseudo-scores (3, N) in [0, 1]; the reference's are 1.
    """
    order = sum(
        F.relu(
            (scores[better] - scores[worse]).clamp(0, 0.2) - (grades[better] - grades[worse])
        ).mean()
        for better, worse in ((2, 1), (1, 0), (2, 0))
    )
    before = (d[0] * d[2].detach()).sum(1)
    after = (d[1] * d[2].detach()).sum(1)
    towards_clean = F.relu(0.1 + before.detach() - after).mean()
    structure = similarity_loss(torch.cat(q), scores.flatten())
    return order + towards_clean + structure + decorrelation_loss(torch.cat(d), torch.cat(q))
