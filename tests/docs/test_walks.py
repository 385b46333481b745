"""The commands of docs/add-a-restorer.md, as they stand there: each model on the board by one."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.storage.store import load_run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/add-a-restorer.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
WALK, *_ = [block for block in BLOCKS if "restobench wrap my_net.pth" in block]
TRIED, *_ = [block for block in BLOCKS if "-r realcugan-pro" in block]

NETWORK = """
from torch import nn


class MyNet(nn.Module):
    def __init__(self, features=8):
        super().__init__()
        self.body = nn.Conv2d(3, features, 3, padding=1)
        self.head = nn.Conv2d(features, 12, 1)
        self.up = nn.PixelShuffle(2)
        self.plain = nn.Upsample(scale_factor=2, mode="bilinear")

    def forward(self, x):
        return self.plain(x) + self.up(self.head(self.body(x)))
"""


def test_a_walk_of_at_most_five_commands_puts_a_model_on_the_board(tmp_path: Path) -> None:
    (tmp_path / "my_net.py").write_text(NETWORK)
    code = (
        "import torch, my_net; net = my_net.MyNet()\n"
        "for p in net.parameters(): p.data *= 0.01\n"
        "torch.save(net.state_dict(), 'my_net.pth')"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    lines = WALK.strip().splitlines()
    assert len(lines) <= 5
    said = []
    for line in lines:
        name, *arguments = shlex.split(line, comments=True)
        assert name == "restobench"
        done = subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert "network:my_net.py:MyNet:weights=my_net.pth" in said[0]
    restorers = {score.cell.restorer for score in load_run(tmp_path / "runs/mine").scores}
    assert restorers == {"bicubic", "MyNet"}
    assert "MyNet" in said[2]
    assert "each minus bicubic" in said[2]
    assert all("MyNet" in Path(tmp_path, path).read_text() for path in said[3].split())


def matconvnet(path: Path) -> None:
    """A file of MatConvNet's of a network that sees no noise."""
    from scipy.io import savemat

    def cells(items: list[object]) -> np.ndarray:
        found = np.empty((1, len(items)), dtype=object)
        found[0] = items
        return found

    def layer(shape: tuple[int, ...], planes: int) -> dict[str, object]:
        weights = [np.zeros(shape, np.float32), np.zeros(planes, np.float32)]
        return {"type": "conv", "weights": cells(list(weights)), "pad": 1.0}

    layers = [layer((3, 3, 1, 4), 4), {"type": "relu"}, layer((3, 3, 4), 1)]
    savemat(path, {"net": {"layers": cells(list(layers))}})


@pytest.mark.parametrize("line", TRIED.strip().splitlines(), ids=lambda line: line.split("-r ")[1])
def test_each_model_is_on_the_board_by_one_line(
    line: str,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command_line: Callable[..., tuple[int, str, str]],
) -> None:
    weights = tmp_path / "weights"
    weights.mkdir()
    for path in (data / "weights").iterdir():
        (weights / path.name).symlink_to(path)
    matconvnet(weights / "dncnn.mat")
    monkeypatch.setenv("WEIGHTS", str(weights))
    monkeypatch.setenv("RLFN", str(ROOT / "examples/third_party_plugin/restobench_rlfn"))
    _, *arguments = shlex.split(os.path.expandvars(line))
    few = ("--limit", 1, "-m", "psnr", "--out", tmp_path / "run")
    code, _, err = command_line(*arguments, *few)
    if "zoo get" in err:
        pytest.skip(err.strip().splitlines()[-1])
    assert code == 0, err
    [score] = load_run(tmp_path / "run").scores
    assert 15 < score.value < 60


def test_the_walks_are_whole() -> None:
    zoo = {
        *("ffdnet", "dat-light", "waifu2x-cunet", "waifu2x-photo", "span", "demosaicnet"),
        *("realesrgan-x4plus", "realesrgan-animevideo", "realcugan-se", "realcugan-pro"),
    }
    assert zoo <= set(TRIED.split())
    for part in (
        "dncnn_25.pth",
        "_gray.onnx",
        "dctlsa",
        "FSRCNN",
        "ESPCN",
        "RLFN=network:",
        ".mat",
    ):
        assert part in TRIED
