"""Stage 3: raw scores become points from 0 to 100, and spreads become standard deviations."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from harness.dri.network.member import Member
from harness.dri.network.network import DRINetwork
from harness.dri.training.features import FeatureTable


@dataclass(frozen=True, slots=True)
class Fitted:
    """What stage 2 returns: raw scores and spreads of the images it was asked to predict."""

    raw: Tensor
    spread: Tensor


@torch.inference_mode()
def predict_rows(
    network: DRINetwork, members: Sequence[Member], table: FeatureTable, rows: Sequence[int]
) -> Fitted:
    """Raw scores (mean of the heads) and spreads for rows of a table, from whole images."""
    said = [network.judge(table.whole(row), members) for row in rows]
    raw = torch.cat([item.scores.mean(dim=1) for item in said])
    return Fitted(raw.cpu(), torch.cat([item.spread for item in said]).cpu())


def fit_calibration(network: DRINetwork, fitted: Fitted, mos: Tensor) -> None:
    """Stage 3: least squares from raw scores to MOS, and a factor for the spread.

    The factor makes the spread as large as the error.

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
