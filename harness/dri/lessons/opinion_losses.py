"""What a batch of opinions of one set asks for."""

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.dri.lessons.links import Links
from harness.dri.lessons.losses import plcc_loss, rank_loss
from harness.dri.lessons.sets import OpinionSet

ORDINARY_NOISE = 0.1
"""Noise, as a share of the scale, at which a set pulls half as much as one without."""


def score_losses(
    links: Links, opinions: OpinionSet, scores: Tensor, images: Tensor, order_weight: float
) -> dict[str, Tensor]:
    """What a batch of scored images asks for; images of one scene are to be in order.

    Args:
        links: Of all sets.
        opinions: The set.
        scores: (N, heads) on the common scale.
        images: (N,), which image each row shows a part of.
        order_weight: Of the order within scenes.

    Returns:
        Losses by name, weighted.
    """
    name, noise = opinions.config.name, opinions.config.relative_noise
    pull = 1 / (1 + (noise / ORDINARY_NOISE) ** 2)
    target = opinions.scores[images].to(scores.device)
    linked = links(name, scores)
    scenes, losses = opinions.scenes[images], {}
    losses["huber"] = 5 * pull * F.huber_loss(linked, target[:, None].expand_as(linked), delta=0.1)
    losses["plcc"] = torch.stack([plcc_loss(head, target) for head in linked.unbind(1)]).mean()
    if opinions.has_scenes:
        order = [
            rank_loss(head[scenes == scene], target[scenes == scene], margin=max(0.04, noise))
            for scene in torch.unique(scenes)
            for head in linked.unbind(1)
        ]
        losses["order"] = order_weight * 5 * torch.stack(order).mean()
    return losses


def vote_losses(links: Links, opinions: OpinionSet, scores: Tensor, pairs: Tensor) -> Tensor:
    """Minus the log-likelihood of votes (Bradley and Terry, 1952), for each vote.

    Args:
        links: Of all sets.
        opinions: The set.
        scores: (2 P, heads) on the common scale: all images a, then all images b.
        pairs: (P,) rows of the votes.
    """
    a, b = scores.chunk(2)
    logits = links.preferred(opinions.config.name, a - b)
    for_a, for_b = (count[:, None] for count in opinions.votes[pairs, 2:].to(scores).unbind(1))
    likelihood = for_a * F.logsigmoid(logits) + for_b * F.logsigmoid(-logits)
    return -likelihood.sum() / ((for_a + for_b).sum() * scores.shape[1]).clamp_min(1)
