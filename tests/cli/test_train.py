"""`restobench train dri` from a configuration file: a few images, upon the packaged weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.degradations.noise import GaussianNoise
from benchmarks.sources import Photos
from harness.dri.metric import DriStatedTerms
from harness.dri.shipped import STATED_TERMS
from harness.dri.training_images import write_training_images
from harness.dri.weights import load_weights, save_weights
from harness.images import content_key, read_image, write_image
from harness.plugins.kinds import metrics

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


def test_ones_own_scores_teach_the_packaged_weights_and_make_a_metric(
    root: Path, command_line: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTOBENCH_SCORERS", str(root / "scorers"))
    (root / "own.toml").write_text(OWN.format(upon="dri-stated-terms"))
    asked = ("train", "dri", "--config", root / "own.toml", "--out", root / "run", "--data", root)
    code, _, err = command_line(*asked[:2], "mos", *asked[2:], "--name", "own")
    assert (code, "mos writes none" in err) == (2, True)
    code, out, err = command_line(*asked, "--threads", 1, "--name", "own")
    assert code == 0, err
    assert "dri.safetensors" in out
    assert out.endswith("dri-own\n")
    photograph = root / "mine" / "images" / "coffee1.png"
    code, out, err = command_line("score", photograph, "-m", "dri-own", "-m", "dri", "--json")
    assert code == 0, err
    values = {row["metric"]: row["value"] for row in json.loads(out)["rows"]}
    assert values["dri-own"] != values["dri"]
    own = metrics.get("dri-own")
    assert content_key(read_image(photograph)) in own.trained_on()
    assert DriStatedTerms.trained_on() < own.trained_on()
    assert "mine" in own.card.licence
    assert "BIQ2021" not in own.card.licence
    code, _, err = command_line(*asked, "--name", "own")
    assert (code, "there already" in err) == (2, True)
    learnt, before = load_weights(root / "run" / "dri.safetensors"), load_weights(STATED_TERMS.path)
    assert learnt.config.restoration_shrink == 2
    one, other = (item.members[0].predictor.heads[0].layers[2].weight for item in (learnt, before))  # type: ignore[index, union-attr]
    assert not one.equal(other)


def test_what_ones_own_weights_stand_upon_is_known_or_refused(
    root: Path, command_line: Command
) -> None:
    def train(out: str) -> tuple[int, str, str]:
        asked = ("train", "dri", "versions", "--config", root / "own.toml", "--data", root)
        return command_line(*asked, "--out", root / out)

    weights = root / "before" / "dri.safetensors"
    weights.parent.mkdir()
    network = load_weights(STATED_TERMS.path)
    save_weights(network, weights, {"of": "a test"})
    (root / "own.toml").write_text(OWN.format(upon=weights))
    code, _, err = train("run")
    assert (code, "expected training-images.json beside it" in err) == (2, True)
    write_training_images(weights.with_name("training-images.json"), {"one": []})
    assert train("run")[0] == 0
    (root / "clean" / "small.png").write_bytes((root / "mine/images/coffee1.png").read_bytes())
    (root / "own.toml").write_text(OWN.format(upon=weights).replace("size = 96", "size = 120"))
    code, _, err = train("other")
    assert (code, "small.png is 96 x 96 pixels; expected at least 120" in err) == (2, True)


def test_weights_that_are_not_there_are_named(root: Path, command_line: Command) -> None:
    (root / "own.toml").write_text(OWN.format(upon="gone.safetensors"))
    asked = ("train", "dri", "--config", root / "own.toml", "--out", root / "run", "--data", root)
    code, _, err = command_line(*asked)
    assert code == 2
    assert "upon = 'gone.safetensors' is no weight file: give its path, or one of dri" in err
    assert not (root / "run").exists()
