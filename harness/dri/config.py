"""What a training run does, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from harness.dri.network import NetworkConfig
from harness.errors import InputError

Say = Callable[[str], None]
FOLDER = Path(__file__).with_name("configs")


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What a training run does.

    Attributes:
        network: The network's shape.
        seed: Of all randomness.
        steps: Of stage 1.
        contents: Patches in a batch of stage 1.
        versions: Degradations of each patch.
        patch: Height and width of a patch, a multiple of 12.
        epochs: Of stage 2.
        batch: Images in a batch of stage 2.
        learning_rate: Of stage 2; stage 1 takes half.
        weight_decay: Of stage 2.
        synthetic_weight: Weight of the order of synthetic versions in stage 2.
        rs_weight: Weight of the RS loss; 0 is its ablation.
        synthetic_contents: Photographs whose versions are ranked in stage 2.
        averaged: Share of stage 2 at its end whose weights are averaged.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    seed: int = 0
    steps: int = 400
    contents: int = 10
    versions: int = 2
    patch: int = 120
    epochs: int = 30
    batch: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    synthetic_weight: float = 0.3
    rs_weight: float = 0.2
    synthetic_contents: int = 60
    averaged: float = 0.3


@dataclass(frozen=True, slots=True)
class DegradationLevels:
    """One degradation at several strengths; its place in the list is its type, counted from 1 (0 is clean).

    Attributes:
        name: Of the degradation plugin.
        parameter: Its parameter that sets the strength.
        levels: Values of the parameter, weak ones first.
    """

    name: str
    parameter: str
    levels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What a run trains on.

    Attributes:
        clean: Folder of clean photographs, for synthetic pairs; relative to the data folder.
        mos: Folder with `labels.csv`, relative to the data folder.
        splits: Random 80/20 splits of the protocol.
        folds: Folds whose held-out predictions calibrate the scorer.
        degradations: What is done to clean photographs.
    """

    clean: str
    mos: str
    degradations: tuple[DegradationLevels, ...]
    splits: int = 10
    folds: int = 5


def config_path(text: str) -> Path:
    """Finds a configuration: a file, or the name of one in the package.

    Raises:
        InputError: There is none.
    """
    packaged = FOLDER / f"{text}.toml"
    path = packaged if packaged.is_file() and "/" not in text else Path(text)
    if not path.is_file():
        names = ", ".join(sorted(item.stem for item in FOLDER.glob("*.toml")))
        raise InputError(f"no training configuration {text!r}: give a TOML file, or one of {names}")
    return path


def read_config(path: Path) -> tuple[DataConfig, TrainingConfig]:
    """Reads a configuration; unknown keys are an error.

    Raises:
        InputError: Damaged TOML, a missing or unknown key.
    """
    try:
        table = tomllib.loads(path.read_text())
        degradations = tuple(
            DegradationLevels(item["name"], item["parameter"], tuple(item["levels"])) for item in table["degradations"]
        )
        data = DataConfig(**table["data"], degradations=degradations)
        training = dict(table.get("training", {}))
        network = NetworkConfig(**training.pop("network", {}), types=1 + len(degradations))
        config = replace(TrainingConfig(**training), network=network)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        known = ", ".join(item.name for item in fields(TrainingConfig))
        raise InputError(f"{path}: {type(error).__name__}: {error}; [training] knows {known}") from None
    return data, config


def as_json(data: DataConfig, config: TrainingConfig) -> Mapping[str, Any]:
    """Both as JSON types."""
    return {"data": asdict(data), "training": asdict(config)}
