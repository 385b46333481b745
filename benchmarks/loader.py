"""Benchmarks from TOML files: the built-in definitions, and the user's own."""

from functools import partial
from pathlib import Path
from typing import Literal

from benchmarks.evaluations import EVALUATIONS
from benchmarks.recipes import make_sets
from benchmarks.toml_file import Table, read_toml
from harness.protocols import Benchmark, DegradedSet, Evaluation, Family

DEFINITIONS = Path(__file__).with_name("definitions")

_TOP = ("name", "description", "evaluation", "metrics", "restorers", "sets")
_EVALUATION = ("name", "crop_border", "luma", "quantise")
_LUMAS: tuple[Literal["float", "rounded"], ...] = ("float", "rounded")


def load(path: Path) -> Benchmark:
    """Reads a benchmark from a TOML file; docs/add-a-benchmark.md describes the keys.

    Raises:
        InputError: The file cannot be read, or a key or value in it is wrong: its line, what was
            expected.
    """
    file = read_toml(path)
    file.check_keys(_TOP, "a benchmark")
    if not file.get("sets", list):
        raise file.error("sets", "is empty; expected at least one [[sets]]")
    made: dict[str, DegradedSet] = {}
    optional: set[str] = set()
    for table in file.tables("sets"):
        for degraded_set in make_sets(table):
            name = degraded_set.name
            if name in made:
                raise table.error("use" if "use" in table else "name", f"{name!r} is there twice")
            made[name] = degraded_set
            optional |= {name} if table.get("optional", bool, False) else set()
    metrics = file.names("metrics")
    if not metrics:
        raise file.error("metrics", "is empty; expected names from `restobench list metrics`")
    return Benchmark(
        name=file.get("name", str, path.stem),
        description=file.get("description", str, ""),
        sets=tuple(made.values()),
        metrics=metrics,
        evaluation=_read_evaluation(file),
        restorers=file.names("restorers"),
        optional=frozenset(optional),
    )


def _read_evaluation(file: Table) -> Evaluation:
    value = file.get("evaluation", (str, dict), "rgb")
    if isinstance(value, str):
        if value not in EVALUATIONS:
            expected = f"{', '.join(EVALUATIONS)}, or a table"
            raise file.error("evaluation", f"is {value!r}; expected one of {expected}")
        return EVALUATIONS[value]
    table = file.table("evaluation")
    table.check_keys(_EVALUATION, "an evaluation")
    border = table.get("crop_border", (int, str), 0)
    if border != "scale" and (not isinstance(border, int) or border < 0):
        raise table.error("crop_border", f'is {border!r}; expected pixels from 0 on, or "scale"')
    return Evaluation(
        table.get("name", str, "custom"),
        border if isinstance(border, int) else "scale",
        table.choose("luma", _LUMAS, "float"),
        table.get("quantise", bool, True),
    )


def _definitions() -> list[str]:
    return sorted(path.stem for path in DEFINITIONS.glob("*.toml"))


family = Family("benchmark", _definitions, lambda name: partial(load, DEFINITIONS / f"{name}.toml"))
"""The entry point `*`: the files in `definitions/`."""
