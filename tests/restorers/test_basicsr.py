"""Every still-image architecture of basicsr, small and with random weights, against the network itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from harness import basicsr_shim
from harness.adaptation import restore_image
from harness.errors import InputError
from harness.plugins import parse_restorer
from harness.protocols import Conditions
from restorers.basicsr import ARCHITECTURES

IN = {"num_in_ch": 3, "num_out_ch": 3}
SMALL: dict[str, list[tuple[dict[str, Any], int]]] = {
    "ECBSR": [({"num_in_ch": 1, "num_out_ch": 1, "num_block": 1, "num_channel": 4, "with_idt": False,
                "act_type": "prelu", "scale": 2}, 2)],
    "EDSR": [({**IN, "num_feat": 8, "num_block": 1, "upscale": 3}, 3)],
    "MSRResNet": [({"num_feat": 8, "num_block": 1}, 4)],
    "RCAN": [({**IN, "num_feat": 16, "num_group": 1, "num_block": 1, "upscale": 2}, 2)],
    "RIDNet": [({"in_channels": 3, "mid_channels": 16, "out_channels": 3, "num_block": 1}, 1)],
    "RRDBNet": [({**IN, "scale": x, "num_feat": 8, "num_block": 1, "num_grow_ch": 4}, x) for x in (1, 2, 4)],
    "SRVGGNetCompact": [({**IN, "num_feat": 8, "num_conv": 2, "upscale": 2}, 2)],
    "SwinIR": [({"upscale": 2, "window_size": 4, "depths": [2], "embed_dim": 12, "num_heads": [2], "img_size": 16,
                 "upsampler": "pixelshuffledirect"}, 2)],
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


@pytest.mark.parametrize(("name", "options", "scale"), CASES, ids=[f"{name}-x{scale}" for name, _, scale in CASES])
def test_it_runs_as_the_network_does(
    write: Any, generator: np.random.Generator, name: str, options: dict[str, Any], scale: int
) -> None:
    torch.manual_seed(0)
    network = basicsr_shim.build_network({"type": name, **options}).eval()
    restorer = parse_restorer(write(network, {"type": name, **options})).build()
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
        hashes.add(parse_restorer(write(basicsr_shim.build_network(options), options)).build().card.weights_sha256)
    assert len(hashes) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "EDVR"}, "network_g is a EDVR; expected one of ECBSR, EDSR"),
        ({"type": "MSRResNet", "depth": 3}, "network_g does not fit MSRResNet: .*depth"),
    ],
)
def test_what_is_no_network_for_stills_is_refused(write: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_restorer(write(torch.nn.Identity(), options)).build()
