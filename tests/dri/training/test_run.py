"""Training: a stopped stage goes on as if it had not stopped; configurations; MOS folders."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from torch import Tensor

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.noise import GaussianNoiseClipped
from benchmarks.degradations.resize import MatlabBicubic
from benchmarks.sources import Photos
from harness.dri.network.network import DRINetwork, NetworkConfig
from harness.dri.training.config import (
    FOLDER,
    DataConfig,
    TrainingConfig,
    VersionConfig,
    config_path,
    read_config,
)
from harness.dri.training.data import LabelledDegradation, SyntheticPairs, pseudo_score
from harness.dri.training.features import describe_labelled, describe_versions
from harness.dri.training.run import PARTS, Materials, TrainingRun, ablate
from harness.dri.training.stage1_representation import train_representation
from harness.dri.training.stage2_mos import log_names, train_mos
from harness.dri.training.stage3_calibration import Fitted, fit_calibration
from harness.dri.training.version_files import make_versions
from harness.dri.training.versions import VersionMaker
from harness.dri.training_images import read_training_images
from harness.dri.weights import load_weights
from harness.errors import InputError
from harness.images import Image, write_image
from harness.metrics.psnr import PSNR
from harness.metrics.ssim import SSIM
from harness.plugins import degradations
from harness.protocols import Restorer, Task
from harness.scoring.mos import read_labels
from restorers.bilateral import Bilateral
from restorers.interpolation import Bicubic
from restorers.tv import TotalVariation

SMALL = NetworkConfig(dimension=8, types=4, restoration_width=4, heads=2)
CONFIG = TrainingConfig(
    SMALL,
    steps=40,
    contents=2,
    patch=48,
    head_epochs=4,
    epochs=3,
    batch=4,
    crop=12,
    versions_ranked=4,
    ablation_epochs=1,
    soup=2,
)
DEGRADATIONS = [
    LabelledDegradation(1, 0.5, GaussianNoiseClipped(25.0)),
    LabelledDegradation(2, 1.0, Jpeg(10)),
    LabelledDegradation(3, 0.5, MatlabBicubic(2)),
]
VERSIONS = VersionConfig(
    metrics=("psnr", "ssim"),
    enlargers=("bicubic",),
    denoisers=("tv",),
    artifact_removers=("bilateral",),
    scales=(2,),
    contents=2,
    size=96,
    degraded=1,
    mixed=1,
    enlarged=2,
    denoised=1,
    decompressed=1,
    second_order=1,
)
DATA = DataConfig("clean", "mos", (), VERSIONS, splits=1, folds=1, ablation_splits=1)


def recompress(image: Image) -> Image:
    return Jpeg(98)(image, np.random.default_rng(0))


class StoppedError(Exception):
    """Raised in the place of a power cut."""


def stop_at(text: str) -> Callable[[str], None]:
    def say(line: str) -> None:
        if text in line:
            raise StoppedError

    return say


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> SyntheticPairs:
    folder = tmp_path_factory.mktemp("clean")
    for name in ("astronaut", "coffee"):
        write_image(folder / f"{name}.png", Photos(256).read(name))
    return SyntheticPairs(folder, DEGRADATIONS, seed=0)


def version_maker(pairs: SyntheticPairs) -> VersionMaker:
    restorers: dict[Task, list[Restorer]] = {
        Task.SUPER_RESOLVE: [Bicubic()],
        Task.DENOISE: [TotalVariation()],
        Task.DEJPEG: [Bilateral()],
    }

    return VersionMaker(
        pairs,
        restorers,
        lambda name, **parameters: degradations.get(name)(**parameters),
        [PSNR(), SSIM()],
        VERSIONS,
    )


def fresh() -> DRINetwork:
    torch.manual_seed(0)
    return DRINetwork(SMALL)


def same(one: DRINetwork, other: DRINetwork) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_a_batch_depends_on_seed_and_step_alone(pairs: SyntheticPairs) -> None:
    one, again, other = pairs.batch(3, 2, 2, 48), pairs.batch(3, 2, 2, 48), pairs.batch(4, 2, 2, 48)
    assert torch.equal(one.degraded, again.degraded)
    assert not torch.equal(one.degraded, other.degraded)
    assert one.degraded.shape == one.reference.shape == (4, 3, 48, 48)
    assert one.contents.tolist() == [0, 0, 1, 1]
    assert torch.equal(one.types, (one.levels > 0).float()), "mixtures have two types"
    assert set(one.types.sum(1).tolist()) <= {1, 2}
    assert 0 < float(one.scores.min()) <= float(one.scores.max()) < 1


def test_a_pseudo_score_is_one_for_identical_images(generator: np.random.Generator) -> None:
    image = generator.random((3, 32, 32), dtype=np.float32)
    noisy = np.clip(image + 0.1 * generator.standard_normal(image.shape), 0, 1).astype(np.float32)
    assert pseudo_score(image, image) == 1
    assert 0 < pseudo_score(noisy, image) < 0.9


@pytest.fixture(scope="module")
def trained(pairs: SyntheticPairs, tmp_path_factory: pytest.TempPathFactory) -> DRINetwork:
    network = fresh()
    train_representation(network, lambda: pairs, CONFIG, tmp_path_factory.mktemp("whole"), str)
    return network


def test_stage_1_resumes_exactly(
    pairs: SyntheticPairs, trained: DRINetwork, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        train_representation(fresh(), lambda: pairs, CONFIG, tmp_path, stop_at("step 20/"))
    resumed = fresh()
    train_representation(resumed, lambda: pairs, CONFIG, tmp_path, str)
    assert same(resumed, trained)
    assert not same(resumed, fresh())
    rows = (tmp_path / "stage1.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["step", "19", "39"]

    def refuse() -> SyntheticPairs:
        raise AssertionError("nothing is left to do")

    again = fresh()
    train_representation(again, refuse, CONFIG, tmp_path, str)
    assert same(again, trained)


@pytest.fixture
def mos_folder(tmp_path: Path) -> Path:
    lines = ["image,mos"]
    for place, sigma_255 in enumerate((5, 20, 40, 80)):
        for name in ("chelsea", "flower"):
            noisy = GaussianNoiseClipped(float(sigma_255))(
                Photos(128).read(name), np.random.default_rng(0)
            )
            write_image(tmp_path / f"{name}{place}.png", noisy)
            lines.append(f"{name}{place}.png,{90 - 20 * place}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.fixture
def versions(pairs: SyntheticPairs, tmp_path: Path) -> list[Path]:
    return make_versions(version_maker(pairs), tmp_path / "versions", 2, str)


def test_stage_2_learns_and_resumes_exactly(
    trained: DRINetwork, versions: list[Path], mos_folder: Path, tmp_path: Path
) -> None:
    table = describe_labelled(trained.eval(), read_labels(mos_folder), recompress, str)
    ranked = describe_versions(trained, versions, recompress, str)
    assert (table.views, ranked.groups, ranked.group_size) == (4, 2, VERSIONS.count)
    assert ranked.scores[:: VERSIONS.count].tolist() == [1, 1], "the clean one comes first"

    def fit(folder: str, say: Callable[[str], None]) -> DRINetwork:
        network = fresh()
        network.load_state_dict(trained.state_dict())
        (tmp_path / folder).mkdir(exist_ok=True)
        train_mos(
            network, network.members[0], table, ranked, range(8), CONFIG, tmp_path / folder, say
        )
        return network

    whole = fit("whole", str)
    for line in ("stage2, epoch 2/", "stage2-order1, epoch 2/"):
        with pytest.raises(StoppedError):
            fit("stopped", stop_at(line))
    assert same(fit("stopped", str), whole)
    assert not same(whole, trained)
    with (tmp_path / "whole" / "stage2.csv").open(newline="") as file:
        losses = [float(row["huber"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]


def test_the_weights_of_runs_in_several_orders_are_averaged(
    trained: DRINetwork, versions: list[Path], mos_folder: Path, tmp_path: Path
) -> None:
    table = describe_labelled(trained.eval(), read_labels(mos_folder), recompress, str)
    ranked = describe_versions(trained, versions, recompress, str)

    def fit(soup: int) -> dict[str, Tensor]:
        (folder := tmp_path / f"soup{soup}").mkdir()
        network = fresh()
        network.load_state_dict(trained.state_dict())
        config = replace(CONFIG, soup=soup, epochs=1)
        train_mos(network, network.members[0], table, ranked, range(8), config, folder, str)
        return network.members[0].state_dict()

    one, two = fit(1), fit(2)
    states = [
        torch.load(tmp_path / "soup2" / f"{name}.pt", weights_only=True)
        for name in log_names("stage2", CONFIG)
    ]
    runs = [{**state["network"], **state["average"]} for state in states[1:]]
    for name, value in two.items():
        assert torch.allclose(value, (runs[0][name] + runs[1][name]) / 2)
    assert all(torch.equal(value, runs[0][name]) for name, value in one.items()), (
        "the first order is that of one run"
    )
    assert any(not torch.equal(value, two[name]) for name, value in one.items())


def test_a_folder_belongs_to_one_configuration(pairs: SyntheticPairs, tmp_path: Path) -> None:
    def start(config: TrainingConfig) -> None:
        imagenet = tmp_path / "imagenet.pth"
        materials = Materials(
            imagenet, lambda: pairs, version_maker, recompress, [], lambda _, __: (0, 0), {}
        )
        TrainingRun(tmp_path / "run", DATA, config, materials, "cpu", str)

    start(CONFIG)
    claimed = (tmp_path / "run" / "config.json").read_text()
    start(CONFIG)
    with pytest.raises(InputError, match="another configuration"):
        start(replace(CONFIG, epochs=1))
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.json"]
    assert (tmp_path / "run" / "config.json").read_text() == claimed


def test_a_run_goes_through_its_stages(
    pairs: SyntheticPairs, mos_folder: Path, tmp_path: Path
) -> None:
    def judge(predicted: Sequence[float], mos: Sequence[float]) -> tuple[float, float]:
        assert len(predicted) == len(mos) == 2
        return 0.5, 0.25

    def train(stage: str) -> None:
        materials = Materials(
            imagenet,
            lambda: pairs,
            version_maker,
            recompress,
            read_labels(mos_folder),
            judge,
            images,
        )
        TrainingRun(tmp_path / "run", DATA, replace(CONFIG, epochs=1), materials, "cpu", str).run(
            stage
        )

    imagenet, images = (
        tmp_path / "imagenet.pth",
        {"mine": [item.path for item in read_labels(mos_folder)]},
    )
    torch.save(timm.create_model(SMALL.backbone, pretrained=False).state_dict(), imagenet)
    for stage in ("versions", "splits", "ablation", "all"):
        train(stage)
    weights = load_weights(tmp_path / "run" / "dri.safetensors")
    assert len(weights.members) == 1
    assert len(read_training_images(tmp_path / "run" / "training-images.json")["mine"]) == 8
    assert (tmp_path / "run" / "splits.csv").read_text().splitlines()[1:] == [
        "whole,0,2,0.50000,0.25000"
    ]
    parts = [
        row.split(",")[0]
        for row in (tmp_path / "run" / "ablation.csv").read_text().splitlines()[2:]
    ]
    assert parts == [f"without {part}" for part in PARTS]
    curves = (tmp_path / "run" / "curves.svg").read_text()
    places = [
        curves.index(f"<!-- {name} -->") for name in ("stage1", "stage2-0", "stage2-0-order1")
    ]
    assert places == sorted(places)


def test_a_configuration_extends_another(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'extends = "shipped"\n[training]\nepochs = 1\nstarts = [5]\n'
    )
    (data, mine), (base, shipped) = (
        read_config(tmp_path / "mine.toml"),
        read_config(config_path("shipped")),
    )
    assert data == base
    assert (mine.epochs, mine.starts, mine.network.members) == (1, (5,), 1)
    assert (
        replace(mine, epochs=shipped.epochs, starts=shipped.starts, network=shipped.network)
        == shipped
    )
    (tmp_path / "loop.toml").write_text(f'extends = "{tmp_path / "loop.toml"}"')
    with pytest.raises(InputError, match="extends itself"):
        read_config(tmp_path / "loop.toml")


def test_calibration_maps_raw_scores_to_points() -> None:
    network = fresh()
    raw = torch.linspace(0, 1, 50)
    errors = torch.tensor([-4.0, 4.0]).repeat(25)
    fit_calibration(network, Fitted(raw, torch.full((50,), 0.1)), 20 + 60 * raw + errors)
    offset, slope, spread = network.calibration.tolist()
    assert offset == pytest.approx(20, abs=0.6)
    assert slope == pytest.approx(60, abs=1)
    assert 0.1 * spread == pytest.approx(4, abs=0.1), "the spread is as large as the error"


@pytest.mark.parametrize("part", PARTS)
def test_an_ablation_silences_one_part(part: str) -> None:
    assert ablate(CONFIG, part) != CONFIG
    with pytest.raises(InputError, match="expected one of degradation"):
        ablate(CONFIG, "everything")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_packaged_configurations_are_read(path: Path) -> None:
    data, config = read_config(config_path(path.stem))
    assert config.network.types == 1 + len(data.degradations)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[data", "TOMLDecodeError"),
        ("[data]\nclean = 'a'", "degradations"),
        (
            "degradations = []\n[versions]\nmetrics = []\nenlargers = []\ndenoisers = "
            "[]\nartifact_removers = []\n"
            "[data]\nclean = 'a'\nmos = 'b'\n[training]\nepoch = 3",
            "epoch",
        ),
    ],
)
def test_a_mistake_in_a_configuration_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_config(tmp_path / "bad.toml")
    with pytest.raises(InputError, match="shipped"):
        config_path("no-such-configuration")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, r"holds no labels\.csv"),
        ("picture,score\na.png,3\n", "expected image and mos"),
        ("image,mos\na.png,good\n", "no number"),
        ("image,mos\ngone.png,3\n", r"names gone\.png"),
        ("image,mos\n../a.png,3\n", r"names \.\./a\.png"),
        ("image,mos\na.png,nan\n", "no number"),
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
