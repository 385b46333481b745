"""The `[[sets]]` of a benchmark file, made into degraded sets.

They say sources, chains of degradations, levels and seeds.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

from benchmarks.known import references
from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder, Mode, Photos, Source
from benchmarks.toml_file import Table
from harness.catalogue import find_degradation, find_set
from harness.errors import InputError, UnknownNameError
from harness.protocols import Conditions, Degradation, DegradedSet, Task

_SYNTHETIC = ("name", "task", "degradations", "levels", "seed", "seeds", "optional")
_KEYS = {
    "use": ("use", "crop", "optional"),
    "known": ("known", "mode", "crop", *_SYNTHETIC),
    "photos": ("photos", *_SYNTHETIC),
    "folder": ("folder", "mode", "crop", *_SYNTHETIC),
    "pairs": ("pairs", "name", "task", "mode", "conditions", "pattern", "optional"),
    "images": ("images", "name", "task", "mode", "conditions", "optional"),
}
"""What may stand beside each kind of source."""

_CONDITIONS = ("scale", "sigma_255", "quality", "cfa")
_MODES: tuple[Mode, ...] = ("auto", "rgb", "grey")

Values = Mapping[str, object]
"""What the placeholders `{source}`, `{level}`, `{seed}` and those of a level's own stand for."""


def make_sets(table: Table) -> Iterator[DegradedSet]:
    """Makes the sets of one `[[sets]]` table: one for each source, level and seed.

    Raises:
        InputError: A key or value that means nothing, with its line.
    """
    kinds = [kind for kind in _KEYS if kind in table]
    if len(kinds) != 1:
        problem = f"a set has {' and '.join(kinds) or 'no source'}; expected one of "
        raise table.error(kinds[-1] if kinds else "source", problem + ", ".join(_KEYS))
    kind = kinds[0]
    table.check_keys(_KEYS[kind], f"a set with {kind}")
    if kind == "use":
        for name in table.names("use"):
            yield _cropped(table, _named_set(table, name))
        return
    task = table.choose("task", list(Task))
    if kind in ("pairs", "images"):
        yield _found_set(table, kind, task)
    else:
        yield from _synthetic_sets(table, task)


def _named_set(table: Table, name: str) -> DegradedSet:
    try:
        return find_set(name)
    except UnknownNameError as error:
        raise table.error("use", str(error)) from None


def _cropped(table: Table, named: DegradedSet) -> DegradedSet:
    """The same set on the centre of each reference, under a name of its own."""
    crop = _crop(table)
    if not crop:
        return named
    if not (isinstance(named, SyntheticSet) and isinstance(named.source, Folder)):
        problem = "is not degraded from a folder of references; it cannot be cropped"
        raise table.error("crop", f"{named.name} {problem}")
    return replace(named, name=f"{named.name}-crop{crop}", source=replace(named.source, crop=crop))


def _crop(table: Table) -> int:
    """Height and width of the centre to which references are cut, or 0."""
    crop = table.get("crop", int, 0)
    if crop and not 32 <= crop <= 8192:
        expected = "the height and width of the centre, 32 to 8192 pixels"
        raise table.error("crop", f"is {crop}; expected {expected}")
    return crop


def _found_set(table: Table, kind: str, task: Task) -> DegradedSet:
    """Pairs, or images without references."""
    name, mode = table.get("name", str), _mode(table)
    known = table.table("conditions")
    known.check_keys(_CONDITIONS, "conditions")
    try:
        conditions = Conditions(**known.content)
    except InputError as error:
        raise table.error("conditions", str(error)) from None
    folder = _path(table, kind)
    if kind == "images":
        return UnreferencedSet(name, task, Folder(folder, mode), conditions)
    pattern = table.get("pattern", str, "{id}")
    if "{id}" not in pattern:
        raise table.error("pattern", f"is {pattern!r}; expected {{id}} in it, as in {{id}}x2")
    degraded, reference = (Folder(folder / part, mode) for part in ("degraded", "reference"))
    return PairedSet(name, task, degraded, reference, conditions, pattern)


def _fill(value: object, values: Values) -> object:
    """Puts values in; a text that is one placeholder and nothing else keeps the value's type."""
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole:
        return values.get(whole[1], value)
    return re.sub(r"\{(\w+)\}", lambda match: str(values.get(match[1], match[0])), value)


def _synthetic_sets(table: Table, task: Task) -> Iterator[SyntheticSet]:
    sources, levels, seeds = _sources(table), _levels(table), _seeds(table)
    pattern = table.get("name", str)
    for placeholder, choices in (("{source}", sources), ("{level}", levels), ("{seed}", seeds)):
        if len(choices) > 1 and placeholder not in pattern:
            expected = f"{placeholder} in it, for there are {len(choices)}"
            raise table.error("name", f"is {pattern!r}; expected {expected}")
    if not table.get("degradations", list):
        raise table.error("degradations", "is empty; expected at least one degradation")
    for (source_name, source), level, seed in product(sources, levels, seeds):
        values = {"source": source_name, "seed": seed, **level}
        chain = tuple(_degradation(item, values) for item in table.tables("degradations"))
        yield SyntheticSet(str(_fill(pattern, values)), task, source, chain, seed)


def _sources(table: Table) -> list[tuple[str, Source]]:
    """The references, by the name that `{source}` stands for."""
    if "photos" in table:
        size = table.get("photos", int)
        if not 32 <= size <= 300:
            expected = "the photographs' height and width, 32 to 300 pixels"
            raise table.error("photos", f"is {size}; expected {expected}")
        return [("photos", Photos(size))]
    if "folder" in table:
        path = _path(table, "folder")
        return [(path.name, Folder(path, _mode(table), crop=_crop(table)))]
    names, mode, crop = table.names("known"), _mode(table), _crop(table)
    try:
        return [(name, replace(references(name, mode), crop=crop)) for name in names]
    except UnknownNameError as error:
        raise table.error("known", str(error)) from None


def _levels(table: Table) -> list[Values]:
    """What each level puts in: `level`, and the keys of a level that is a table with a `label`."""
    if "levels" not in table:
        return [{}]
    levels = table.get("levels", list)
    if not levels:
        expected = "leave it out, or list numbers, names or tables with a label"
        raise table.error("levels", f"is empty; {expected}")
    found: list[Values] = []
    for place, level in enumerate(levels):
        if isinstance(level, dict) and isinstance(level.get("label"), str | int | float):
            found.append({**level, "level": level["label"]})
        elif isinstance(level, str | int | float) and not isinstance(level, bool):
            found.append({"level": level})
        else:
            expected = "numbers, names, or tables with a label"
            raise table.error("levels", f"holds {level!r}; expected {expected}", place)
    return found


def _seeds(table: Table) -> list[int]:
    if "seeds" not in table:
        return [table.get("seed", int, 0)]
    if "seed" in table:
        raise table.error("seed", "is there beside seeds; expected one of them")
    seeds: list[int] = table.get("seeds", list)
    if not seeds or not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in seeds):
        raise table.error("seeds", f"is {seeds!r}; expected whole numbers, one at least")
    return seeds


def _degradation(item: Table, values: Values) -> Degradation:
    name = item.get("name", str)
    try:
        cls = find_degradation(name)
    except UnknownNameError as error:
        raise item.error("name", str(error)) from None
    parameters = {key: _fill(value, values) for key, value in item.content.items() if key != "name"}
    for key, value in parameters.items():
        if isinstance(value, str) and "{" in value:
            known = ", ".join(f"{{{placeholder}}}" for placeholder in values)
            raise item.error(key, f"{value!r} stands for nothing; known here: {known}")
    try:
        return cls(**parameters)
    except InputError as error:
        key = next(
            (key for key in parameters if re.search(rf"\b{re.escape(key)}\b", str(error))), "name"
        )
        raise item.error(key, str(error)) from None
    except TypeError as error:
        key = next((key for key in parameters if f"'{key}'" in str(error)), "name")
        raise item.error(key, f"{name} does not take {parameters}: {error}") from None


def _path(table: Table, key: str) -> Path:
    """A folder; a relative one lies beside the file."""
    return (table.path.parent / str(table.get(key, str))).resolve()


def _mode(table: Table) -> Mode:
    return table.choose("mode", _MODES, "auto")
