"""Checkpoints and logs of training: a stopped stage goes on from its last checkpoint as if it had not stopped."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from harness.atomic import atomic_file


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
        with atomic_file(self.path) as partial, partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(self.rows[0]))
            writer.writeheader()
            writer.writerows(self.rows)


def set_rate(optimiser: torch.optim.Optimizer, peak: float, step: int, steps: int) -> None:
    """Linear warm-up over a twentieth, then a cosine to zero; a group may take a `share` of the rate."""
    warm = max(steps // 20, 1)
    share = (step - warm) / max(steps - warm, 1)
    rate = peak * (step + 1) / warm if step < warm else peak * 0.5 * (1 + math.cos(math.pi * share))
    for group in optimiser.param_groups:
        group["lr"] = rate * group.get("share", 1.0)


def save_checkpoint(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    step: int,
    average: Mapping[str, Tensor] | None = None,
) -> None:
    """Writes everything a stage needs to go on; `step` is the next one."""
    state = {"network": network.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
    with atomic_file(path) as partial:
        torch.save({**state, "average": dict(average or {})}, partial)


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: dict[str, Tensor] | None = None,
) -> int:
    """Restores a checkpoint; returns the step to go on from, 0 without one."""
    if not path.is_file():
        return 0
    device = next(network.parameters()).device
    state = torch.load(path, weights_only=True, map_location=device)
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    if average is not None:
        average.update(state["average"])
    return int(state["step"])


def loss_line(losses: Mapping[str, Any]) -> str:
    """Losses by name, for people."""
    return ", ".join(
        f"{name} {float(torch.as_tensor(value).detach()):.3f}" for name, value in losses.items()
    )
