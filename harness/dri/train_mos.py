"""Stage 2: a member learns mean opinion scores, and the order of versions, from kept descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.dri.checkpoints import Log, load_checkpoint, loss_line, save_checkpoint, set_rate
from harness.dri.config import Say, TrainingConfig
from harness.dri.features import FeatureTable
from harness.dri.losses import decorrelation_loss, plcc_loss, rank_loss, similarity_loss
from harness.dri.member import Member
from harness.dri.network import DRINetwork


def train_mos(
    network: DRINetwork,
    member: Member,
    table: FeatureTable,
    versions: FeatureTable,
    train: Sequence[int],
    config: TrainingConfig,
    folder: Path,
    say: Say,
    name: str = "stage2",
) -> None:
    """Trains one member; its weights are the moving average of those that the optimiser went through.

    Args:
        network: After stage 1; not changed.
        member: Changed in place.
        table: Descriptions and MOS of labelled images.
        versions: Descriptions and pseudo-scores of versions of the same contents.
        train: Rows of `table` to learn from.
        config: The run.
        folder: For checkpoint and log.
        say: Told of progress.
        name: Of checkpoint and log.
    """
    optimiser = _optimiser(member, config)
    average: dict[str, Tensor] = {}
    start = load_checkpoint(folder / f"{name}.pt", member, optimiser, average)
    log = Log(folder / f"{name}.csv", start)
    rows = torch.tensor(list(train))
    batches = -(-len(rows) // config.batch)
    member.train()
    member.deep.half_precision = config.mixed_precision
    for epoch in range(start, config.epochs):
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)
        torch.manual_seed(config.seed * 7_000_003 + epoch)
        order = rows[torch.randperm(len(rows), generator=generator)]
        totals: dict[str, float] = {}
        for place, chunk in enumerate(torch.split(order, config.batch)):
            set_rate(optimiser, config.learning_rate, epoch * batches + place, config.epochs * batches)
            losses = {
                **_mos_losses(network, member, table, chunk, config, generator),
                **_order_losses(network, member, versions, config, generator),
            }
            optimiser.zero_grad()
            torch.autograd.backward(torch.stack(list(losses.values())).sum())
            torch.nn.utils.clip_grad_norm_(member.parameters(), 1.0)
            optimiser.step()
            _accumulate(average, member, config.memory)
            for key, value in losses.items():
                totals[key] = totals.get(key, 0.0) + float(value.detach()) * len(chunk) / len(rows)
        log.add(epoch, totals)
        save_checkpoint(folder / f"{name}.pt", member, optimiser, epoch + 1, average)
        say(f"{name}, epoch {epoch + 1}/{config.epochs}: " + loss_line(totals))
    for key, parameter in member.named_parameters():
        if key in average:
            parameter.data = average[key].clone()
    member.deep.half_precision = False
    member.eval()


def _optimiser(member: Member, config: TrainingConfig) -> torch.optim.Optimizer:
    """The deep stages learn slowly, and everything that is new to the task quickly."""
    deep = {id(parameter) for parameter in member.deep.parameters()}
    learning = [parameter for parameter in member.parameters() if parameter.requires_grad]
    groups = [
        {"params": [item for item in learning if (id(item) in deep) is fine], "share": share}
        for fine, share in ((True, config.deep_rate), (False, 1.0))
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, weight_decay=config.weight_decay)


def _mos_losses(
    network: DRINetwork,
    member: Member,
    table: FeatureTable,
    chunk: Tensor,
    config: TrainingConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """What a batch of labelled images says."""
    views = torch.randint(table.views, (len(chunk),), generator=generator)
    device = network.calibration.device
    prediction = network.predict(table.description(chunk, views, config.crop, generator).to(device), [member])
    target = table.scores[chunk].to(device)
    return {
        "plcc": torch.stack([plcc_loss(head, target) for head in prediction.scores.unbind(1)]).mean(),
        "huber": 5 * F.huber_loss(prediction.scores, target[:, None].expand_as(prediction.scores), delta=0.1),
        "structure": config.rs_weight * similarity_loss(prediction.q, target),
    }


def _order_losses(
    network: DRINetwork, member: Member, versions: FeatureTable, config: TrainingConfig, generator: torch.Generator
) -> dict[str, Tensor]:
    """What versions of a few contents say: their order within each content, and one scale for all."""
    contents = torch.randperm(versions.groups, generator=generator)[: config.contents_ranked]
    within = torch.randperm(versions.group_size, generator=generator)[: config.versions_ranked]
    rows = (contents[:, None] * versions.group_size + within).flatten()
    views = torch.randint(versions.views, (len(rows),), generator=generator)
    device = network.calibration.device
    description = versions.description(rows, views, config.crop, generator).to(device)
    prediction = network.predict(description, [member])
    target = versions.scores[rows].to(device)
    heads = prediction.scores.unbind(1)
    inside = [
        rank_loss(head[part], target[part], margin=0.04)
        for head in heads
        for part in torch.split(torch.arange(len(rows)), len(within))
    ]
    return {
        "order": config.order_weight * 5 * torch.stack(inside).mean(),
        "scale": config.order_weight * torch.stack([plcc_loss(head, target) for head in heads]).mean(),
        "apart": config.rs_weight * decorrelation_loss(description.d, prediction.q),
    }


def _accumulate(average: dict[str, Tensor], member: Member, memory: float) -> None:
    """Moves the average towards the weights; it remembers about 1 / (1 - memory) steps, fewer at the start."""
    steps = average.get("steps", torch.tensor(0.0)) + 1
    average["steps"] = steps
    share = 1 - min(memory, float(steps / (steps + 10)))
    for name, parameter in member.named_parameters():
        if parameter.requires_grad:
            average.setdefault(name, parameter.detach().clone()).lerp_(parameter.detach(), share)
