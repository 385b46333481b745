"""The losses.

The paper names the RS loss (representation-based semantic loss); its form here is our own.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def plcc_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """(1 - Pearson correlation) / 2 of two vectors (N,)."""
    x, y = predicted - predicted.mean(), target - target.mean()
    correlation: Tensor = (x * y).sum() / (x.norm() * y.norm() + 1e-8)
    return (1 - correlation) / 2


def rank_loss(predicted: Tensor, target: Tensor, margin: float = 0.1) -> Tensor:
    """Hinge over all pairs of a batch: who is better by more than `margin` should be predicted so.

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
    missing = F.relu(gaps.clamp(max=margin) - (predicted[:, None] - predicted[None]))
    return missing[pairs].mean()


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
    return each[count > 0].mean() if (count > 0).any() else d.sum() * 0


def similarity_loss(vectors: Tensor, scores: Tensor, width: float = 0.2) -> Tensor:
    """Rank-aware contrast: the similarities of a batch follow the closeness of the scores.

    Args:
        vectors: Unit vectors (N, D).
        scores: (N,) in about [0, 1].
        width: Difference of scores at which two images are wanted half alike.
    """
    wanted = 2 * torch.exp2(-(scores[:, None] - scores[None]).abs() / width) - 1
    return F.mse_loss(vectors @ vectors.T, wanted)


def decorrelation_loss(d: Tensor, q: Tensor) -> Tensor:
    """Mean squared cross-correlation of the standardised coordinates of d and q, (N, D) each."""
    x, y = ((part - part.mean(0)) / (part.std(0) + 1e-4) for part in (d, q))
    return (x.T @ y / len(d)).pow(2).mean()


def rs_loss(d: tuple[Tensor, ...], q: tuple[Tensor, ...], grades: Tensor, scores: Tensor) -> Tensor:
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
        F.relu((scores[high] - scores[low]).clamp(0, 0.2) - (grades[high] - grades[low])).mean()
        for high, low in ((2, 1), (1, 0), (2, 0))
    )
    before, after = ((d[place] * d[2].detach()).sum(1) for place in (0, 1))
    towards_clean = F.relu(0.1 + before.detach() - after).mean()
    structure = similarity_loss(torch.cat(q), scores.flatten())
    return order + towards_clean + structure + decorrelation_loss(torch.cat(d), torch.cat(q))
