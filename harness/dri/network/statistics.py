"""Statistics of natural scenes: what sampling, smoothing and noise leave in nearby pixels.

Our choice, not the paper's. Locally normalised luminance and the products of neighbours (Mittal et
al., BRISQUE, IEEE TIP 2012, and NIQE, IEEE SPL 2013), local contrast and gradients, at several
scales. An ImageNet network has learnt to ignore them; people who compare enlarged images do not.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.dri.network.backbone import GRID

SCALES = 3
"""Octaves: full resolution, and halved twice."""

NEIGHBOURS = ((0, 1), (1, 0))
QUANTILES = (0.1, 0.5, 0.9, 0.99)
"""Of the local contrast: how sharp the sharpest edges are depends least on what is shown."""

STATISTICS_WIDTH = SCALES * (10 + 3 * len(NEIGHBOURS) + 4 + len(QUANTILES)) // 2
"""Half of the statistics: a tap of the backbone has a mean and a deviation for each channel."""

RADIUS = 3


def natural_statistics(images: Tensor) -> Tensor:
    """The statistics of the whole image, then of each of GRID x GRID cells.

    Args:
        images: (N, 3, H, W) in [0, 1], H and W at least 32.

    Returns:
        (N, 1 + GRID * GRID, 2 * STATISTICS_WIDTH).
    """
    weights = images.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    luma = (images * weights).sum(1, keepdim=True) * 255
    colour = images[:, ::2] * 255 - luma
    found = []
    for scale in range(SCALES):
        if scale:
            luma, colour = F.avg_pool2d(luma, 2), F.avg_pool2d(colour, 2)
        contrast, maps = _maps(luma, colour)
        cells = [F.adaptive_avg_pool2d(maps, grid).flatten(2) for grid in (1, GRID)]
        found += [_summary(torch.cat(cells, dim=2).transpose(1, 2)), _quantiles(contrast)]
    return torch.cat(found, dim=2)


def _maps(luma: Tensor, colour: Tensor) -> tuple[Tensor, Tensor]:
    """The local contrast (N, 1, H, W), and what is averaged (N, maps, H, W)."""
    mean = _smooth(luma)
    contrast = (_smooth(luma * luma) - mean * mean).clamp_min(0).sqrt()
    detail = luma - mean
    normalised = detail / (contrast + 1)
    square = normalised * normalised
    maps = [normalised, normalised.abs(), square, square * normalised, square * square]
    maps += [contrast, contrast * contrast, contrast.log1p(), detail * detail]
    maps += [(luma - luma.roll(1, axis)).square() for axis in (2, 3)]
    maps += [(colour - F.avg_pool2d(colour, 3, 1, 1)).square().mean(1, keepdim=True)]
    for shift in NEIGHBOURS:
        product = normalised * normalised.roll(shift, (2, 3))
        above, below = product.clamp_min(0), product.clamp_max(0)
        maps += [product, above - below, above * above, below * below]
    return contrast, torch.cat(maps, dim=1)


def _summary(means: Tensor) -> Tensor:
    """Statistics of the maps' means (..., maps): logarithms, and ratios that tell a shape."""
    mean, size, square, cube, fourth, contrast, energy, level = means[..., :8].unbind(-1)
    shape, peaks = size * size / (square + 1e-6), fourth / (square * square + 1e-6)
    varied = (energy - contrast * contrast).clamp_min(0)
    parts = [mean, cube, level, _log(size, 1e-3), _log(square, 1e-6), _log(shape, 1e-3)]
    parts += [_log(peaks, 1e-6), _log(contrast, 1e-2), _log(energy, 1e-2), _log(varied, 1e-2)]
    parts += [_log(part, 1e-2) for part in means[..., 8:12].unbind(-1)]
    for neighbour in torch.tensor_split(means[..., 12:], len(NEIGHBOURS), dim=-1):
        product, spread, above, below = neighbour.unbind(-1)
        parts += [product, _log(spread, 1e-6), _log(below, 1e-6) - _log(above, 1e-6)]
    return torch.stack(parts, dim=-1)


def _quantiles(contrast: Tensor) -> Tensor:
    """Logarithms of the local contrast's quantiles: (N, 1 + GRID * GRID, quantiles)."""
    wanted, found = contrast.new_tensor(QUANTILES), []
    sampled = contrast[..., ::2, ::3]  # every sixth pixel tells as much
    for grid in (1, GRID):
        for rows in sampled.tensor_split(grid, dim=2):
            cells = [cell.flatten(1) for cell in rows.tensor_split(grid, dim=3)]
            found += [_log(torch.quantile(cell, wanted, dim=1), 1e-2) for cell in cells]
    return torch.stack(found).permute(2, 0, 1)


def _log(value: Tensor, floor: float) -> Tensor:
    """Finite for constant images."""
    return (value + floor).log()


def _smooth(plane: Tensor) -> Tensor:
    """A Gaussian of 7 x 7 pixels and sigma 7/6, by rows and columns; mirrored at the border."""
    places = torch.arange(-RADIUS, RADIUS + 1, dtype=plane.dtype, device=plane.device)
    kernel = torch.exp(-(places**2) / (2 * (7 / 6) ** 2))
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    padded = F.pad(plane, [RADIUS] * 4, mode="reflect")
    smoothed: Tensor = F.conv2d(F.conv2d(padded, kernel), kernel.transpose(2, 3))
    return smoothed
