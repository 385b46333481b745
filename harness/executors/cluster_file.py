"""`cluster.toml`: what a job on a cluster asks for, and how work is cut into jobs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from harness.errors import InputError

_TIME = re.compile(r"(?:(\d+)-)?(\d+):(\d\d)(?::(\d\d))?")


@dataclass(frozen=True, slots=True)
class Cluster:
    """What `cluster.toml` says; every key may be left out.

    Attributes:
        partition: Of `sbatch`, as the next three.
        account: Whom the time is booked to.
        qos: Quality of service.
        constraint: Features that nodes must have, such as a model of GPU.
        time: The most that a job may ask for: `HH:MM:SS`, `DAYS-HH:MM` or minutes. Jobs ask for
            less where they are expected to need less.
        cpus: Processors of a job: so many restorations at the same time on a CPU.
        memory: Memory of a job, such as `16G`.
        gpus: GPUs of a job: a number, or `MODEL:NUMBER`.
        exclusive: Whether a job has its node for itself: only then seconds are ranked.
        setup: Shell lines that a job begins with: `module load`, `source .venv/bin/activate`.
        python: The interpreter on the nodes; default: that of this process.
        options: Further options of `sbatch`, without their dashes.
        chunk_seconds: How long a job should work.
        cell_seconds: How long a cell takes, roughly; jobs are cut by it until it has been seen.
        max_jobs: Jobs at the same time.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    time: str | int | None = None
    cpus: int = 1
    memory: str | None = None
    gpus: int | str = 0
    exclusive: bool = False
    setup: tuple[str, ...] = ()
    python: str | None = None
    options: Mapping[str, str | int] = field(default_factory=dict)
    chunk_seconds: float = 300.0
    cell_seconds: float | None = None
    max_jobs: int = 100

    def most_minutes(self) -> int | None:
        """`time` in minutes.

        Raises:
            InputError: It is no time.
        """
        if self.time is None or isinstance(self.time, int):
            return self.time
        match = _TIME.fullmatch(self.time)
        if match is None:
            raise InputError(f"time is {self.time!r}; expected HH:MM:SS, DAYS-HH:MM or minutes")
        days, first, second, third = (int(part or 0) for part in match.groups())
        # with days it is hours and minutes; two parts alone are minutes and seconds, as in sbatch
        if match[1] is None and match[4] is None:
            return first + (second > 0)
        return days * 1440 + first * 60 + second + (third > 0)

    def has_gpus(self) -> bool:
        """Whether its jobs ask for GPUs."""
        return str(self.gpus) not in ("0", "")


def read_cluster(path: Path) -> Cluster:
    """Reads `cluster.toml`.

    Raises:
        InputError: It is not there, no TOML, or says what nobody understands.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}") from error
    known = {item.name: item for item in fields(Cluster)}
    if unknown := sorted(content.keys() - known.keys()):
        raise InputError(f"{path}: no key {', '.join(unknown)}; known: {', '.join(known)}")
    for name, value in content.items():
        if not _fits(name, value):
            raise InputError(f"{path}: {name} is {value!r}; expected {known[name].type}")
    setup = tuple(content.pop("setup", ()))
    cluster = Cluster(**content, setup=setup)
    cluster.most_minutes()
    return cluster


_KINDS: dict[str, tuple[type, ...]] = {
    "time": (str, int), "cpus": (int,), "gpus": (int, str), "exclusive": (bool,), "setup": (list,),
    "options": (dict,), "chunk_seconds": (int, float), "cell_seconds": (int, float),
    "max_jobs": (int,),
}  # fmt: skip
"""What values may be; those of the other keys are text."""


def _fits(name: str, value: object) -> bool:
    kinds = _KINDS.get(name, (str,))
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return False
    if isinstance(value, list):
        return all(isinstance(item, str) for item in value)
    return (
        not isinstance(value, int | float) or isinstance(value, bool) or value > 0 or name == "gpus"
    )
