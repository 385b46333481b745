"""A training run: its folder, its stages in order, the ten-split experiment and the ablations."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from harness.atomic import atomic_file
from harness.dri.network.config import NetworkConfig
from harness.dri.network.imagenet import load_imagenet
from harness.dri.network.member import Member
from harness.dri.network.network import DRINetwork
from harness.dri.training.checkpoints import write_table
from harness.dri.training.config import DataConfig, Say, TrainingConfig, as_json
from harness.dri.training.curves import draw_curves
from harness.dri.training.data import SyntheticPairs
from harness.dri.training.features import (
    FeatureTable,
    Recompress,
    describe_labelled,
    describe_versions,
)
from harness.dri.training.stage1_representation import train_representation
from harness.dri.training.stage2_mos import log_names, train_mos
from harness.dri.training.stage3_calibration import Fitted, fit_calibration, predict_rows
from harness.dri.training.version_files import make_versions
from harness.dri.training.versions import VersionMaker
from harness.dri.training_images import write_training_images
from harness.dri.weights import save_weights
from harness.errors import InputError
from harness.scoring.mos import LabelledImage

PARTS = ("degradation", "quality", "interaction", "restoration", "rs-loss")
"""What an ablation can take away from stage 2."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What a run trains on, as objects.

    Attributes:
        imagenet: The backbone's ImageNet file.
        pairs: Reads the clean photographs; called by the stages that need them.
        versions: Makes what makes their versions.
        recompress: Compresses an image so little that nobody sees it.
        labelled: MOS-labelled images.
        judge: SRCC and PLCC of predictions with MOS.
        images: Every image that is trained on, by the name of its set.
    """

    imagenet: Path
    pairs: Callable[[], SyntheticPairs]
    versions: Callable[[SyntheticPairs], VersionMaker]
    recompress: Recompress
    labelled: Sequence[LabelledImage]
    judge: Callable[[Sequence[float], Sequence[float]], tuple[float, float]]
    images: Mapping[str, Sequence[Path]]


class TrainingRun:
    """A run in a folder; every stage takes up what an earlier call left there.

    Args:
        folder: Checkpoints, logs, curves and weights go here.
        data: What to train on.
        config: How to train.
        materials: The data as objects.
        device: `cpu` or `cuda:N`.
        say: Told of progress.

    Raises:
        InputError: The folder holds a run of another configuration.
    """

    def __init__(
        self,
        folder: Path,
        data: DataConfig,
        config: TrainingConfig,
        materials: Materials,
        device: str,
        say: Say,
    ) -> None:
        self.folder, self.data, self.config, self.materials = folder, data, config, materials
        self.device, self.say = device, say
        self.scores = torch.tensor([item.mos for item in materials.labelled])
        _claim(folder, json.dumps(as_json(data, config), indent=1) + "\n")

    def run(self, stage: str) -> None:
        """Runs one stage, after those it stands on."""
        stages: dict[str, Callable[[], object]] = {
            "versions": self.versions,
            "representation": lambda: self.network,
            "mos": self.mos,
            "splits": self.splits,
            "ablation": self.ablation,
            "calibration": self.calibration,
            "all": self.calibration,
        }
        stages[stage]()

    def versions(self) -> list[Path]:
        """Versions of the clean photographs, with what the full-reference metrics say of them."""
        folder, contents = self.folder / "versions", self.data.versions.contents
        paths = [folder / f"{content:04d}.npz" for content in range(contents)]
        if not all(path.is_file() for path in paths):
            maker = self.materials.versions(self.materials.pairs())
            make_versions(maker, folder, contents, self.say)
        return paths

    @cached_property
    def network(self) -> DRINetwork:
        """After stage 1, or what it left behind."""
        torch.manual_seed(self.config.seed)
        network = DRINetwork(self.config.network)
        imagenet, backbone = self.materials.imagenet, self.config.network.backbone
        load_imagenet(imagenet, backbone, network.shallow, network.members[0].deep)
        network.to(self.device)
        train_representation(network, self.materials.pairs, self.config, self.folder, self.say)
        draw_curves(self.folder)
        return network

    @cached_property
    def tables(self) -> tuple[FeatureTable, FeatureTable]:
        """What the frozen parts say of the labelled images and of the versions.

        Computed once a stage 1.
        """
        network, recompress = self.network, self.materials.recompress
        of = hashlib.sha256((self.folder / "stage1.pt").read_bytes()).hexdigest()[:12]
        mos, versions = (self.folder / f"features-{kind}-{of}.pt" for kind in ("mos", "versions"))
        if not mos.is_file():
            describe_labelled(network, self.materials.labelled, recompress, self.say).save(mos)
        if not versions.is_file():
            describe_versions(network, self.versions(), recompress, self.say).save(versions)
        return FeatureTable.load(mos).to(self.device), FeatureTable.load(versions).to(self.device)

    def mos(self) -> None:
        """Stage 2 on every labelled image: each member from another start."""
        rows = range(len(self.materials.labelled))
        for place, start in enumerate(self.config.starts):
            member = self._fit(rows, f"stage2-{start}", self.config, start)
            self.network.members[place].load_state_dict(member.state_dict())

    def calibration(self) -> None:
        """Stage 3 by predictions of images that a member had not seen; writes the weights."""
        seen = [self._split(split, self.config, "whole") for split in range(self.data.folds)]
        self.mos()
        raw, spread = (
            torch.cat([getattr(fitted, name) for fitted, _ in seen]) for name in ("raw", "spread")
        )
        mos = torch.cat([self.scores[test] for _, test in seen])
        fit_calibration(self.network, Fitted(raw, spread), mos)
        path = self.folder / "dri.safetensors"
        sha256 = save_weights(self.network, path, as_json(self.data, self.config))
        write_training_images(self.folder / "training-images.json", self.materials.images)
        self.say(f"{path}: {path.stat().st_size / 2**20:.1f} MiB, SHA-256 {sha256}")

    def splits(self) -> None:
        """Random 80/20 splits; no stage sees a test image.

        One member each. Writes `splits.csv`.
        """
        self._experiment(self.data.splits, {"whole": self.config}, "splits.csv")

    def ablation(self) -> None:
        """The whole, and without each of `PARTS` in stage 2: writes `ablation.csv`.

        On a few splits and a short schedule.
        """
        short = replace(self.config, epochs=self.config.ablation_epochs, soup=1)
        configs = {"whole, short": short}
        configs |= {f"without {part}": ablate(short, part) for part in PARTS}
        self._experiment(self.data.ablation_splits, configs, "ablation.csv")

    def _experiment(self, splits: int, configs: Mapping[str, TrainingConfig], name: str) -> None:
        """Correlates what is said of test images with their MOS; writes a row when it is known."""
        rows = []
        for split in range(splits):
            for part, config in configs.items():
                fitted, test = self._split(split, config, part)
                srcc, plcc = self.materials.judge(fitted.raw.tolist(), self.scores[test].tolist())
                known = {"part": part, "split": split, "test_images": len(test)}
                rows.append({**known, "srcc": srcc, "plcc": plcc})
                table = pd.DataFrame(rows)
                write_table(self.folder / name, table)
                said = f"SRCC {srcc:.4f}, PLCC {plcc:.4f} on {len(test)} images"
                self.say(f"{part}, split {split}: {said}")
        for part in configs:
            srcc, plcc = np.median(table.loc[table["part"] == part, ["srcc", "plcc"]], axis=0)
            self.say(f"{part}, median of {splits} splits: SRCC {srcc:.4f}, PLCC {plcc:.4f}")

    def _split(self, split: int, config: TrainingConfig, part: str) -> tuple[Fitted, list[int]]:
        """One member trained on four fifths, and what it says of the test images.

        That is kept as soon as it is known.
        """
        order = np.random.default_rng(split).permutation(len(self.materials.labelled)).tolist()
        cut = round(0.8 * len(order))
        train, test = order[:cut], order[cut:]
        name = f"split{split}-{part.replace(' ', '-').replace(',', '')}"
        path = self.folder / f"{name}-said.pt"
        if not path.is_file():
            member = self._fit(train, name, config)
            # what this configuration leaves out, the network that predicts leaves out too
            judge = DRINetwork(replace(config.network, members=0))
            judge.load_state_dict(self.network.state_dict(), strict=False)
            fitted = predict_rows(judge.to(self.device), [member], self.tables[0], test)
            torch.save({"raw": fitted.raw, "spread": fitted.spread}, path)
            for log in log_names(name, config):  # megabytes that nobody needs again
                (self.folder / f"{log}.pt").unlink()
        return Fitted(**torch.load(path, weights_only=True)), test

    def _fit(
        self, train: Sequence[int], name: str, config: TrainingConfig, start: int = 0
    ) -> Member:
        """Stage 2 of one member on some rows, from what stage 1 taught.

        Interaction and predictor, which it has not taught, have a start of their own.
        """
        tables = self.tables  # before the seed, for making them draws random numbers
        torch.manual_seed(config.seed + start)
        network = DRINetwork(replace(config.network, members=1))
        stage_1 = torch.load(self.folder / "stage1.pt", weights_only=True, map_location="cpu")
        untaught = ("members.0.interaction.", "members.0.predictor.")
        taught = {
            key: value for key, value in stage_1["network"].items() if not key.startswith(untaught)
        }
        network.load_state_dict(taught, strict=False)  # of several members the first was taught
        network.to(self.device)
        config, member = replace(config, seed=config.seed + start), network.members[0]
        train_mos(network, member, *tables, train, config, self.folder, self.say, name)
        draw_curves(self.folder)
        return member


def ablate(config: TrainingConfig, part: str) -> TrainingConfig:
    """The same run with one of `PARTS` silent.

    Raises:
        InputError: There is no such part.
    """
    if part not in PARTS:
        raise InputError(f"there is no part {part!r}; expected one of {', '.join(PARTS)}")
    if part == "rs-loss":
        return replace(config, rs_weight=0.0)
    network = NetworkConfig(**{**asdict(config.network), f"use_{part}": False})
    return replace(config, network=network)


def _claim(folder: Path, config: str) -> None:
    """Makes the folder this configuration's, or refuses."""
    path = folder / "config.json"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as partial:  # another stage may be starting here as well
            partial.write_text(config)
    elif path.read_text() != config:
        raise InputError(
            f"{folder} holds a training run of another configuration ({path}): give another --out"
        )
