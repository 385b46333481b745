"""Networks that torch runs."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from restorers._arrays import Image

if TYPE_CHECKING:
    import torch

# named as text, so that adapters do not import torch
Tensor: TypeAlias = "torch.Tensor"
Module: TypeAlias = "torch.nn.Module"
Network: TypeAlias = "Callable[[Tensor], Tensor | list[Tensor] | tuple[Tensor, ...]]"
"""From (N, C, H, W) to (N, C, scale * H, scale * W); of several outputs the first one counts."""


def run_network(network: Network, image: Image, device: str) -> Image:
    """Runs a network on one image, float32 (C, H, W)."""
    import numpy as np
    import torch

    with torch.inference_mode():
        restored = network(torch.from_numpy(np.ascontiguousarray(image))[None].to(device))
    first = restored[0] if isinstance(restored, list | tuple) else restored
    return np.ascontiguousarray(first[0].float().cpu().numpy())


def count_parameters(network: Module) -> int:
    """Number of learned weights."""
    return sum(parameter.numel() for parameter in network.parameters())
