"""Stage 2: quality encoder, interaction and predictor learn mean opinion scores from cached descriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.dri.checkpoints import Log, load_checkpoint, loss_line, save_checkpoint, set_rate
from harness.dri.config import Say, TrainingConfig
from harness.dri.features import FeatureTable
from harness.dri.losses import decorrelation_loss, plcc_loss, rank_loss, similarity_loss
from harness.dri.network import DRINetwork


def train_mos(
    network: DRINetwork,
    table: FeatureTable,
    synthetic: FeatureTable | None,
    train: Sequence[int],
    config: TrainingConfig,
    folder: Path,
    say: Say,
    name: str = "stage2",
) -> None:
    """Stage 2: quality encoder, interaction and predictor learn MOS from cached descriptions.

    Args:
        network: After stage 1; changed in place.
        table: Descriptions and MOS of labelled images.
        synthetic: Descriptions and pseudo-scores of versions of the same contents, or `None`.
        train: Rows of `table` to learn from.
        config: The run.
        folder: For checkpoint and log.
        say: Told of progress.
        name: Of checkpoint and log.
    """
    parts = (network.quality, network.interaction, network.predictor)
    parameters = [parameter for part in parts for parameter in part.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    average: dict[str, Tensor] = {}
    start = load_checkpoint(folder / f"{name}.pt", network, optimiser, average)
    log = Log(folder / f"{name}.csv", start)
    rows = torch.tensor(list(train))
    for epoch in range(start, config.epochs):
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)
        torch.manual_seed(config.seed * 7_000_003 + epoch)
        set_rate(optimiser, config.learning_rate, epoch, config.epochs)
        network.train()
        order = rows[torch.randperm(len(rows), generator=generator)]
        totals: dict[str, float] = {}
        for chunk in torch.split(order, config.batch):
            losses = _mos_losses(network, table, synthetic, chunk, config, generator)
            optimiser.zero_grad()
            torch.autograd.backward(torch.stack(list(losses.values())).sum())
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            for key, value in losses.items():
                totals[key] = totals.get(key, 0.0) + float(value.detach()) * len(chunk) / len(rows)
        _accumulate(average, network, epoch, config)
        log.add(epoch, totals)
        if epoch % 5 == 4 or epoch == config.epochs - 1:
            save_checkpoint(folder / f"{name}.pt", network, optimiser, epoch + 1, average)
            say(f"{name}, epoch {epoch + 1}/{config.epochs}: " + loss_line(totals))
    _apply(average, network)
    network.eval()


def _mos_losses(
    network: DRINetwork,
    table: FeatureTable,
    synthetic: FeatureTable | None,
    chunk: Tensor,
    config: TrainingConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    views = torch.randint(table.views, (len(chunk),), generator=generator)
    prediction = network.predict(table.description(chunk, views))
    target = table.scores[chunk]
    heads = prediction.scores.unbind(1)
    losses = {
        "plcc": torch.stack([plcc_loss(head, target) for head in heads]).mean(),
        "huber": 5 * F.huber_loss(prediction.scores, target[:, None].expand_as(prediction.scores), delta=0.1),
        "rank": torch.stack([rank_loss(head, target) for head in heads]).mean(),
        "rs": config.rs_weight * similarity_loss(prediction.q, target),
    }
    if synthetic is not None and config.synthetic_weight:
        groups = torch.randint(synthetic.groups, (max(len(chunk) // 16, 1),), generator=generator)
        chosen = synthetic.rows_of(groups)
        ranked = network.predict(synthetic.description(chosen, torch.zeros_like(chosen)))
        versions = torch.split(ranked.scores.mean(1), synthetic.group_size)
        wanted = torch.split(synthetic.scores[chosen], synthetic.group_size)
        order = [rank_loss(scores, target, margin=0.05) for scores, target in zip(versions, wanted, strict=True)]
        losses["order"] = config.synthetic_weight * torch.stack(order).mean()
        d = synthetic.description(chosen, torch.zeros_like(chosen)).d
        losses["rs"] = losses["rs"] + config.rs_weight * decorrelation_loss(d, ranked.q)
    return losses


def _accumulate(average: dict[str, Tensor], network: DRINetwork, epoch: int, config: TrainingConfig) -> None:
    """Adds the weights of the last epochs up: their mean generalises better than the last one."""
    if epoch < round(config.epochs * (1 - config.averaged)):
        return
    average["count"] = average.get("count", torch.tensor(0.0)) + 1
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            average[name] = average.get(name, torch.zeros_like(parameter)) + parameter.detach()


def _apply(average: Mapping[str, Tensor], network: DRINetwork) -> None:
    for name, parameter in network.named_parameters():
        if name in average:
            parameter.data = average[name] / average["count"]
