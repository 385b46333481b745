"""The restorer, which `restobench list` imports.

Heavy packages wait inside functions, so that listing stays quick.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.protocols import Conditions, Restorer, RestorerCard, Task

if TYPE_CHECKING:
    from harness.images import Image
    from restobench_rlfn.network import Network

SCALES = (2, 4)
VARIABLE = "RLFN_WEIGHTS"


class RLFN(Restorer):
    """Super-resolution x2 and x4; the weights of a scale are loaded when a set asks for it."""

    card = RestorerCard(
        name="rlfn",
        tasks=(Task.SUPER_RESOLVE,),
        scales=SCALES,
        channels=(3,),
        size_minimum=15,  # network.SMALLEST
        value_range=(0, 255),  # fed 0-1 it runs without an error, and loses 6 dB
        parameters=526_856,  # x2; x4 has 543,740
        licence="Apache-2.0",
        paper="Kong et al., CVPR Workshops 2022",
        source="bytedance/RLFN",
    )

    def __init__(self, *, device: str = "cpu") -> None:
        self.device = device
        self._networks: dict[int, Network] = {}

    @classmethod
    def missing(cls) -> str | None:
        """What is missing here and the command that mends it, or `None`."""
        folder = os.environ.get(VARIABLE)
        files = [] if folder is None else [Path(folder) / f"rlfn_x{scale}.pth" for scale in SCALES]
        if files and all(file.is_file() for file in files):
            return None
        names = " and ".join(f"rlfn_x{scale}.pth" for scale in SCALES)
        return f"weights not here: export {VARIABLE}=FOLDER, with {names} of bytedance/RLFN"

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W); both in 0-255, as the card says."""
        import torch

        network = self._network(conditions.scale)
        with torch.inference_mode():
            enlarged = network(torch.from_numpy(image)[None].to(self.device))
        restored: Image = enlarged[0].cpu().numpy()
        return restored

    def _network(self, scale: int) -> Network:
        if scale not in self._networks:
            import torch

            from restobench_rlfn.network import Network

            network = Network(scale)
            path = Path(os.environ[VARIABLE]) / f"rlfn_x{scale}.pth"
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
            self._networks[scale] = network.to(self.device).eval()
        return self._networks[scale]
