"""Numbers of a training, written to wherever its user looks at them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from harness.api.arguments import path_of
from harness.errors import InputError

Log = Callable[[int, Mapping[str, float]], None]
"""Takes the step and the numbers by name."""


def log_to(target: Any) -> Log:
    """Finds how to write to a target, by what it can do.

    Args:
        target: A TensorBoard `SummaryWriter` (`add_scalar`), a logger of Lightning or MLflow
            (`log_metrics`), a run of Weights & Biases or the module itself (`log`), a path (a CSV
            file with step, name and value is appended to), a function of step and numbers, several
            of these, or `None`.

    Raises:
        InputError: It can do none of that, or the file cannot be written.
    """
    if isinstance(target, str | PathLike):
        path = path_of(target, "log")
        _append(path, 0, {})  # whether it can be written is known before hours of training
        return lambda step, values: _append(path, step, values)
    if target is None or isinstance(target, Sequence):
        return _Several([log_to(item) for item in target or ()])
    if hasattr(target, "add_scalar"):
        return lambda step, values: _scalars(target.add_scalar, step, values)
    for name in ("log_metrics", "log"):
        if hasattr(target, name):
            return lambda step, values: getattr(target, name)(dict(values), step=step)
    if callable(target):
        return lambda step, values: target(step, values)
    raise InputError(
        f"log is {target!r:.100}; expected a SummaryWriter, a run of W&B, a logger with "
        "log_metrics, a path of a CSV file, or a function of step and numbers"
    )


@dataclass(frozen=True, slots=True)
class _Several:
    """Writes to each."""

    logs: Sequence[Log]

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        for log in self.logs:
            log(step, values)


def _scalars(
    add_scalar: Callable[[str, float, int], object], step: int, values: Mapping[str, float]
) -> None:
    for name, value in values.items():
        add_scalar(name, value, step)


def _append(path: Path, step: int, values: Mapping[str, float]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.exists() and path.stat().st_size > 0
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if not begun:
                writer.writerow(("step", "name", "value"))
            writer.writerows((step, name, value) for name, value in values.items())
    except OSError as error:
        raise InputError(f"log {path} cannot be written: {error.strerror or error}") from error
