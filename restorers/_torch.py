"""Networks that torch runs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from harness.protocols import BatchRestorer, Conditions
from restorers._arrays import Image

if TYPE_CHECKING:
    import torch

# named as text, so that adapters do not import torch
Tensor: TypeAlias = "torch.Tensor"
Module: TypeAlias = "torch.nn.Module"
Network: TypeAlias = "Callable[[Tensor], Tensor | list[Tensor] | tuple[Tensor, ...]]"
"""From (N, C, H, W) to (N, C, scale * H, scale * W); of several outputs the first one counts."""


def run_network(network: Network, image: Image, device: str) -> Image:
    """Runs a network on one image, float32 (C, H, W), or on a batch of them (N, C, H, W)."""
    import numpy as np
    import torch

    fed = torch.from_numpy(np.ascontiguousarray(image))
    with torch.inference_mode():
        restored = network((fed if image.ndim == 4 else fed[None]).to(device))
    first = restored[0] if isinstance(restored, list | tuple) else restored
    found = first if image.ndim == 4 else first[0]
    return np.ascontiguousarray(found.float().cpu().numpy())


class TakesBatches(BatchRestorer):
    """A network whose `restore` takes a batch as well: it is told the scale and nothing else."""

    def restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        """Restores (N, C, H, W) to (N, C, scale * H, scale * W)."""
        return self.restore(images, conditions[0])


def count_parameters(network: Module) -> int:
    """Number of learned weights."""
    return sum(parameter.numel() for parameter in network.parameters())
