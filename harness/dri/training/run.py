"""A training run: its folder, its stages in order, the ten-split protocol and the ablations."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.atomic import atomic_file
from harness.dri.network.backbone import load_imagenet
from harness.dri.network.member import Member
from harness.dri.network.network import DRINetwork
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

Judge = Callable[[Sequence[float], Sequence[float]], tuple[float, float]]
"""SRCC and PLCC of predictions with mean opinion scores."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What a run trains on, as objects.

    Attributes:
        imagenet: The backbone's ImageNet file.
        pairs: Reads the clean photographs; called by the stages that need them.
        versions: Makes what makes their versions.
        recompress: Compresses an image so little that nobody sees it.
        labelled: MOS-labelled images.
        judge: Correlates predictions with MOS.
        images: Every image that is trained on, by the name of its set.
    """

    imagenet: Path
    pairs: Callable[[], SyntheticPairs]
    versions: Callable[[SyntheticPairs], VersionMaker]
    recompress: Recompress
    labelled: Sequence[LabelledImage]
    judge: Judge
    images: Mapping[str, Sequence[Path]]


@dataclass(frozen=True, slots=True)
class SplitResult:
    """One random 80/20 split: correlations of the predictions for its test images with their MOS."""

    part: str
    split: int
    images: int
    srcc: float
    plcc: float


Tables = tuple[FeatureTable, FeatureTable]


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
        _claim(folder, json.dumps(as_json(data, config), indent=1) + "\n")

    def run(self, stage: str) -> None:
        """Runs one stage, after those it stands on."""
        if stage == "versions":
            self.versions()
            return
        network = self.representation()
        if stage == "representation":
            return
        tables = self.features(network)
        if stage == "mos":
            self.mos(network, tables)
        if stage == "splits":
            self.splits(network, tables)
        if stage == "ablation":
            self.ablation(network, tables)
        if stage in ("calibration", "all"):
            self.calibration(network, tables)

    def versions(self) -> list[Path]:
        """Versions of the clean photographs, with what the full-reference metrics say of them."""
        folder, contents = self.folder / "versions", self.data.versions.contents
        paths = [folder / f"{content:04d}.npz" for content in range(contents)]
        if all(path.is_file() for path in paths):
            return paths
        return make_versions(
            self.materials.versions(self.materials.pairs()), folder, contents, self.say
        )

    def representation(self) -> DRINetwork:
        """Stage 1, or what it left behind."""
        torch.manual_seed(self.config.seed)
        network = DRINetwork(self.config.network)
        load_imagenet(
            self.materials.imagenet,
            self.config.network.backbone,
            network.shallow,
            network.members[0].deep,
        )
        network.to(self.device)
        train_representation(network, self.materials.pairs, self.config, self.folder, self.say)
        draw_curves(self.folder)
        return network

    def features(self, network: DRINetwork) -> Tables:
        """What the frozen parts say of the labelled images and of the versions; computed once a stage 1."""
        of = hashlib.sha256((self.folder / "stage1.pt").read_bytes()).hexdigest()[:12]
        paths = [self.folder / f"features-{kind}-{of}.pt" for kind in ("mos", "versions")]
        if not paths[0].is_file():
            describe_labelled(
                network, self.materials.labelled, self.materials.recompress, self.say
            ).save(paths[0])
        if not paths[1].is_file():
            describe_versions(network, self.versions(), self.materials.recompress, self.say).save(
                paths[1]
            )
        labelled, versions = (FeatureTable.load(path).to(self.device) for path in paths)
        return labelled, versions

    def mos(self, network: DRINetwork, tables: Tables) -> DRINetwork:
        """Stage 2 on every labelled image: each member from another start."""
        rows = range(len(self.materials.labelled))
        for place, start in enumerate(self.config.starts):
            member = self._fit(network, tables, rows, f"stage2-{start}", self.config, start)
            network.members[place].load_state_dict(member.state_dict())
        return network

    def calibration(self, network: DRINetwork, tables: Tables) -> Path:
        """Stage 3 by predictions of images that a member had not seen; writes the weights."""
        seen = [
            self._split(network, tables, split, self.config, "whole")
            for split in range(self.data.folds)
        ]
        network = self.mos(network, tables)
        raw, spread = (
            torch.cat([getattr(fitted, name) for fitted, _ in seen]) for name in ("raw", "spread")
        )
        mos = torch.cat([self._mos()[test] for _, test in seen])
        fit_calibration(network, Fitted(raw, spread), mos)
        path = self.folder / "dri.safetensors"
        sha256 = save_weights(network, path, as_json(self.data, self.config))
        write_training_images(self.folder / "training-images.json", self.materials.images)
        self.say(f"{path}: {path.stat().st_size / 2**20:.1f} MiB, SHA-256 {sha256}")
        return path

    def splits(self, network: DRINetwork, tables: Tables) -> list[SplitResult]:
        """The protocol: random 80/20 splits; no stage sees a test image. One member each. Writes `splits.csv`."""
        return self._protocol(
            network, tables, self.data.splits, {"whole": self.config}, "splits.csv"
        )

    def ablation(self, network: DRINetwork, tables: Tables) -> list[SplitResult]:
        """The whole, and without each of `PARTS` in stage 2, on a few splits and a short schedule: `ablation.csv`."""
        short = replace(self.config, epochs=self.config.ablation_epochs, soup=1)
        configs = {
            "whole, short": short,
            **{f"without {part}": ablate(short, part) for part in PARTS},
        }
        return self._protocol(network, tables, self.data.ablation_splits, configs, "ablation.csv")

    def _protocol(
        self,
        network: DRINetwork,
        tables: Tables,
        splits: int,
        configs: dict[str, TrainingConfig],
        name: str,
    ) -> list[SplitResult]:
        results = []
        for split in range(splits):
            for part, config in configs.items():
                fitted, test = self._split(network, tables, split, config, part)
                srcc, plcc = self.materials.judge(fitted.raw.tolist(), self._mos()[test].tolist())
                results.append(SplitResult(part, split, len(test), srcc, plcc))
                self.say(
                    f"{part}, split {split}: SRCC {srcc:.4f}, PLCC {plcc:.4f} on {len(test)} images"
                )
                _write(self.folder / name, results)
        for part in configs:
            found = [item for item in results if item.part == part]
            srcc, plcc = (
                float(np.median([getattr(item, name) for item in found]))
                for name in ("srcc", "plcc")
            )
            self.say(f"{part}, median of {len(found)} splits: SRCC {srcc:.4f}, PLCC {plcc:.4f}")
        return results

    def _split(
        self, network: DRINetwork, tables: Tables, split: int, config: TrainingConfig, part: str
    ) -> tuple[Fitted, list[int]]:
        """One member trained on four fifths, and what it says of the test images; kept as soon as it is known."""
        order = _shuffled(len(self.materials.labelled), split)
        cut = round(0.8 * len(order))
        train, test = order[:cut], order[cut:]
        name = f"split{split}-{part.replace(' ', '-').replace(',', '')}"
        path = self.folder / f"{name}-said.pt"
        if not path.is_file():
            member = self._fit(network, tables, train, name, config)
            judge = DRINetwork(replace(config.network, members=1))
            judge.load_state_dict(_without_members(network), strict=False)
            fitted = predict_rows(judge.to(self.device), [member], tables[0], test)
            torch.save({"raw": fitted.raw, "spread": fitted.spread}, path)
            for log in log_names(name, config):  # megabytes that nobody needs again
                (self.folder / f"{log}.pt").unlink()
        return Fitted(**torch.load(path, weights_only=True)), test

    def _fit(
        self,
        network: DRINetwork,
        tables: Tables,
        train: Sequence[int],
        name: str,
        config: TrainingConfig,
        start: int = 0,
    ) -> Member:
        """Stage 2 of one member on some rows: what stage 1 taught, and heads from a start of its own."""
        torch.manual_seed(config.seed + start)
        shaped = DRINetwork(replace(config.network, members=1))
        member = shaped.members[0]
        taught = torch.load(self.folder / "stage1.pt", weights_only=True, map_location="cpu")[
            "network"
        ]
        shaped.load_state_dict(_of_stage_1(taught), strict=False)
        train_mos(
            shaped.to(self.device),
            member,
            *tables,
            train,
            replace(config, seed=config.seed + start),
            self.folder,
            self.say,
            name,
        )
        draw_curves(self.folder)
        return member

    def _mos(self) -> Tensor:
        return torch.tensor([item.mos for item in self.materials.labelled], dtype=torch.float32)


def ablate(config: TrainingConfig, part: str) -> TrainingConfig:
    """The same run with one of `PARTS` silent.

    Raises:
        InputError: There is no such part.
    """
    if part not in PARTS:
        raise InputError(f"there is no part {part!r}; expected one of {', '.join(PARTS)}")
    if part == "rs-loss":
        return replace(config, rs_weight=0.0)
    flag: dict[str, Any] = {f"use_{part}": False}
    return replace(config, network=replace(config.network, **flag))


def _of_stage_1(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What stage 1 has taught: everything but the members' random interaction and predictor, and later members."""
    untaught = ("interaction.", "predictor.")
    return {
        name: value
        for name, value in state.items()
        if not name.startswith("members.")
        or (
            name.startswith("members.0.")
            and not name.removeprefix("members.0.").startswith(untaught)
        )
    }


def _without_members(network: DRINetwork) -> dict[str, Tensor]:
    return {
        name: value.cpu()
        for name, value in network.state_dict().items()
        if not name.startswith("members.")
    }


def _write(path: Path, results: Sequence[SplitResult]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["part", "split", "test_images", "srcc", "plcc"])
        writer.writerows(
            [row.part, row.split, row.images, f"{row.srcc:.5f}", f"{row.plcc:.5f}"]
            for row in results
        )


def _shuffled(count: int, seed: int) -> list[int]:
    return [int(index) for index in np.random.default_rng(seed).permutation(count)]


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
