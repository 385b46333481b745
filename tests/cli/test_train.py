"""`restobench train dri` from a configuration file: a few images, upon the packaged weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.degradations.noise import GaussianNoise
from benchmarks.sources import Photos
from harness.dri.shipped import STATED_TERMS
from harness.dri.weights import load_weights
from harness.images import write_image

Command = Callable[..., tuple[int, str, str]]
OWN = """
extends = "shipped"
opinions = [{{ name = "mine", folder = "mine", views = 2 }}]
[data]
clean = "clean"
[versions]
metrics = ["psnr-y"]
judged = ""
enlargers = ["bicubic"]
denoisers = ["tv"]
artifact_removers = ["bilateral"]
contents = 2
size = 96
[training]
upon = "{upon}"
together_epochs = 1
together_batch = 4
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two photographs, and eight judged images."""
    for folder in ("clean", "mine/images"):
        (tmp_path / folder).mkdir(parents=True)
    rows = ["image,mos"]
    for name in ("coffee", "china"):
        write_image(tmp_path / "clean" / f"{name}.png", Photos(128).read(name))
        for sigma in (1, 20, 40, 60):
            noisy = GaussianNoise(sigma)(Photos(96).read(name), np.random.default_rng(0))
            write_image(tmp_path / "mine" / "images" / f"{name}{sigma}.png", noisy)
            rows.append(f"{name}{sigma}.png,{90 - sigma}")
    (tmp_path / "mine" / "labels.csv").write_text("\n".join(rows))
    return tmp_path


def test_ones_own_scores_teach_the_packaged_weights(root: Path, command_line: Command) -> None:
    (root / "own.toml").write_text(OWN.format(upon="dri-stated-terms"))
    asked = ("train", "dri", "--config", root / "own.toml", "--out", root / "run", "--data", root)
    code, out, err = command_line(*asked, "--threads", 1)
    assert code == 0, err
    assert "dri.safetensors" in out
    learnt, before = load_weights(root / "run" / "dri.safetensors"), load_weights(STATED_TERMS.path)
    assert learnt.config.restoration_shrink == 2
    one, other = (item.members[0].predictor.heads[0].layers[2].weight for item in (learnt, before))  # type: ignore[index, union-attr]
    assert not one.equal(other)


def test_weights_that_are_not_there_are_named(root: Path, command_line: Command) -> None:
    (root / "own.toml").write_text(OWN.format(upon="gone.safetensors"))
    asked = ("train", "dri", "--config", root / "own.toml", "--out", root / "run", "--data", root)
    code, _, err = command_line(*asked)
    assert code == 2
    assert "upon = 'gone.safetensors' is no weight file: give its path, or one of dri" in err
    assert not (root / "run").exists()
