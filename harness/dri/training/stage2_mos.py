"""Stage 2: a member learns mean opinion scores, and the order of versions, from kept descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.dri.network.member import Member
from harness.dri.network.network import DRINetwork, Prediction
from harness.dri.training.checkpoints import (
    Log,
    load_checkpoint,
    loss_line,
    save_checkpoint,
    set_rate,
)
from harness.dri.training.config import Say, TrainingConfig
from harness.dri.training.features import FeatureTable
from harness.dri.training.losses import decorrelation_loss, plcc_loss, rank_loss, similarity_loss


@dataclass(frozen=True, slots=True)
class _Phase:
    """Upon ImageNet's deep stages as they are, or with them."""

    name: str
    epochs: int
    rate: float
    deep: bool


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
    """Trains one member: first what stands on the deep stages, then the deep stages with it, several times.

    Fine-tuning from a head that is right already harms the features less (Kumar et al., ICLR 2022),
    and the first phase costs next to nothing: it computes no map. After each phase the weights are
    the moving average of those that the optimiser went through. The second phase is run from the
    same head in several orders of the data, and the weights it ends with are averaged (a model
    soup: Wortsman et al., ICML 2022).

    Args:
        network: After stage 1; not changed.
        member: Changed in place.
        table: Descriptions and MOS of labelled images.
        versions: Descriptions and pseudo-scores of versions of the same contents.
        train: Rows of `table` to learn from.
        config: The run.
        folder: For checkpoints and logs.
        say: Told of progress.
        name: Of checkpoints and logs.
    """
    rows = torch.tensor(list(train))

    def learn(phase: _Phase, seed: int) -> dict[str, Tensor]:
        _learn(
            phase, network, member, (table, versions), rows, replace(config, seed=seed), folder, say
        )
        return {key: value.clone() for key, value in member.state_dict().items()}

    member.deep.half_precision = config.mixed_precision and network.calibration.is_cuda
    first, *others = log_names(name, config)
    head = learn(_Phase(first, config.head_epochs, config.head_rate, deep=False), config.seed)
    soup = []
    for order, other in enumerate(others):
        member.load_state_dict(head)
        soup.append(
            learn(
                _Phase(other, config.epochs, config.learning_rate, deep=True),
                config.seed + 1000 * order,
            )
        )
    member.load_state_dict(
        {key: torch.stack([state[key] for state in soup]).mean(dim=0) for key in head}
    )
    member.deep.half_precision = False
    member.eval()


def log_names(name: str, config: TrainingConfig) -> list[str]:
    """What logs and checkpoints of stage 2 are called: the first phase's, then the second's, one for each order."""
    return [f"{name}-head", name, *(f"{name}-order{order}" for order in range(1, config.soup))]


def _learn(
    phase: _Phase,
    network: DRINetwork,
    member: Member,
    tables: tuple[FeatureTable, FeatureTable],
    rows: Tensor,
    config: TrainingConfig,
    folder: Path,
    say: Say,
) -> None:
    member.deep.requires_grad_(phase.deep)
    optimiser = _optimiser(member, config)
    average: dict[str, Tensor] = {}
    start = load_checkpoint(folder / f"{phase.name}.pt", member, optimiser, average)
    log = Log(folder / f"{phase.name}.csv", start)
    batches = -(-len(rows) // config.batch)
    member.train()
    for epoch in range(start, phase.epochs):
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)
        torch.manual_seed(config.seed * 7_000_003 + epoch)
        order = rows[torch.randperm(len(rows), generator=generator)]
        totals: dict[str, Tensor | int] = {}  # read once an epoch: CUDA does not wait for each step
        for place, chunk in enumerate(torch.split(order, config.batch)):
            set_rate(optimiser, phase.rate, epoch * batches + place, phase.epochs * batches)
            crop = config.crop if phase.deep else None
            views = _any_views(tables[0], len(chunk), generator)
            seen = _predict(network, member, tables[0], chunk, views, crop, generator)
            some, views, best = _some_versions(tables[1], config, generator)
            ranked = _predict(network, member, tables[1], some, views, crop, generator)
            losses = {**_mos_losses(*seen, config), **_order_losses(*ranked, best, config)}
            optimiser.zero_grad()
            torch.autograd.backward(torch.stack(list(losses.values())).sum())
            torch.nn.utils.clip_grad_norm_(member.parameters(), 1.0)
            optimiser.step()
            _accumulate(average, member, config.memory)
            for key, value in losses.items():
                totals[key] = totals.get(key, 0) + value.detach() * len(chunk) / len(rows)
        last = epoch + 1 == phase.epochs
        if phase.deep or last:
            log.add(epoch, {key: float(value) for key, value in totals.items()})
            save_checkpoint(folder / f"{phase.name}.pt", member, optimiser, epoch + 1, average)
            say(f"{phase.name}, epoch {epoch + 1}/{phase.epochs}: " + loss_line(totals))
    for key, parameter in member.named_parameters():
        if key in average:
            parameter.data = average[key].clone()


def _optimiser(member: Member, config: TrainingConfig) -> torch.optim.Optimizer:
    """What is new to the task learns at the full rate, each tensor of the deep stages in proportion to its size.

    Folding has left these of very different sizes; Adam's steps alone would have one size for all.
    """
    deep = {id(parameter) for parameter in member.deep.parameters()}
    learning = [parameter for parameter in member.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [item for item in learning if id(item) not in deep], "share": 1.0}
    ]
    groups += [
        {"params": [item], "share": config.deep_rate * float(item.detach().pow(2).mean().sqrt())}
        for item in learning
        if id(item) in deep
    ]
    cuda = any(item.is_cuda for item in learning)
    return torch.optim.AdamW(
        groups, lr=config.learning_rate, weight_decay=config.weight_decay, fused=cuda
    )


def _any_views(table: FeatureTable, count: int, generator: torch.Generator) -> Tensor:
    return torch.randint(table.views, (count,), generator=generator)


def _some_versions(
    versions: FeatureTable, config: TrainingConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Rows of some versions of a few contents, content after content, a view of each, and which of them are best.

    The best, in which little hides what nobody sees, come once more at the end, in their other
    view.
    """
    contents = torch.randperm(versions.groups, generator=generator)[: config.contents_ranked]
    within = torch.randperm(versions.group_size, generator=generator)[: config.versions_ranked]
    rows = (contents[:, None] * versions.group_size + within).flatten()
    views = _any_views(versions, len(rows), generator)
    best = versions.scores[rows].topk(config.twins).indices
    return torch.cat([rows, rows[best]]), torch.cat([views, 1 - views[best]]), best


def _predict(
    network: DRINetwork,
    member: Member,
    table: FeatureTable,
    rows: Tensor,
    views: Tensor,
    crop: int | None,
    generator: torch.Generator,
) -> tuple[Prediction, Tensor, Tensor]:
    """What the member says of rows in views, in crops at random; what it should have said; and their d."""
    device = network.calibration.device
    kept = (
        table.as_imagenet_sees(rows, views)
        if crop is None
        else table.description(rows, views, crop, generator)
    )
    description = kept.to(device)
    return network.predict(description, [member]), table.scores[rows].to(device), description.d


def _mos_losses(
    prediction: Prediction, target: Tensor, _: Tensor, config: TrainingConfig
) -> dict[str, Tensor]:
    """What a batch of labelled images says."""
    return {
        "plcc": torch.stack(
            [plcc_loss(head, target) for head in prediction.scores.unbind(1)]
        ).mean(),
        "huber": 5
        * F.huber_loss(prediction.scores, target[:, None].expand_as(prediction.scores), delta=0.1),
        "structure": config.rs_weight * similarity_loss(prediction.q, target),
    }


def _order_losses(
    prediction: Prediction, target: Tensor, d: Tensor, best: Tensor, config: TrainingConfig
) -> dict[str, Tensor]:
    """What versions of a few contents say: their order within each content, and one scale for all.

    At the end the best of them come once more, in their other view: nobody sees it, so that no
    score may change.
    """
    ranked = len(target) - len(best)
    scores, twins = prediction.scores[:ranked], prediction.scores[ranked:]
    heads = scores.unbind(1)
    inside = [
        rank_loss(head[part], target[part], margin=0.04)
        for head in heads
        for part in torch.arange(ranked).chunk(config.contents_ranked)
    ]
    return {
        "order": config.order_weight * 5 * torch.stack(inside).mean(),
        "scale": config.order_weight
        * torch.stack([plcc_loss(head, target[:ranked]) for head in heads]).mean(),
        "steady": config.steady_weight
        * (twins.mean(dim=1) - scores[best].mean(dim=1)).abs().sum()
        / max(len(best), 1),
        "apart": config.rs_weight * decorrelation_loss(d[:ranked], prediction.q[:ranked]),
    }


def _accumulate(average: dict[str, Tensor], member: Member, memory: float) -> None:
    """Moves the average towards the weights; it remembers about 1 / (1 - memory) steps, fewer at the start."""
    steps = average.get("steps", torch.tensor(0.0)) + 1
    average["steps"] = steps
    share = 1 - min(memory, float(steps / (steps + 10)))
    for name, parameter in member.named_parameters():
        if parameter.requires_grad:
            average.setdefault(name, parameter.detach().clone()).lerp_(parameter.detach(), share)
