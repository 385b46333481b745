"""Training: representation and restoration on synthetic pairs, MOS regression, calibration; each stage resumes exactly.

Every random choice of a step depends on (seed, step) alone, so that a stopped run goes on as if it had not stopped.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.dri.data import Batch, SyntheticPairs
from harness.dri.features import FeatureTable
from harness.dri.losses import (
    contrastive_degradation_loss,
    decorrelation_loss,
    plcc_loss,
    rank_loss,
    rs_loss,
    similarity_loss,
)
from harness.dri.network import DRINetwork, NetworkConfig

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What a training run does.

    Attributes:
        network: The network's shape.
        seed: Of all randomness.
        steps: Of stage 1.
        contents: Patches in a batch of stage 1.
        versions: Degradations of each patch.
        patch: Height and width of a patch, a multiple of 12.
        epochs: Of stage 2.
        batch: Images in a batch of stage 2.
        learning_rate: Of stage 2; stage 1 takes half.
        weight_decay: Of stage 2.
        synthetic_weight: Weight of the order of synthetic versions in stage 2.
        rs_weight: Weight of the RS loss; 0 is its ablation.
        synthetic_contents: Photographs whose versions are ranked in stage 2.
        averaged: Share of stage 2 at its end whose weights are averaged.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    seed: int = 0
    steps: int = 400
    contents: int = 10
    versions: int = 2
    patch: int = 120
    epochs: int = 30
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    synthetic_weight: float = 0.3
    rs_weight: float = 0.2
    synthetic_contents: int = 60
    averaged: float = 0.3


class Log:
    """Metrics per step or epoch, as CSV; lines at or after the point of resumption are dropped.

    Args:
        path: The file.
        start: First step that will be written.
    """

    def __init__(self, path: Path, start: int) -> None:
        self.path = path
        rows = list(csv.DictReader(path.open(newline=""))) if path.is_file() and start else []
        self.rows: list[dict[str, Any]] = [row for row in rows if int(row["step"]) < start]

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Writes one row."""
        self.rows.append({"step": step, **{name: f"{value:.5f}" for name, value in values.items()}})
        with self.path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)


def train_representation(
    network: DRINetwork, pairs: SyntheticPairs, config: TrainingConfig, folder: Path, say: Say
) -> None:
    """Stage 1: d, q and the restoration network learn from synthetic pairs; the backbone stays as it is."""
    parts = (network.degradation, network.quality, network.restoration)
    parameters = [parameter for part in parts for parameter in part.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=config.learning_rate / 2, weight_decay=0.01)
    start = _load(folder / "stage1.pt", network, optimiser)
    if start == 0:
        fit_standardisation(network, pairs)
    log = Log(folder / "stage1.csv", start)
    network.train()
    for step in range(start, config.steps):
        torch.manual_seed(config.seed * 1_000_003 + step)
        _set_rate(optimiser, config.learning_rate / 2, step, config.steps)
        batch = pairs.batch(step, config.contents, config.versions, config.patch)
        losses = representation_losses(network, batch, config.rs_weight)
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        if step % 20 == 19 or step == config.steps - 1:
            log.add(step, {name: float(value) for name, value in losses.items()})
            _save(folder / "stage1.pt", network, optimiser, step + 1)
            say(f"stage 1, step {step + 1}/{config.steps}: " + _line(losses))
    network.eval()


def representation_losses(network: DRINetwork, batch: Batch, rs_weight: float) -> dict[str, Tensor]:
    """The losses of stage 1, by name, weighted.

    Args:
        network: In training mode.
        batch: Synthetic pairs.
        rs_weight: Weight of the RS loss.
    """
    pooled = network.standardise(network.backbone(batch.degraded))
    _, d = network.degradation(pooled)
    _, q = network.quality(pooled)
    restored, _ = network.restoration(batch.degraded, d)
    clipped = restored.detach().clamp(0, 1)
    others = [network.standardise(network.backbone(images)) for images in (clipped, batch.reference)]
    d_all = (d, *(network.degradation(item)[1] for item in others))
    q_all = (q, *(network.quality(item)[1] for item in others))
    grades = torch.stack([network.quality.grade(item) for item in q_all])
    gained = _restored_scores(batch, clipped)
    scores = torch.stack([batch.scores, gained, torch.ones_like(gained)])
    logits, levels = network.degradation.classify(d)
    clean_logits, _ = network.degradation.classify(d_all[2])
    wanted = F.one_hot(batch.types, logits.shape[1]).float()
    clean = F.one_hot(torch.zeros_like(batch.types), logits.shape[1]).float()
    labels = batch.types * 16 + (batch.levels * 10).round().long()
    return {
        "restoration": 10 * F.l1_loss(restored, batch.reference),
        "contrast": 0.3 * contrastive_degradation_loss(d, labels),
        "type": F.binary_cross_entropy_with_logits(logits, wanted)
        + F.binary_cross_entropy_with_logits(clean_logits, clean),
        "level": F.l1_loss(levels.gather(1, batch.types[:, None])[:, 0], batch.levels),
        "grade": F.mse_loss(grades, scores),
        "rs": rs_weight * rs_loss(d_all, q_all, grades, scores),
    }


def _restored_scores(batch: Batch, restored: Tensor) -> Tensor:
    """Pseudo-scores of restored images, never above the reference's 1."""
    from harness.dri.data import pseudo_score

    pairs = zip(restored.numpy(), batch.reference.numpy(), strict=True)
    return torch.tensor([pseudo_score(x, y) for x, y in pairs], dtype=torch.float32)


@torch.no_grad()
def fit_standardisation(network: DRINetwork, pairs: SyntheticPairs) -> None:
    """Sets the shift and scale of the backbone's statistics from patches of two sizes, degraded and clean."""
    batches = [pairs.batch(1_000_000 + index, 12, 2, size) for index, size in enumerate((120, 240, 120, 240))]
    images = [part for batch in batches for part in (batch.degraded, batch.reference)]
    pooled = [network.backbone(part) for part in images]
    for tap, (mean, scale) in enumerate(zip(network.means, network.scales, strict=True)):
        values = torch.cat([item[tap].flatten(0, 1) for item in pooled])
        mean.copy_(values.mean(0))
        scale.copy_(values.std(0).clamp_min(1e-3))


@dataclass(frozen=True, slots=True)
class Fitted:
    """What stage 2 returns: raw scores and spreads of the images it was asked to predict."""

    raw: Tensor
    spread: Tensor


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
    start = _load(folder / f"{name}.pt", network, optimiser, average)
    log = Log(folder / f"{name}.csv", start)
    rows = torch.tensor(list(train))
    for epoch in range(start, config.epochs):
        generator = torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)
        torch.manual_seed(config.seed * 7_000_003 + epoch)
        _set_rate(optimiser, config.learning_rate, epoch, config.epochs)
        network.train()
        order = rows[torch.randperm(len(rows), generator=generator)]
        totals: dict[str, float] = {}
        for chunk in order.split(config.batch):
            losses = _mos_losses(network, table, synthetic, chunk, config, generator)
            optimiser.zero_grad()
            torch.stack(list(losses.values())).sum().backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            for key, value in losses.items():
                totals[key] = totals.get(key, 0.0) + float(value) * len(chunk) / len(rows)
        _accumulate(average, network, epoch, config)
        log.add(epoch, totals)
        if epoch % 5 == 4 or epoch == config.epochs - 1:
            _save(folder / f"{name}.pt", network, optimiser, epoch + 1, average)
            say(f"{name}, epoch {epoch + 1}/{config.epochs}: " + _line(totals))
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
        order = [
            rank_loss(scores.mean(1), wanted, margin=0.05)
            for scores, wanted in zip(
                ranked.scores.split(synthetic.group_size), synthetic.scores[chosen].split(synthetic.group_size), strict=True
            )
        ]
        losses["order"] = config.synthetic_weight * torch.stack(order).mean()
        d = synthetic.description(chosen, torch.zeros_like(chosen)).d
        losses["rs"] = losses["rs"] + config.rs_weight * decorrelation_loss(d, ranked.q)
    return losses


@torch.no_grad()
def predict_rows(network: DRINetwork, table: FeatureTable, rows: Sequence[int]) -> Fitted:
    """Raw scores (mean of the heads) and spreads for rows of a table, from their first view."""
    chosen = torch.tensor(list(rows))
    prediction = network.eval().predict(table.description(chosen, torch.zeros_like(chosen)))
    return Fitted(prediction.scores.mean(dim=1), prediction.spread)


def fit_calibration(network: DRINetwork, fitted: Fitted, mos: Tensor) -> None:
    """Stage 3: least squares from raw scores to MOS, and a factor that makes the spread as large as the error.

    Args:
        network: Gets the calibration.
        fitted: Predictions of images that were not trained on.
        mos: Their scores, 0-100.
    """
    x = torch.stack([torch.ones_like(fitted.raw), fitted.raw], dim=1)
    offset, slope = torch.linalg.lstsq(x, mos[:, None]).solution[:, 0]
    errors = mos - (offset + slope * fitted.raw)
    spread_slope = errors.pow(2).mean().sqrt() / fitted.spread.pow(2).mean().sqrt()
    network.calibration.data = torch.stack([offset, slope, spread_slope])


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


def _set_rate(optimiser: torch.optim.Optimizer, peak: float, step: int, steps: int) -> None:
    """Linear warm-up over a twentieth, then a cosine to zero."""
    warm = max(steps // 20, 1)
    share = (step - warm) / max(steps - warm, 1)
    rate = peak * (step + 1) / warm if step < warm else peak * 0.5 * (1 + float(torch.cos(torch.tensor(3.14159265 * share))))
    for group in optimiser.param_groups:
        group["lr"] = rate


def _save(
    path: Path, network: DRINetwork, optimiser: torch.optim.Optimizer, step: int, average: Mapping[str, Tensor] | None = None
) -> None:
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    partial = path.with_suffix(".partial")
    torch.save({**state, "average": dict(average or {})}, partial)
    partial.replace(path)


def _load(
    path: Path, network: DRINetwork, optimiser: torch.optim.Optimizer, average: dict[str, Tensor] | None = None
) -> int:
    """Restores a checkpoint; returns the step to go on from, 0 without one."""
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    if average is not None:
        average.update(state["average"])
    return int(state["step"])


def _line(losses: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {float(value):.3f}" for name, value in losses.items())


def save_config(config: TrainingConfig, folder: Path) -> None:
    """Writes the configuration beside what it made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(as_json(config), indent=1) + "\n")


def as_json(config: TrainingConfig) -> dict[str, Any]:
    """A configuration as JSON types."""
    from dataclasses import asdict

    return asdict(config)


def read_config(values: Mapping[str, Any]) -> TrainingConfig:
    """Makes a configuration of a TOML table; unknown keys are an error."""
    from harness.errors import InputError

    try:
        network = NetworkConfig(**values.get("network", {}))
        rest = {key: value for key, value in values.items() if key != "network"}
        return replace(TrainingConfig(**rest), network=network)
    except TypeError as error:
        raise InputError(f"training configuration: {error}") from None
