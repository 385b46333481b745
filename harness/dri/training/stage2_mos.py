"""Stage 2: a member learns mean opinion scores, and the order of versions, from kept descriptions.

First learns what stands on the deep stages, then the deep stages with it, several times.
Fine-tuning from a head that is right already harms the features less (Kumar et al., ICLR 2022), and
the first phase costs next to nothing: it computes no map. After each phase the weights are the
moving average of those that the optimiser went through. The second phase is run from the same head
in several orders of the data, and the weights it ends with are averaged (a model soup: Wortsman et
al., ICML 2022). Upon weights that are trained already, what stands on their deep stages, which stay
as they are, learns from all sets together, in several orders too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from harness.dri.lessons.config import Say
from harness.dri.lessons.features import FeatureTable
from harness.dri.lessons.lesson import Learner, Lesson
from harness.dri.lessons.links import Links
from harness.dri.lessons.losses import decorrelation_loss, plcc_loss, rank_loss, similarity_loss
from harness.dri.lessons.opinion_losses import score_losses, vote_losses
from harness.dri.lessons.table import OpinionTable
from harness.dri.network.member import Member
from harness.dri.network.network import DRINetwork, Prediction
from harness.dri.training.checkpoints import StageProgress, graded_optimiser, scheduled
from harness.dri.training.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class _Phase:
    """Upon the deep stages as they are, or with them."""

    name: str
    epochs: int
    rate: float
    seed: int
    deep: bool


def train_mos(
    network: DRINetwork,
    learner: Learner,
    lesson: Lesson,
    config: TrainingConfig,
    folder: Path,
    say: Say,
    name: str = "stage2",
) -> None:
    """Trains one member, deep stages and all; goes on where it was stopped.

    Args:
        network: After stage 1; not changed.
        learner: Changed in place.
        lesson: What to learn from.
        config: The run.
        folder: For checkpoints and logs.
        say: Told of progress.
        name: Of checkpoints and logs.
    """
    learn = partial(_learn, network, learner, lesson, config, folder, say)
    member = learner.member
    member.deep.half_precision = config.mixed_precision and network.calibration.is_cuda
    first, *others = log_names(name, config)
    start = learn(_Phase(first, config.head_epochs, config.head_rate, config.seed, deep=False))
    _cook(
        learner,
        start,
        [
            _Phase(
                other, config.epochs, config.learning_rate, config.seed + 1000 * order, deep=True
            )
            for order, other in enumerate(others)
        ],
        learn,
    )
    member.deep.half_precision = False


def train_together(
    network: DRINetwork,
    learner: Learner,
    lesson: Lesson,
    config: TrainingConfig,
    folder: Path,
    say: Say,
    name: str = "stage2",
) -> None:
    """Trains what stands on a member's deep stages, which stay; goes on where it was stopped.

    Args:
        network: After stage 1; not changed.
        learner: As it was trained; changed in place.
        lesson: What to learn from, as the member's deep stages see it.
        config: The run.
        folder: For checkpoints and logs.
        say: Told of progress.
        name: Of checkpoints and logs.
    """
    config = replace(config, batch=config.together_batch)
    learn = partial(_learn, network, learner, lesson, config, folder, say)
    start = {key: value.clone() for key, value in learner.state_dict().items()}
    _cook(
        learner,
        start,
        [
            _Phase(
                other,
                config.together_epochs,
                config.together_rate,
                config.seed + 1000 * order,
                deep=False,
            )
            for order, other in enumerate(log_names(name, config)[1:])
        ],
        learn,
    )


def _cook(
    learner: Learner,
    start: Mapping[str, Tensor],
    phases: Sequence[_Phase],
    learn: Callable[[_Phase], dict[str, Tensor]],
) -> None:
    """Makes a learner the average of what each phase makes of the same start: a model soup."""
    soup = []
    for phase in phases:
        learner.load_state_dict(start)
        soup.append(learn(phase))
    learner.load_state_dict(
        {key: torch.stack([state[key] for state in soup]).mean(dim=0) for key in start}
    )
    learner.eval()


def log_names(name: str, config: TrainingConfig) -> list[str]:
    """What logs and checkpoints of stage 2 are called.

    The first phase's comes first, then one for each order of the second, or of what is taught upon
    trained weights.
    """
    return [f"{name}-head", name, *(f"{name}-order{order}" for order in range(1, config.soup))]


def _learn(
    network: DRINetwork,
    learner: Learner,
    lesson: Lesson,
    config: TrainingConfig,
    folder: Path,
    say: Say,
    phase: _Phase,
) -> dict[str, Tensor]:
    """Trains a member for one phase; returns the weights that it ends with."""
    learner.member.deep.requires_grad_(phase.deep)
    optimiser = graded_optimiser(learner, learner.member.deep, config)
    progress = StageProgress(folder, phase.name, learner, optimiser)
    crop = config.crop if phase.deep else None
    steps, sizes = lesson.steps(config.batch), lesson.sizes(config.batch)
    learner.train()
    for epoch in range(progress.start, phase.epochs):
        generator = torch.Generator().manual_seed(phase.seed * 1_000_003 + epoch)
        torch.manual_seed(phase.seed * 7_000_003 + epoch)
        drawn = [
            table.batches(images, size, steps, generator)
            for table, images, size in zip(lesson.tables, lesson.images, sizes, strict=True)
            if size
        ]
        totals: dict[str, Tensor] = {}  # read once an epoch: CUDA does not wait for each step
        for step, chunks in enumerate(zip(*drawn, strict=True)):
            losses = _losses(network, learner, lesson, chunks, crop, config, generator)
            rate = scheduled(phase.rate, epoch * steps + step, phase.epochs * steps)
            progress.descend(losses, learner.parameters(), rate)
            progress.accumulate(config.memory)
            for key, value in losses.items():
                totals[key] = totals.get(key, 0) + value.detach() / steps
        progress.keep(epoch, totals, f"{phase.name}, epoch {epoch + 1}/{phase.epochs}", say)
    for key, parameter in learner.named_parameters():
        if key in progress.average:
            parameter.data = progress.average[key].clone()
    return {key: value.clone() for key, value in learner.state_dict().items()}


def _losses(
    network: DRINetwork,
    learner: Learner,
    lesson: Lesson,
    chunks: Sequence[Tensor],
    crop: int | None,
    config: TrainingConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """The losses, by name and weighted, of some rows of each set and of some versions."""
    predict = partial(_predict, network, learner.member, crop=crop, generator=generator)
    losses: dict[str, Tensor] = {}
    sizes = lesson.sizes(config.batch)
    learnt = [(table, size) for table, size in zip(lesson.tables, sizes, strict=True) if size]
    for (table, size), rows in zip(learnt, chunks, strict=True):
        asked = _opinion_losses(predict, learner.links, table, rows, config, generator)
        # a set has as much say as rows
        losses |= {key: size / config.batch * value for key, value in asked.items()}
    some, views, best = _some_versions(lesson.versions, config, generator)
    ranked = predict(lesson.versions, some, views)
    target = lesson.versions.scores[some].to(ranked[1].device)
    return {**losses, **_order_losses(ranked[0], target, ranked[1], best, config)}


def _opinion_losses(
    predict: partial[tuple[Prediction, Tensor]],
    links: Links,
    table: OpinionTable,
    rows: Tensor,
    config: TrainingConfig,
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """What a batch of one set asks for."""
    opinions, votes = table.opinions, rows
    if is_vote := len(opinions.votes) > 0:
        rows = table.pairs(votes, generator)
    views = torch.randint(table.features.views, (len(rows),), generator=generator)
    said, _ = predict(table.features, rows, views)
    if is_vote:
        losses = {"votes": vote_losses(links, opinions, said.scores, votes)}
    else:
        images = table.images[rows]
        losses = score_losses(links, opinions, said.scores, images, config.order_weight)
        target = opinions.scores[images].to(said.q.device)
        losses["structure"] = config.rs_weight * similarity_loss(said.q, target)
    return {f"{opinions.config.name}-{key}": value for key, value in losses.items()}


def _some_versions(
    versions: FeatureTable, config: TrainingConfig, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Some versions of a few contents, the best of them twice.

    The best, in which little hides what nobody sees, come once more at the end, in their other
    view.

    Returns:
        Rows, content after content; a view of each; and which of the rows are best.
    """
    contents = torch.randperm(versions.groups, generator=generator)[: config.contents_ranked]
    within = torch.randperm(versions.group_size, generator=generator)[: config.versions_ranked]
    rows = (contents[:, None] * versions.group_size + within).flatten()
    views = torch.randint(versions.views, (len(rows),), generator=generator)
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
) -> tuple[Prediction, Tensor]:
    """Shows rows in views to the member, in crops at random if `crop` gives their size.

    Returns:
        What it says of them, and their d.
    """
    if crop is None:
        seen = table.as_first_seen(rows, views)
    else:
        seen = table.description(rows, views, crop, generator)
    return network.predict(seen, [member]), seen.d


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
    order = [
        rank_loss(head[part], target[part], margin=0.04)
        for head in heads
        for part in torch.arange(ranked).chunk(config.contents_ranked)
    ]
    scale = [plcc_loss(head, target[:ranked]) for head in heads]
    moved = (twins.mean(dim=1) - scores[best].mean(dim=1)).abs().sum()
    return {
        "order": config.order_weight * 5 * torch.stack(order).mean(),
        "scale": config.order_weight * torch.stack(scale).mean(),
        "steady": config.steady_weight * moved / max(len(best), 1),
        "apart": config.rs_weight * decorrelation_loss(d[:ranked], prediction.q[:ranked]),
    }
