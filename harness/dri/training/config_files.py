"""Configurations of a training run as TOML: packaged ones, and anybody's."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.dri.lessons.config import OpinionConfig
from harness.dri.lessons.records import record
from harness.dri.network.config import NetworkConfig
from harness.dri.network.imagenet import IMAGENET
from harness.dri.training.config import (
    DataConfig,
    DegradationLevels,
    TrainingConfig,
    VersionConfig,
)
from harness.errors import InputError
from harness.formats import read_toml

Table = dict[str, Any]  # what TOML holds
FOLDER = Path(__file__).with_name("configs")


def packaged(text: str) -> Path:
    """A file in the package's folder of configurations, or else wherever it is."""
    inside = FOLDER / text
    return inside if inside.is_file() and "/" not in text else Path(text)


def config_path(text: str) -> Path:
    """Finds a configuration: a file, or the name of one in the package.

    Raises:
        InputError: There is none.
    """
    inside = packaged(f"{text}.toml")
    path = inside if inside.parent == FOLDER else Path(text)
    if not path.is_file():
        names = ", ".join(sorted(item.stem for item in FOLDER.glob("*.toml")))
        raise InputError(f"no training configuration {text!r}: give a TOML file, or one of {names}")
    return path


def read_config(path: Path) -> tuple[DataConfig, TrainingConfig]:
    """Reads a configuration; unknown keys are an error.

    `extends = "NAME"` takes everything from another configuration first; only what differs needs to
    be written.

    Raises:
        InputError: Damaged TOML, a missing or unknown key, a value that makes no sense.
    """
    table = _read_table(path)
    try:
        data, config = _data(table), _training(table)
        _check_together(data, config)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    types = 1 + len(data.degradations)
    network = replace(config.network, types=types, members=len(config.starts))
    return data, replace(config, network=network)


def _data(table: Table) -> DataConfig:
    """What to train on, of all tables but `[training]`."""
    unknown = set(table) - {"data", "opinions", "degradations", "versions", "training"}
    if unknown:
        raise InputError(
            f"an unknown table or key {min(unknown)!r}; expected extends, [data], [[opinions]], "
            "[[degradations]], [versions], [training]"
        )
    opinions, degradations = (
        tuple(record(cls, item, f"[[{name}]]") for item in _list(table, name))
        for name, cls in (("opinions", OpinionConfig), ("degradations", DegradationLevels))
    )
    if not any(getattr(item, "weight", 0) for item in opinions):
        raise InputError("no set of [[opinions]] has a weight: there is nothing to learn from")
    versions = record(VersionConfig, table.get("versions", {}), "[versions]")
    fixed = {"opinions": opinions, "degradations": degradations, "versions": versions}
    return record(DataConfig, table.get("data", {}), "[data]", **fixed)


def _list(table: Table, name: str) -> Sequence[object]:
    found = table.get(name)
    if not isinstance(found, list | tuple):
        raise InputError(f"[[{name}]] is {found!r:.60}; expected a list of tables")
    return found


def _training(table: Table) -> TrainingConfig:
    training = table.get("training", {})
    shape = training.pop("network", {}) if isinstance(training, dict) else {}
    network = record(NetworkConfig, shape, "[training.network]", types=0, members=0)
    return record(TrainingConfig, training, "[training]", network=network)


def _check_together(data: DataConfig, config: TrainingConfig) -> None:
    """Refuses a batch of versions that there are not so many of, and a network nobody has."""
    batch, versions = config.contents_ranked, data.versions
    most = {
        "contents_ranked": versions.contents,
        "versions_ranked": versions.count,
        "twins": batch * config.versions_ranked,
    }
    for name, bound in most.items():
        if (value := getattr(config, name)) > bound:
            raise InputError(f"[training] {name} = {value}; [versions] has no more than {bound}")
    known = sum(len(item.levels) for item in data.degradations)
    if config.versions > known and not config.upon:
        raise InputError(
            f"[training] versions = {config.versions}; [[degradations]] have no more than {known}"
        )
    if config.network.backbone not in IMAGENET:
        raise InputError(
            f"[training.network] backbone = {config.network.backbone!r}; expected one of "
            f"{', '.join(IMAGENET)}"
        )


def _read_table(path: Path, above: tuple[Path, ...] = ()) -> Table:
    table, base = read_toml(path, "configuration"), Table()
    if "extends" in table:
        source = config_path(str(table.pop("extends")))
        if source.resolve() in (path.resolve(), *above):
            raise InputError(f"{path} extends itself")
        base = _read_table(source, (*above, path.resolve()))
    return _merged(base, table)


def _merged(base: Table, changes: Table) -> Table:
    """`base` with changes: tables are merged, everything else is replaced; lists become tuples."""
    merged = dict(base)
    for key, value in changes.items():
        if isinstance(value, dict):
            before = merged.get(key)
            merged[key] = _merged(before if isinstance(before, dict) else {}, value)
        else:
            merged[key] = tuple(value) if isinstance(value, list) else value
    return merged
