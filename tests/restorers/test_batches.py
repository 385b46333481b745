"""Networks that torch runs take batches, and say of each image what they say of it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torch import nn

from benchmarks.degradations.mosaic import BayerMosaic
from benchmarks.sources import Photos
from harness import basicsr_shim
from harness.errors import InputError
from harness.plugins.kinds import restorers
from harness.plugins.specification import parse_restorer
from harness.protocols import BatchRestorer, Conditions, Restorer
from harness.recording import recording
from harness.restoring.adaptation import restore_image, restore_images
from harness.restoring.build import build_restorer
from harness.restoring.measuring import TOLERANCE

SOURCE = """
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, x):
        return self.body(x) * 0.5 + 0.25
"""


def crops(side: int = 48, planes: int = 3) -> list[Any]:
    names = Photos().ids()[:3]
    return [Photos().read(name)[:planes, 40 : 40 + side, 60 : 70 + side].copy() for name in names]


def farthest(restorer: Restorer, images: list[Any], conditions: list[Conditions]) -> float:
    """How far a batch is from its images alone."""
    assert isinstance(restorer, BatchRestorer)
    with recording() as in_batch:
        together = restore_images(restorer, images, conditions, trained=False)
    alone = []
    for image, known in zip(images, conditions, strict=True):
        with recording() as how:
            alone.append(restore_image(restorer, image, known, trained=False))
        assert how == in_batch, "tiles and all"
    assert not np.array_equal(together[0], together[1])
    return max(float(np.abs(a - b).max()) for a, b in zip(together, alone, strict=True))


def network() -> Any:
    names: dict[str, Any] = {}
    exec(SOURCE, names)  # noqa: S102 - the text above
    torch.manual_seed(0)
    return names["Net"]().eval()


def from_source(folder: Path) -> str:
    (folder / "net.py").write_text(SOURCE)
    torch.save(network().state_dict(), folder / "net.pth")
    return f"network:{folder / 'net.py'}:Net:weights={folder / 'net.pth'},probe=false"


def scripted(folder: Path) -> str:
    torch.jit.trace(network(), torch.rand(1, 3, 32, 40)).save(str(folder / "net.ts"))
    return f"{folder / 'net.ts'}:probe=false"


def for_one_size(folder: Path) -> str:
    traced = torch.jit.trace(network(), torch.rand(1, 3, 32, 32))
    traced.save(str(folder / "net.ts"))
    return f"{folder / 'net.ts'}:size=32,probe=false"


def exported(folder: Path) -> str:
    free = torch.export.Dim.AUTO
    shapes = ({0: free, 2: free, 3: free},)
    program = torch.export.export(network(), (torch.rand(2, 3, 32, 40),), dynamic_shapes=shapes)
    torch.export.save(program, folder / "net.pt2")
    return f"{folder / 'net.pt2'}:probe=false"


def of_basicsr(folder: Path) -> str:
    if basicsr_shim.missing():
        pytest.skip(str(basicsr_shim.missing()))
    kind = {"type": "MSRResNet", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_block": 1}
    torch.manual_seed(0)
    built = basicsr_shim.build_network({**kind, "upscale": 2})
    torch.save({"params": built.state_dict()}, folder / "net.pth")
    options = (
        f"scale: 2\nnetwork_g: {{{', '.join(f'{k}: {v}' for k, v in kind.items())}, upscale: 2}}"
    )
    (folder / "net.yml").write_text(f"{options}\npath: {{pretrain_network_g: net.pth}}\n")
    return f"basicsr:{folder / 'net.yml'}:probe=false"


@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch would like torch.export better
@pytest.mark.parametrize("make", [from_source, scripted, for_one_size, exported, of_basicsr])
@pytest.mark.parametrize("tiles", ["", ",tile_size=24,overlap=4"])
def test_a_network_by_path(tmp_path: Path, make: Any, tiles: str) -> None:
    if tiles and make is for_one_size:
        pytest.skip("its tiles are given")
    restorer = build_restorer(parse_restorer(make(tmp_path) + tiles))
    assert farthest(restorer, crops(), [Conditions(scale=2)] * 3) < TOLERANCE["fp32"] / 100


def test_matconvnet_with_its_noise(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(1, 1, 3, padding=1)
    weights = np.empty((1, 2), object)
    weights[0, 0] = layer.weight.detach().permute(2, 3, 1, 0).numpy()
    weights[0, 1] = layer.bias.detach().numpy()
    layers = np.empty((1, 1), object)
    layers[0, 0] = {"type": "conv", "weights": weights, "pad": 1.0, "stride": 1.0}
    savemat(tmp_path / "net.mat", {"net": {"layers": layers}})
    restorer = build_restorer(parse_restorer(f"{tmp_path / 'net.mat'}:residual=true,probe=false"))
    assert farthest(restorer, crops(planes=1), [Conditions()] * 3) < TOLERANCE["fp32"] / 100


@pytest.mark.zoo
@pytest.mark.parametrize("name", ["ffdnet", "dat-light", "demosaicnet"])
def test_the_networks_of_the_zoo(name: str) -> None:
    cls = restorers.get(name)
    if cls.missing() is not None:
        pytest.skip(str(cls.missing()))
    scale = {"dat-light": 2}.get(name, 1)
    known = [Conditions(scale=scale, sigma_255=s, cfa="RGGB") for s in (5.0, 15.0, 50.0)]
    images = crops()
    if name == "demosaicnet":
        images = [BayerMosaic("RGGB")(one, np.random.default_rng(0)) for one in images]
    assert farthest(cls(), images, known) < TOLERANCE["fp32"] / 10


@pytest.mark.zoo
def test_a_level_of_noise_is_that_of_each_image_and_a_pattern_that_of_all() -> None:
    for name in ("ffdnet", "demosaicnet"):
        if (reason := restorers.get(name).missing()) is not None:
            pytest.skip(reason)
    [one, *_] = crops()
    known = [Conditions(sigma_255=level) for level in (1.0, 75.0)]
    weak, strong = restore_images(restorers.get("ffdnet")(), [one, one], known)
    assert np.abs(weak - one).mean() < np.abs(strong - one).mean() / 2
    patterns = [Conditions(cfa=cfa) for cfa in ("RGGB", "BGGR")]
    with pytest.raises(InputError, match="mosaics of BGGR and RGGB go into no one batch"):
        restore_images(restorers.get("demosaicnet")(), crops()[:2], patterns)


def test_spandrels_and_the_published_weights(data: Path) -> None:
    path = data / "weights" / "dncnn_25.pth"
    if not path.is_file():
        pytest.skip(f"{path} is not here")
    restorer = build_restorer(parse_restorer(f"{path}:probe=false"))
    assert farthest(restorer, crops(), [Conditions()] * 3) < TOLERANCE["fp32"] / 10


def test_what_other_libraries_run_takes_one_image_at_a_time() -> None:
    from restorers.ncnn import NcnnRestorer
    from restorers.onnx import OnnxRestorer

    for cls in (NcnnRestorer, OnnxRestorer, restorers.get("bicubic")):
        assert not hasattr(cls, "restore_batch")
