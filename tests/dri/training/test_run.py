"""A training run: its folder, its stages, ablations; MOS folders."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from small_training import CONFIG, DATA, OPINIONS, SMALL, recompress, same, version_maker

from harness.dri.lessons.config import OpinionConfig
from harness.dri.lessons.sets import OpinionSet, read_opinions
from harness.dri.lessons.validation import Judge
from harness.dri.network.network import DRINetwork
from harness.dri.training.config import TrainingConfig
from harness.dri.training.data import SyntheticPairs
from harness.dri.training.experiments import PARTS, ablate, known_places
from harness.dri.training.run import Materials, TrainingRun
from harness.dri.training_images import read_training_images
from harness.dri.weights import load_weights, save_weights
from harness.errors import InputError
from harness.images import content_key, read_image, write_image
from harness.scoring.mos import read_labels

NAMES = ("chelsea", "flower")
"""Photographs in the MOS folder, each at four levels of noise."""


def training(
    folder: Path,
    config: TrainingConfig,
    pairs: SyntheticPairs,
    opinions: Sequence[OpinionSet],
    judge: Judge = lambda _, __: (0.0, 0.0),
) -> TrainingRun:
    """A run in `folder / "run"`, from an ImageNet network of random weights."""
    folder.mkdir(exist_ok=True)
    imagenet = folder / "imagenet.pth"
    if not imagenet.is_file():
        torch.save(timm.create_model(SMALL.backbone, pretrained=False).state_dict(), imagenet)
    materials = Materials(
        basis=Path(config.upon) if config.upon else imagenet,
        pairs=lambda: pairs,
        versions=version_maker,
        recompress=recompress,
        opinions=opinions,
        judge=judge,
        judged=None,
        images={item.config.name: item.images for item in opinions},
    )
    data = replace(DATA, opinions=tuple(item.config for item in opinions))
    return TrainingRun(folder / "run", data, config, materials, "cpu", str)


def test_a_folder_belongs_to_one_configuration(pairs: SyntheticPairs, tmp_path: Path) -> None:
    def start(config: TrainingConfig) -> None:
        training(tmp_path, config, pairs, [])

    start(CONFIG)
    claimed = (tmp_path / "run" / "config.json").read_text()
    start(CONFIG)
    with pytest.raises(InputError, match="another configuration"):
        start(replace(CONFIG, epochs=1))
    kept = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert kept == ["config.json", "made-of.json"]
    assert (tmp_path / "run" / "config.json").read_text() == claimed


def test_a_folder_belongs_to_its_images_and_scores(
    pairs: SyntheticPairs, mos_folder: Path, tmp_path: Path
) -> None:
    def start() -> None:
        training(tmp_path, CONFIG, pairs, [read_opinions(OPINIONS, mos_folder)])

    labels = mos_folder / "labels.csv"
    head, *rows = before = labels.read_text().splitlines()
    start()
    start()
    image = sorted(mos_folder.glob("*.png"))[0]
    pixels = image.read_bytes()
    changes = {
        "another order": lambda: labels.write_text("\n".join([head, *reversed(rows)])),
        "another score": lambda: labels.write_text("\n".join([head, rows[0] + ".5", *rows[1:]])),
        "another image": lambda: shutil.copyfile(sorted(mos_folder.glob("*.png"))[1], image),
    }
    for change in changes.values():
        change()
        with pytest.raises(InputError, match=r"a training run on other data .*made-of\.json"):
            start()
        labels.write_text("\n".join(before))
        image.write_bytes(pixels)
    start()


def test_a_run_goes_through_its_stages(
    pairs: SyntheticPairs, mos_folder: Path, tmp_path: Path
) -> None:
    def judge(predicted: Sequence[float], mos: Sequence[float]) -> tuple[float, float]:
        assert len(predicted) == len(mos) == 2
        return 0.5, 0.25

    run, config = tmp_path / "run", replace(CONFIG, epochs=1, steps=20, head_epochs=1)
    scored = read_opinions(OPINIONS, mos_folder)
    for stage in ("versions", "splits", "ablation", "all"):
        training(tmp_path, config, pairs, [scored], judge).run(stage)
    assert len(load_weights(run / "dri.safetensors").members) == 1
    assert len(read_training_images(run / "training-images.json")["mine"]) == 8
    splits, ablation = (
        (run / name).read_text().splitlines() for name in ("splits.csv", "ablation.csv")
    )
    assert splits[1:] == ["whole,split0,2,0.50000,0.25000,nan"]
    assert [row.split(",")[0] for row in ablation[2:]] == [f"without {part}" for part in PARTS]
    curves, names = (run / "curves.svg").read_text(), ("stage1", "stage2-0", "stage2-0-order1")
    places = [curves.index(f"<!-- {name} -->") for name in names]
    assert places == sorted(places)


def test_scenes_sets_and_what_is_only_judged_by_are_held_back(
    pairs: SyntheticPairs, mos_folder: Path, tmp_path: Path
) -> None:
    rows = ["scene,a,b,votes_a,votes_b"]
    rows += [f"{name},{name}0.png,{name}3.png,5,{place}" for place, name in enumerate(NAMES)]
    grouped = ["image,mos,group"]
    grouped += [f"{name}{n}.png,{90 - 20 * n},{name}" for n in range(4) for name in NAMES]
    for folder, name, lines in (("votes", "pairs", rows), ("scenes", "labels", grouped)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "images").symlink_to(mos_folder, target_is_directory=True)
        (tmp_path / folder / f"{name}.csv").write_text("\n".join(lines))
    sets = (
        OPINIONS,
        OpinionConfig("few", ".", views=1, limit=4),
        OpinionConfig("scenes", "scenes", tile=64, crop=100, views=2),
        OpinionConfig("votes", "votes"),
        OpinionConfig("judged", ".", weight=0),
    )
    roots = {"scenes": tmp_path, "votes": tmp_path}
    shape = replace(SMALL, mirrored=False)
    # the deep stages, which cost the most, learn in the test above
    short = {"steps": 2, "head_epochs": 1, "epochs": 0, "soup": 1}
    config = replace(CONFIG, network=shape, batch=8, **short)  # type: ignore[arg-type]
    opinions = [read_opinions(item, roots.get(item.name, mos_folder)) for item in sets]
    # the sets have the same few images, which are taken for different ones here
    opinions = [replace(item, keys=()) for item in opinions]
    run = tmp_path / "run"
    training(tmp_path, config, pairs, opinions, judge=lambda said, _: (len(said) / 100, 0.0)).run(
        "validation"
    )
    table = pd.read_csv(run / "validation.csv").set_index("trial")
    assert table["images"].to_dict() == {
        "scenes-scenes0": 4,
        "scenes-scenes1": 4,
        "without-mine": 8,
        "without-few": 4,
        "without-scenes": 8,
        "without-votes": 4,
        "judged-judged": 8,
        "votes-scenes0": 2,
        "votes-scenes1": 2,
        "scenes, all scenes": 8,
        "votes, all scenes": 4,
    }
    assert table.loc["scenes-scenes0", "within"] == pytest.approx(0.04)
    assert table.loc["scenes, all scenes", "within"] == pytest.approx(0.04)
    assert 0 <= table.loc["without-votes", "pairs"] <= 1
    learnt = (run / "scenes-scenes0-whole-head.csv").read_text().splitlines()[0]
    assert {"scenes-order", "votes-votes", "few-huber"} <= set(learnt.split(","))
    assert "judged" not in learnt


def test_upon_trained_weights_what_stands_on_the_deep_stages_learns(
    pairs: SyntheticPairs, mos_folder: Path, tmp_path: Path
) -> None:
    short = {"steps": 2, "head_epochs": 1, "together_epochs": 1, "epochs": 1, "soup": 1}
    config = replace(CONFIG, batch=8, **short)  # type: ignore[arg-type]
    sets = (OPINIONS, OpinionConfig("more", ".", views=1, limit=4))
    opinions = [read_opinions(item, mos_folder) for item in sets]
    training(tmp_path / "below", config, pairs, opinions[:1]).run("all")
    path = tmp_path / "below" / "run" / "dri.safetensors"
    below, upon = load_weights(path), replace(config, upon=str(path))
    run = training(tmp_path, upon, pairs, opinions)
    run.run("all")
    member, before = run.network.members[0], below.members[0]
    assert same(member.deep, before.deep)
    assert not same(member.predictor, before.predictor)
    assert torch.equal(run.network.calibration, below.calibration)
    assert not (tmp_path / "run" / "stage1.csv").exists()
    assert (tmp_path / "run" / "dri.safetensors").is_file()
    with pytest.raises(InputError, match="has learnt from what the splits would hold back"):
        run.run("splits")
    run.run("validation")
    table = pd.read_csv(tmp_path / "run" / "validation.csv")
    assert list(table["trial"]) == ["without-more"], "the first set judges nobody"
    alone = training(tmp_path / "alone", upon, pairs, opinions[:1])
    for stage in ("validation", "ablation"):
        with pytest.raises(InputError, match=f"nothing is held back for {stage}.csv.*first set"):
            alone.run(stage)
    other = replace(upon, network=replace(SMALL, heads=3))
    with pytest.raises(InputError, match="has heads 2 and not 3"):
        training(tmp_path / "other", other, pairs, opinions).run("mos")


def test_what_cannot_be_calibrated_or_stood_upon_is_refused_before_anything_is_made(
    pairs: SyntheticPairs, mos_folder: Path, tmp_path: Path
) -> None:
    opinions = read_opinions(OPINIONS, mos_folder)
    votes = replace(opinions, votes=torch.tensor([[0.0, 1.0, 2.0, 1.0]]))
    with pytest.raises(InputError, match="'mine', has votes, and no scores to calibrate by"):
        training(tmp_path, CONFIG, pairs, [votes])
    path = tmp_path / "two.safetensors"
    two = replace(SMALL, members=2)
    save_weights(DRINetwork(two), path, {"of": "a test"})
    upon = replace(CONFIG, network=two, starts=(0, 1), upon=str(path))
    with pytest.raises(InputError, match="has 2 members, and one can be stood upon"):
        training(tmp_path / "upon", upon, pairs, [opinions]).run("all")
    assert not (tmp_path / "upon" / "run" / "versions").exists()


def test_sets_that_were_learnt_from_before_are_known_by_their_pixels(mos_folder: Path) -> None:
    sets = [read_opinions(OPINIONS, mos_folder)] * 2
    key = content_key(read_image(sets[1].images[3]))
    assert known_places(sets, {"other": {"x.png": "y"}}) == {0}
    assert known_places(sets, {"other": {"x.png": key}}) == {0, 1}


@pytest.mark.parametrize("part", PARTS)
def test_an_ablation_silences_one_part(part: str) -> None:
    assert ablate(CONFIG, part) != CONFIG
    with pytest.raises(InputError, match="expected one of degradation"):
        ablate(CONFIG, "everything")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, r"holds no labels\.csv"),
        ("picture,score\na.png,3\n", "expected image and mos"),
        ("image,mos\na.png,good\n", "mos of 'a.png' is 'good'; expected a finite number"),
        ("image,mos\na.png,inf\n", "mos of 'a.png' is 'inf'; expected a finite number"),
        ("image,mos\na.png,-Infinity\n", "expected a finite number"),
        ("image,mos\na.png\n", "mos of 'a.png' is ''; expected a finite number"),
        ("image,mos,mos\na.png,3,4\n", "has the column 'mos' twice"),
        ("image,mos\na.png,3,5\n", r"row 2 \(a.png\) has 3 fields for 2 columns"),
        ("image,mos\n", "has no rows below its columns"),
        ("image,mos\na.png,3\na.png,4\n", "has two scores for a.png: 3 and 4"),
        ("image,mos\na.png,3\n./a.png,3\n", "has two scores for a.png: 3 and 3"),
        ("image,mos\ngone.png,3\n", r"names gone\.png"),
        ("image,mos\n../a.png,3\n", r"names \.\./a\.png"),
        ("image,mos\na.png,nan\n", "mos of 'a.png' is 'nan'; expected a finite number"),
    ],
)
def test_a_mos_folder_that_is_none(tmp_path: Path, labels: str | None, message: str) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for path in (tmp_path / "a.png", folder / "a.png"):
        write_image(path, np.zeros((3, 8, 8), np.float32))
    if labels is not None:
        (folder / "labels.csv").write_text(labels)
    with pytest.raises(InputError, match=message):
        read_labels(folder)
