"""Stage 3: raw scores become points from 0 to 100, and spreads become standard deviations."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from harness.dri.lessons.table import OpinionTable
from harness.dri.network.member import Member
from harness.dri.network.network import DRINetwork


@dataclass(frozen=True, slots=True)
class Fitted:
    """What stage 2 returns: raw scores and spreads of the images it was asked to predict."""

    raw: Tensor
    spread: Tensor


@torch.inference_mode()
def predict_images(
    network: DRINetwork,
    members: Sequence[Member],
    table: OpinionTable,
    images: Sequence[int],
    *,
    seen: bool = False,
) -> Fitted:
    """Raw scores (mean of the heads) and spreads of images of a set: the mean over their parts.

    Without their mirror images, where the table has a single view of them.

    Args:
        network: Describes and judges.
        members: Who judges.
        table: Of the set.
        images: Which of its images.
        seen: Whether the members' deep stages are those that the table was made with.
    """
    mirrored = network.config.mirrored and table.features.views > 1
    judge, raw, spread = network.judge if mirrored else network.predict, [], []
    for image in images:
        rows = table.rows_of([image]).tolist()
        said = [judge(table.features.whole(row, mirrored, seen), members) for row in rows]
        raw.append(torch.stack([item.scores.mean() for item in said]).mean())
        spread.append(torch.stack([item.spread.mean() for item in said]).mean())
    return Fitted(torch.stack(raw).cpu(), torch.stack(spread).cpu())


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
