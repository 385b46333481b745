"""Stage 1: the representations and the restoration network learn from synthetic pairs."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.dri.lessons.config import Say
from harness.dri.lessons.losses import contrastive_degradation_loss, rs_loss
from harness.dri.network.network import DRINetwork
from harness.dri.training.checkpoints import StageProgress, scheduled
from harness.dri.training.config import TrainingConfig
from harness.dri.training.data import Batch, SyntheticPairs, pseudo_score

STANDARDISED = 240
"""Height and width of the larger patches that the backbone's statistics are fitted to."""


def train_representation(
    network: DRINetwork,
    read_pairs: Callable[[], SyntheticPairs],
    config: TrainingConfig,
    folder: Path,
    say: Say,
) -> None:
    """Trains d, the first member's q and the restoration network on synthetic pairs.

    The backbone stays as it is.

    Args:
        network: Changed in place.
        read_pairs: Reads the clean photographs; called if there is anything left to do.
        config: The run.
        folder: For checkpoint and log.
        say: Told of progress.
    """
    parts = (network.degradation, network.members[0].quality, network.restoration)
    parameters = [parameter for part in parts for parameter in part.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=config.head_rate / 2, weight_decay=0.01)
    progress = StageProgress(folder, "stage1", network, optimiser)
    if progress.start < config.steps:
        pairs = read_pairs()
        if progress.start == 0:
            fit_standardisation(network, pairs)
        network.train()
        network.members[0].deep.requires_grad_(False)
        for step in range(progress.start, config.steps):
            torch.manual_seed(config.seed * 1_000_003 + step)
            batch = pairs.batch(step, config.contents, config.versions, config.patch)
            losses = representation_losses(network, batch, config.rs_weight)
            rate = scheduled(config.head_rate / 2, step, config.steps)
            progress.descend(losses, parameters, rate)
            if step % 20 == 19 or step == config.steps - 1:
                progress.keep(step, losses, f"stage 1, step {step + 1}/{config.steps}", say)
    network.eval()


def representation_losses(network: DRINetwork, batch: Batch, rs_weight: float) -> dict[str, Tensor]:
    """The losses of stage 1, by name, weighted.

    Args:
        network: In training mode.
        batch: Synthetic pairs.
        rs_weight: Weight of the RS loss.
    """
    first, batch = network.members[0], batch.to(network.calibration.device)

    def represent(images: Tensor) -> tuple[Tensor, Tensor]:
        features, pooled, _, d = network.look(images)
        return d, first.quality([*pooled, *first.look(features)])[1]

    d, q = represent(batch.degraded)
    restored, _ = network.restoration(batch.degraded, d)
    clipped = restored.detach().clamp(0, 1)
    d_all, q_all = zip((d, q), represent(clipped), represent(batch.reference), strict=True)
    grades = torch.stack([first.quality.grade(item) for item in q_all])
    # the reference has 1, and whatever is restored no more
    pairs = zip(clipped.cpu().numpy(), batch.reference.cpu().numpy(), strict=True)
    gained = batch.scores.new_tensor([pseudo_score(*pair) for pair in pairs])
    scores = torch.stack([batch.scores, gained, torch.ones_like(gained)])
    logits, levels = network.degradation.classify(d)
    clean_logits, _ = network.degradation.classify(d_all[2])
    clean = torch.zeros_like(batch.types)
    clean[:, 0] = 1
    # one integer for each combination of types and levels
    labels = torch.unique((batch.levels * 10).round(), dim=0, return_inverse=True)[1]
    return {
        "restoration": 10 * F.l1_loss(restored, batch.reference),
        "contrast": 0.3 * contrastive_degradation_loss(d, labels),
        "type": F.binary_cross_entropy_with_logits(logits, batch.types)
        + F.binary_cross_entropy_with_logits(clean_logits, clean),
        "level": ((levels - batch.levels).abs() * batch.types).sum() / batch.types.sum(),
        "grade": F.mse_loss(grades, scores),
        "rs": rs_weight * rs_loss(d_all, q_all, grades, scores),
    }


@torch.no_grad()
def fit_standardisation(network: DRINetwork, pairs: SyntheticPairs) -> None:
    """Sets the shift and scale of the backbone's statistics.

    They are those of patches of two sizes, degraded and clean.
    """
    sizes = (STANDARDISED // 2, STANDARDISED) * 2
    batches = [pairs.batch(1_000_000 + index, 12, 2, size) for index, size in enumerate(sizes)]
    device, first = network.calibration.device, network.members[0]
    looked = [
        network.shallow(part.to(device))
        for batch in batches
        for part in (batch.degraded, batch.reference)
    ]
    _fit([pooled for _, pooled in looked], network.means, network.scales)
    _fit([first.deep(features) for features, _ in looked], first.means, first.scales)


def _fit(
    pooled: Sequence[Sequence[Tensor]], means: Iterable[Tensor], scales: Iterable[Tensor]
) -> None:
    for tap, (mean, scale) in enumerate(zip(means, scales, strict=True)):
        values = torch.cat([item[tap].flatten(0, 1) for item in pooled])
        mean.copy_(values.mean(0))
        scale.copy_(values.std(0).clamp_min(1e-3))
