"""Benchmarks from TOML files: the built-in definitions, and the user's own."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from benchmarks.evaluations import EVALUATIONS
from benchmarks.known import CATALOGUE
from benchmarks.photos import family as photo_sets
from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder, Photos
from harness.errors import InputError, UnknownNameError
from harness.protocols import Benchmark, Conditions, Degradation, DegradedSet, Evaluation, Task

DEFINITIONS = Path(__file__).with_name("definitions")

_TOP = {"name", "description", "evaluation", "metrics", "restorers", "sets"}
_SET = {"use", "optional", "name", "task", "photos", "folder", "pairs", "images", "mode", "crop", "degradations",
        "seed", "conditions", "pattern"}  # fmt: skip
_EVALUATION = {"name", "crop_border", "luma", "quantise"}
_CONDITIONS = {"scale", "sigma_255", "quality"}


class _Reader:
    """One TOML file: its content, and where a key stands in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            self.content: dict[str, Any] = tomllib.loads(self.text)
        except FileNotFoundError:
            raise InputError(f"benchmark file {path} does not exist") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise InputError(f"benchmark file {path} cannot be read: {error}") from None

    def error(self, key: str, problem: str) -> InputError:
        """An error at a key: the file, the line of its first mention, what is wrong."""
        pattern = re.compile(rf"(^|[\s{{\[.]){re.escape(key)}\s*(=|\])", re.MULTILINE)
        match = pattern.search(self.text)
        line = f", line {self.text.count(chr(10), 0, match.end()) + 1}" if match else ""
        return InputError(f"{self.path}{line}: {key}: {problem}")

    def check_keys(self, table: Mapping[str, Any], allowed: Iterable[str], where: str) -> None:
        """Refuses a key that means nothing, with a near one that does."""
        for key in table:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, n=1)
                hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(sorted(allowed))}"
                raise self.error(key, f"is no key of {where}; {hint}")

    def get(self, table: Mapping[str, Any], key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """A value of the right type, or the default; a key without default is required."""
        value = table.get(key, default)
        if value is None:
            raise self.error(key, "is missing")
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            names = " or ".join(item.__name__ for item in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.error(key, f"is {value!r}; expected {names}")
        return value

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names at the top level."""
        values = self.get(self.content, key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise self.error(key, f"is {values!r}; expected a list of names")
        return tuple(values)


def load(path: Path) -> Benchmark:
    """Reads a benchmark from a TOML file; docs/add-a-benchmark.md describes the keys.

    Raises:
        InputError: The file cannot be read, or a key or value in it is wrong: its line, what was expected.
    """
    reader = _Reader(path)
    reader.check_keys(reader.content, _TOP, "a benchmark")
    tables = reader.get(reader.content, "sets", list)
    if not tables:
        raise reader.error("sets", "is empty; expected at least one [[sets]]")
    sets = [_read_set(reader, table) for table in tables]
    names = [item.name for item in sets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise reader.error("sets", f"{twice!r} is there twice")
    metrics = reader.names("metrics")
    if not metrics:
        raise reader.error("metrics", "is empty; expected names from `restobench list metrics`")
    return Benchmark(
        name=reader.get(reader.content, "name", str, path.stem),
        description=reader.get(reader.content, "description", str, ""),
        sets=tuple(sets),
        metrics=metrics,
        evaluation=_read_evaluation(reader),
        restorers=reader.names("restorers"),
        optional=frozenset(
            name for name, table in zip(names, tables, strict=True) if reader.get(table, "optional", bool, False)
        ),
    )


def _read_evaluation(reader: _Reader) -> Evaluation:
    value = reader.get(reader.content, "evaluation", (str, dict), "rgb")
    if isinstance(value, str):
        if value not in EVALUATIONS:
            raise reader.error("evaluation", f"is {value!r}; expected one of {', '.join(EVALUATIONS)}, or a table")
        return EVALUATIONS[value]
    reader.check_keys(value, _EVALUATION, "an evaluation")
    border = value.get("crop_border", 0)
    if border != "scale" and (not isinstance(border, int) or border < 0):
        raise reader.error("crop_border", f'is {border!r}; expected pixels from 0 on, or "scale"')
    luma = value.get("luma", "float")
    if luma not in ("float", "rounded"):
        raise reader.error("luma", f'is {luma!r}; expected "float" or "rounded"')
    return Evaluation(reader.get(value, "name", str, "custom"), border, luma, reader.get(value, "quantise", bool, True))


def _read_set(reader: _Reader, table: Any) -> DegradedSet:
    if not isinstance(table, dict):
        raise reader.error("sets", f"holds {table!r}; expected tables, written [[sets]]")
    reader.check_keys(table, _SET, "a set")
    if "use" in table:
        named = _named_set(reader, reader.get(table, "use", str))
        return _cropped(reader, named, _crop(reader, table)) if "crop" in table else named
    kinds = [kind for kind in ("photos", "folder", "pairs", "images") if kind in table]
    if len(kinds) != 1:
        raise reader.error(
            "sets", f"a set has {kinds or 'no source'}; expected one of use, photos, folder, pairs, images"
        )
    name = reader.get(table, "name", str)
    try:
        task = Task(reader.get(table, "task", str))
    except ValueError:
        raise reader.error("task", f"is {table['task']!r}; expected one of {', '.join(Task)}") from None
    if kinds[0] in ("photos", "folder"):
        return _synthetic_set(reader, table, name, task)
    conditions = reader.get(table, "conditions", dict, {})
    reader.check_keys(conditions, _CONDITIONS, "conditions")
    folder = _path(reader, table, kinds[0])
    if kinds[0] == "images":
        return UnreferencedSet(name, task, Folder(folder, _mode(reader, table)), Conditions(**conditions))
    pattern = reader.get(table, "pattern", str, "{id}")
    if "{id}" not in pattern:
        raise reader.error("pattern", f"is {pattern!r}; expected {{id}} in it, as in {{id}}x2")
    degraded, references = (Folder(folder / part, _mode(reader, table)) for part in ("degraded", "reference"))
    return PairedSet(name, task, degraded, references, Conditions(**conditions), pattern)


def _named_set(reader: _Reader, name: str) -> DegradedSet:
    for family in (photo_sets.names(), CATALOGUE):
        if name in family:
            return photo_sets.get(name)() if family is not CATALOGUE else CATALOGUE[name]()
    for entry in entry_points(group="restobench.sets", name=name):
        degraded_set: DegradedSet = entry.load()()
        return degraded_set
    raise reader.error("use", str(UnknownNameError("set", name, [*photo_sets.names(), *CATALOGUE])))


def _cropped(reader: _Reader, named: DegradedSet, crop: int) -> DegradedSet:
    """The same set on the centre of each reference, under a name of its own."""
    if not (isinstance(named, SyntheticSet) and isinstance(named.source, Folder)):
        raise reader.error("crop", f"{named.name} is not degraded from a folder of references; it cannot be cropped")
    return replace(named, name=f"{named.name}-crop{crop}", source=replace(named.source, crop=crop))


def _crop(reader: _Reader, table: dict[str, Any]) -> int:
    """Height and width of the centre to which references are cut, or 0."""
    crop: int = reader.get(table, "crop", int, 0)
    if crop and not 32 <= crop <= 8192:
        raise reader.error("crop", f"is {crop}; expected the height and width of the centre, 32 to 8192 pixels")
    return crop


def _synthetic_set(reader: _Reader, table: dict[str, Any], name: str, task: Task) -> DegradedSet:
    chain = tuple(_degradation(reader, item) for item in reader.get(table, "degradations", list))
    if "photos" in table:
        size = reader.get(table, "photos", int)
        if not 32 <= size <= 300:
            raise reader.error("photos", f"is {size}; expected the photographs' height and width, 32 to 300 pixels")
        return SyntheticSet(name, task, Photos(size), chain, reader.get(table, "seed", int, 0))
    folder = Folder(_path(reader, table, "folder"), _mode(reader, table), crop=_crop(reader, table))
    return SyntheticSet(name, task, folder, chain, reader.get(table, "seed", int, 0))


def _path(reader: _Reader, table: dict[str, Any], key: str) -> Path:
    """A folder; a relative one lies beside the file."""
    return (reader.path.parent / str(reader.get(table, key, str))).resolve()


def _mode(reader: _Reader, table: dict[str, Any]) -> Any:
    mode = reader.get(table, "mode", str, "auto")
    if mode not in ("auto", "rgb", "grey"):
        raise reader.error("mode", f'is {mode!r}; expected "auto", "rgb" or "grey"')
    return mode


def _degradation(reader: _Reader, item: Any) -> Degradation:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        raise reader.error("degradations", f'holds {item!r}; expected {{name = "jpeg", quality = 20}}')
    found = entry_points(group="restobench.degradations")
    name = item["name"]
    if name not in found.names:
        raise reader.error("degradations", str(UnknownNameError("degradation", name, found.names)))
    parameters = {key: value for key, value in item.items() if key != "name"}
    try:
        degradation: Degradation = found[name].load()(**parameters)
    except InputError as error:
        raise reader.error("degradations", str(error)) from None
    except TypeError as error:
        raise reader.error("degradations", f"{name} does not take {parameters}: {error}") from None
    return degradation


class _Family:
    """The entry point `*`: the files in `definitions/`."""

    def names(self) -> list[str]:
        return sorted(path.stem for path in DEFINITIONS.glob("*.toml"))

    def get(self, name: str) -> Callable[[], Benchmark]:
        if name not in self.names():
            raise UnknownNameError("benchmark", name, self.names())
        return partial(load, DEFINITIONS / f"{name}.toml")


family = _Family()
