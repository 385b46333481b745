"""A training run: its folder, its stages in order, and the ten-split protocol."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from harness.dri.calibration import Fitted, fit_calibration, predict_rows
from harness.dri.config import DataConfig, Say, TrainingConfig, as_json
from harness.dri.curves import draw_curves
from harness.dri.data import LabelledDegradation, SyntheticPairs
from harness.dri.features import FeatureTable, describe_labelled, describe_versions
from harness.dri.network import DRINetwork
from harness.dri.train_mos import train_mos
from harness.dri.train_representation import train_representation
from harness.dri.weights import save_weights
from harness.errors import InputError
from harness.mos import LabelledImage

PARTS = ("degradation", "quality", "interaction", "restoration", "rs-loss")
"""What an ablation can take away from stage 2."""


@dataclass(frozen=True, slots=True)
class SplitResult:
    """One random 80/20 split: correlations of the predictions for its test images with their MOS."""

    seed: int
    images: int
    srcc: float
    plcc: float


class TrainingRun:
    """A run in a folder; every stage takes up what an earlier call left there.

    Args:
        folder: Checkpoints, logs, curves and weights go here.
        data: What to train on.
        config: How to train.
        imagenet: The backbone's ImageNet file.
        degradations: With their types and levels.
        pairs: Reads the clean photographs; called by the stages that need them.
        labelled: MOS-labelled images.
        say: Told of progress.

    Raises:
        InputError: The folder holds a run of another configuration.
    """

    def __init__(
        self,
        folder: Path,
        data: DataConfig,
        config: TrainingConfig,
        imagenet: Path,
        degradations: Sequence[LabelledDegradation],
        pairs: Callable[[], SyntheticPairs],
        labelled: Sequence[LabelledImage],
        say: Say,
    ) -> None:
        self.folder, self.data, self.config, self.say = folder, data, config, say
        self.imagenet, self.degradations, self.pairs, self.labelled = imagenet, degradations, pairs, labelled
        _claim(folder, json.dumps(as_json(data, config), indent=1) + "\n")

    def run(self, stage: str, without: str | None = None) -> None:
        """Runs one stage, after those it stands on; `without` takes one of `PARTS` away from the stage `splits`."""
        network = self.representation()
        if stage == "representation":
            return
        tables = self.features(network)
        if stage in ("mos", "all"):
            self.mos(tables)
        if stage in ("calibration", "all"):
            self.calibration(tables)
        if stage in ("splits", "all"):
            self.splits(tables, without)

    def representation(self) -> DRINetwork:
        """Stage 1, or what it left behind."""
        torch.manual_seed(self.config.seed)
        network = DRINetwork(self.config.network)
        network.backbone.load_imagenet(self.imagenet)
        train_representation(network, self.pairs, self.config, self.folder, self.say)
        draw_curves(self.folder)
        return network

    def features(self, network: DRINetwork) -> tuple[FeatureTable, FeatureTable]:
        """What the frozen parts say of the labelled images, and of synthetic versions; computed once a stage 1."""
        of = hashlib.sha256((self.folder / "stage1.pt").read_bytes()).hexdigest()[:12]
        contents = self.config.synthetic_contents
        paths = [self.folder / f"features-{kind}-{of}.pt" for kind in ("mos", "versions")]
        if not paths[0].is_file():
            describe_labelled(network, self.labelled, self.say).save(paths[0])
        if not paths[1].is_file():
            describe_versions(network, self.pairs(), self.degradations, contents, self.say).save(paths[1])
        return FeatureTable.load(paths[0]), FeatureTable.load(paths[1])

    def mos(self, tables: tuple[FeatureTable, FeatureTable]) -> DRINetwork:
        """Stage 2 on every labelled image."""
        return self._fit(tables, range(len(self.labelled)), "stage2")

    def calibration(self, tables: tuple[FeatureTable, FeatureTable]) -> Path:
        """Stage 3 by predictions of images that a fold had not seen; writes the weights."""
        network = self.mos(tables)
        order = _shuffled(len(self.labelled), self.config.seed)
        raw, spread = torch.zeros(len(order)), torch.zeros(len(order))
        for fold in range(self.data.folds):
            held = order[fold :: self.data.folds]
            others = sorted(set(order).difference(held))
            fitted = predict_rows(self._fit(tables, others, f"fold{fold}"), tables[0], held)
            raw[held], spread[held] = fitted.raw, fitted.spread
        fit_calibration(network, Fitted(raw, spread), self._mos())
        path = self.folder / "dri.safetensors"
        sha256 = save_weights(network, path, as_json(self.data, self.config))
        self.say(f"{path}: {path.stat().st_size / 2**20:.1f} MiB, SHA-256 {sha256}")
        return path

    def splits(self, tables: tuple[FeatureTable, FeatureTable], without: str | None = None) -> list[SplitResult]:
        """The protocol: random 80/20 splits; no stage sees a test image. Writes `splits.csv`.

        Args:
            tables: Of `features`.
            without: An ablation: this part is silent in stage 2. Stage 1 stays as it was.
        """
        from scipy.stats import pearsonr, spearmanr

        config, suffix = ablate(self.config, without), f"-without-{without}" if without else ""
        results = []
        for seed in range(self.data.splits):
            order = _shuffled(len(self.labelled), seed)
            cut = round(0.8 * len(order))
            network = self._fit(tables, order[:cut], f"split{seed}{suffix}", config)
            test = order[cut:]
            raw, mos = predict_rows(network, tables[0], test).raw.numpy(), self._mos()[test].numpy()
            srcc, plcc = float(spearmanr(raw, mos).statistic), float(pearsonr(raw, mos).statistic)
            results.append(SplitResult(seed, len(test), srcc, plcc))
            self.say(f"split {seed}: SRCC {srcc:.4f}, PLCC {plcc:.4f} on {len(test)} images")
        with (self.folder / f"splits{suffix}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["split", "test_images", "srcc", "plcc"])
            writer.writerows([item.seed, item.images, f"{item.srcc:.5f}", f"{item.plcc:.5f}"] for item in results)
        srcc, plcc = (float(np.median([getattr(item, name) for item in results])) for name in ("srcc", "plcc"))
        self.say(f"median of {len(results)} splits: SRCC {srcc:.4f}, PLCC {plcc:.4f}")
        return results

    def _fit(
        self,
        tables: tuple[FeatureTable, FeatureTable],
        train: Sequence[int],
        name: str,
        config: TrainingConfig | None = None,
    ) -> DRINetwork:
        """Stage 2 on some rows, from stage 1's weights."""
        config = config or self.config
        network = DRINetwork(config.network)
        network.load_state_dict(torch.load(self.folder / "stage1.pt", weights_only=True)["network"])
        train_mos(network, *tables, train, config, self.folder, self.say, name)
        draw_curves(self.folder)
        return network

    def _mos(self) -> Tensor:
        return torch.tensor([item.mos for item in self.labelled], dtype=torch.float32)


def ablate(config: TrainingConfig, without: str | None) -> TrainingConfig:
    """The same run with one of `PARTS` silent.

    Raises:
        InputError: There is no such part.
    """
    if without is None:
        return config
    if without not in PARTS:
        raise InputError(f"there is no part {without!r}; expected one of {', '.join(PARTS)}")
    if without == "rs-loss":
        return replace(config, rs_weight=0.0)
    flag: dict[str, Any] = {f"use_{without}": False}
    return replace(config, network=replace(config.network, **flag))


def _shuffled(count: int, seed: int) -> list[int]:
    return [int(index) for index in np.random.default_rng(seed).permutation(count)]


def _claim(folder: Path, config: str) -> None:
    """Makes the folder this configuration's, or refuses."""
    path = folder / "config.json"
    if path.is_file() and path.read_text() != config:
        raise InputError(f"{folder} holds a training run of another configuration ({path}): give another --out")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(config)
