"""What counts as a regression: the settings of a check, from TOML or from the metrics' cards."""

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from harness.cards import MetricCard
from harness.errors import InputError
from harness.formats import read_toml
from harness.plugins.kinds import metrics

# with fewer common images nothing is judged
MIN_IMAGES = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """What counts as a regression.

    Attributes:
        alpha: Chance of a false alarm in a whole run where nothing has changed. The default keeps a
            margin below 1 %.
        tolerance: Metric -> largest mean difference that nobody minds, instead of the card's; in
            the metric's unit.
        tolerance_on: Kind of device (`cpu`, `cuda`) -> the same, for that kind alone.
        seconds: Ratio from which on slower is a regression.
        peak_mib: The same for memory: for its peak, and for its growth in a cell.
        quick_seconds: Restorations quicker than this are not judged: their time is noise.
        small_mib: Restorations that take less memory than this are not judged.
    """

    alpha: float = 0.0075
    tolerance: Mapping[str, float] = field(default_factory=dict)
    tolerance_on: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seconds: float = 1.25
    peak_mib: float = 1.25
    quick_seconds: float = 0.02
    small_mib: float = 64.0

    def tolerance_of(self, card: MetricCard, kind: str) -> float:
        """The tolerance of a metric on a kind of device.

        What the user said goes before what the card says.
        """
        user = self.tolerance_on.get(kind, {}).get(card.name, self.tolerance.get(card.name))
        return card.tolerance_on.get(kind, card.tolerance) if user is None else user


def read_settings(path: Path) -> Settings:
    """Reads settings from TOML: the fields of `Settings`.

    Tolerances are a table `[tolerance]`, by kind of device `[tolerance.cuda]`.

    Raises:
        InputError: Damaged TOML, an unknown key or metric, or a value that is no number from 0 on.
    """
    table = read_toml(path, "settings")
    tolerance = table.pop("tolerance", {})
    told = tolerance if isinstance(tolerance, dict) else {}
    by_device = {key: value for key, value in told.items() if isinstance(value, dict)}
    plain = {key: value for key, value in told.items() if key not in by_device}
    known = sorted(item.name for item in fields(Settings) if item.name != "tolerance_on")
    _check(path, table, known, f"is unknown; expected one of {', '.join(known)}")
    for kind, chosen in [("", plain), *by_device.items()]:
        if kind not in ("", "cpu", "cuda"):
            raise InputError(
                f"settings {path}: [tolerance.{kind}] is no kind of device; expected cpu or cuda"
            )
        _check(path, chosen, list(metrics), "is no metric; `restobench list metrics` shows them")
    if told is not tolerance:
        raise InputError(
            f"settings {path}: tolerance is {tolerance!r}; expected a table such as [tolerance] "
            "psnr = 0.05"
        )
    return Settings(**table, tolerance=plain, tolerance_on=by_device)


def _check(path: Path, table: Mapping[str, object], known: Container[str], fault: str) -> None:
    for key, value in table.items():
        if key not in known:
            raise InputError(f"settings {path}: {key!r} {fault}")
        if not is_number(value):
            raise InputError(f"settings {path}: {key} is {value!r}; expected a number from 0 on")


def is_number(value: object, *, least: float = 0.0) -> bool:
    """Whether something out of a file is a finite number, and not too small."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and value >= least
    )
