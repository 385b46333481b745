"""`cluster.toml`: what a job on a cluster asks for, and how work is cut into jobs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from harness.errors import InputError
from harness.formats import read_toml
from harness.protocols.executor import SPARE_SECONDS

_TIME = re.compile(r"(?:(\d+)-)?(\d+)(?::(\d\d))?(?::(\d\d))?", re.ASCII)
_MEMORY = re.compile(r"[0-9]+(?:[KMGTkmgt][Bb]?)?")
_GPUS = re.compile(r"\d+|[\w.-]+:[1-9]\d*(?:,[\w.-]+:[1-9]\d*)*", re.ASCII)
_OPTION = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

MOST_SECONDS = 366.0 * 86_400

OWN_KEYS = {
    "partition": "partition", "account": "account", "qos": "qos", "constraint": "constraint",
    "time": "time", "cpus-per-task": "cpus", "mem": "memory", "gpus-per-node": "gpus",
    "exclusive": "exclusive",
}  # fmt: skip
"""Options of `sbatch` that have a key in `cluster.toml`."""

SET_HERE = (
    "array", "error", "exclude", "job-name", "nodes", "open-mode", "output", "signal", "wckey",
    "clusters", "parsable", "quiet", "test-only", "wait", "wrap",
)  # fmt: skip
"""Options that are set with each array, and those with which `sbatch` would not answer as usual."""


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
            InputError: It is no time, or too short for a job to take a single cell.
        """
        if self.time is None:
            return None
        seconds = self.time * 60 if isinstance(self.time, int) else _seconds(self.time)
        if seconds <= SPARE_SECONDS:
            raise InputError(
                f"time is {self.time!r}; expected more than {SPARE_SECONDS:.0f} s: so long before "
                "its end a job takes no more cells"
            )
        return math.ceil(seconds / 60)

    def has_gpus(self) -> bool:
        """Whether its jobs ask for GPUs."""
        return str(self.gpus) not in ("0", "")


def read_cluster(path: Path) -> Cluster:
    """Reads `cluster.toml`.

    Raises:
        InputError: It is not there, no TOML, or says what nobody understands.
    """
    content = read_toml(path, "cluster file")
    known = {item.name: item for item in fields(Cluster)}
    if unknown := sorted(content.keys() - known.keys()):
        raise InputError(f"{path}: no key {', '.join(unknown)}; known: {', '.join(known)}")
    for name, value in content.items():
        fits, expected = _EXPECTED.get(name, (_is_line, LINE))
        if not fits(value):
            raise InputError(f"{path}: {name} is {_shown(value)}; expected {expected}")
    for name, value in content.get("options", {}).items():
        _check_option(path, name, value)
    setup = tuple(content.pop("setup", ()))
    cluster = Cluster(**content, setup=setup)
    try:
        cluster.most_minutes()
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return cluster


def _seconds(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise InputError(f"time is {text!r}; expected HH:MM:SS, DAYS-HH:MM or minutes")
    days, first, second, third = (int(part or 0) for part in match.groups())
    # with days it is hours and minutes; without, one part or two begin with minutes, as in sbatch
    if match[1] is None and match[4] is None:
        return first * 60 + second
    return days * 86_400 + first * 3600 + second * 60 + third


def _is_line(value: object) -> bool:
    """Whether it is one line of text; more would be lines of a job's script."""
    return isinstance(value, str) and value.strip() != "" and value.isprintable()


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0


def _is_seconds(value: object) -> bool:
    return type(value) in (int, float) and 0 < value <= MOST_SECONDS  # type: ignore[operator]


def _is_gpus(value: object) -> bool:
    if isinstance(value, str):
        return _GPUS.fullmatch(value) is not None
    return type(value) is int and value >= 0


def _is_setup(value: object) -> bool:
    return isinstance(value, list) and all(
        _is_line(line) and not line.lstrip().startswith("#SBATCH") for line in value
    )


LINE = "one line of text"
_COUNT = _is_count, "a whole number above 0"
_SECONDS = _is_seconds, "seconds, a number above 0 and no more than a year"

_EXPECTED: dict[str, tuple[Callable[[object], bool], str]] = {
    "time": (lambda it: _is_line(it) or _is_count(it), "HH:MM:SS, DAYS-HH:MM or minutes"),
    "cpus": _COUNT,
    "max_jobs": _COUNT,
    "memory": (
        lambda it: isinstance(it, str) and _MEMORY.fullmatch(it) is not None,
        'a whole number and K, M, G or T, such as "16G"',
    ),
    "gpus": (_is_gpus, 'a whole number, or MODEL:NUMBER, such as "a100:1"'),
    "exclusive": (lambda it: isinstance(it, bool), "true or false"),
    "setup": (_is_setup, "a list of commands, each one line of text and no #SBATCH"),
    "options": (lambda it: isinstance(it, dict), 'a table, such as { mail-type = "FAIL" }'),
    "chunk_seconds": _SECONDS,
    "cell_seconds": _SECONDS,
}
"""What values may be, and that in words; those of the other keys are one line of text."""


def _check_option(path: Path, name: str, value: object) -> None:
    """Refuses an option of `sbatch` that is another's to set, or more than one option."""
    if _OPTION.fullmatch(name) is None:
        raise InputError(f"{path}: options has {name!r}; expected names of sbatch's long options")
    # sbatch takes the beginning of a name for the name
    told = name.replace("_", "-").lower()
    for own, key in OWN_KEYS.items():
        if own.startswith(told):
            raise InputError(f"{path}: options has {name}; give it as the key {key}")
    if any(own.startswith(told) for own in SET_HERE):
        raise InputError(f"{path}: options has {name}, which restobench sets itself")
    if not (_is_line(value) or type(value) is int or value is True):
        raise InputError(
            f"{path}: options.{name} is {_shown(value)}; expected {LINE}, a whole number or true"
        )


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
