"""The `[[sets]]` of a benchmark file: sources, chains of degradations, levels and seeds, made into degraded sets."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoints, entry_points
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.known import CATALOGUE, references
from benchmarks.known_images import facts
from benchmarks.photos import family as photo_sets
from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder, Photos, Source
from benchmarks.toml_file import Table
from harness.errors import InputError, UnknownNameError
from harness.protocols import Conditions, Degradation, DegradedSet, Task

_SOURCES = ("use", "known", "photos", "folder", "pairs", "images")
_KEYS = {
    "use": ("use", "crop", "optional"),
    "known": (
        "known",
        "name",
        "task",
        "mode",
        "crop",
        "degradations",
        "levels",
        "seed",
        "seeds",
        "optional",
    ),
    "photos": ("photos", "name", "task", "degradations", "levels", "seed", "seeds", "optional"),
    "folder": (
        "folder",
        "name",
        "task",
        "mode",
        "crop",
        "degradations",
        "levels",
        "seed",
        "seeds",
        "optional",
    ),
    "pairs": ("pairs", "name", "task", "mode", "conditions", "pattern", "optional"),
    "images": ("images", "name", "task", "mode", "conditions", "optional"),
}
_CONDITIONS = ("scale", "sigma_255", "quality", "cfa")
_MODES = ("auto", "rgb", "grey")


def make_sets(table: Table) -> Iterator[DegradedSet]:
    """Makes the sets of one `[[sets]]` table: one for each source, level and seed.

    Raises:
        InputError: A key or value that means nothing, with its line.
    """
    kinds = [kind for kind in _SOURCES if kind in table]
    if len(kinds) != 1:
        what = " and ".join(kinds) or "no source"
        raise table.error(
            kinds[-1] if kinds else "source",
            f"a set has {what}; expected one of {', '.join(_SOURCES)}",
        )
    table.check_keys(_KEYS[kinds[0]], f"a set with {kinds[0]}")
    if kinds[0] == "use":
        for name in table.names("use"):
            yield _cropped(table, _named_set(table, name))
        return
    try:
        task = Task(table.get("task", str))
    except ValueError:
        raise table.error(
            "task", f"is {table.content['task']!r}; expected one of {', '.join(Task)}"
        ) from None
    if kinds[0] in ("pairs", "images"):
        yield _found_set(table, kinds[0], task)
    else:
        yield from _synthetic_sets(table, task)


def _named_set(table: Table, name: str) -> DegradedSet:
    for family in (photo_sets.names(), CATALOGUE):
        if name in family:
            return photo_sets.get(name)() if family is not CATALOGUE else CATALOGUE[name]()
    for entry in entry_points(group="restobench.sets", name=name):
        degraded_set: DegradedSet = entry.load()()
        return degraded_set
    raise table.error("use", str(UnknownNameError("set", name, [*photo_sets.names(), *CATALOGUE])))


def _cropped(table: Table, named: DegradedSet) -> DegradedSet:
    """The same set on the centre of each reference, under a name of its own."""
    crop = _crop(table)
    if not crop:
        return named
    if not (isinstance(named, SyntheticSet) and isinstance(named.source, Folder)):
        raise table.error(
            "crop",
            f"{named.name} is not degraded from a folder of references; it cannot be cropped",
        )
    return replace(named, name=f"{named.name}-crop{crop}", source=replace(named.source, crop=crop))


def _crop(table: Table) -> int:
    """Height and width of the centre to which references are cut, or 0."""
    crop: int = table.get("crop", int, 0)
    if crop and not 32 <= crop <= 8192:
        raise table.error(
            "crop", f"is {crop}; expected the height and width of the centre, 32 to 8192 pixels"
        )
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


@dataclass(frozen=True, slots=True)
class _Variant:
    """What the placeholders `{source}`, `{level}`, `{seed}` and those of a level's own stand for in one set."""

    values: Mapping[str, Any]

    def fill(self, value: Any) -> Any:
        """Puts values in; a text that is one placeholder and nothing else keeps the value's type."""
        if not isinstance(value, str):
            return value
        whole = re.fullmatch(r"\{(\w+)\}", value)
        if whole:
            return self.values.get(whole[1], value)
        return re.sub(r"\{(\w+)\}", lambda match: str(self.values.get(match[1], match[0])), value)


def _synthetic_sets(table: Table, task: Task) -> Iterator[SyntheticSet]:
    sources, levels, seeds = _sources(table), _levels(table), _seeds(table)
    pattern: str = table.get("name", str)
    for placeholder, choices in (("{source}", sources), ("{level}", levels), ("{seed}", seeds)):
        if len(choices) > 1 and placeholder not in pattern:
            raise table.error(
                "name",
                f"is {pattern!r}; expected {placeholder} in it, for there are {len(choices)}",
            )
    if not table.get("degradations", list):
        raise table.error("degradations", "is empty; expected at least one degradation")
    for (source_name, source), level, seed in product(sources, levels, seeds):
        variant = _Variant({"source": source_name, "seed": seed, **level})
        chain = tuple(_degradation(item, variant) for item in table.tables("degradations"))
        yield SyntheticSet(str(variant.fill(pattern)), task, source, chain, seed)


def _sources(table: Table) -> list[tuple[str, Source]]:
    """The references, by the name that `{source}` stands for."""
    if "photos" in table:
        size = table.get("photos", int)
        if not 32 <= size <= 300:
            raise table.error(
                "photos", f"is {size}; expected the photographs' height and width, 32 to 300 pixels"
            )
        return [("photos", Photos(size))]
    if "folder" in table:
        path = _path(table, "folder")
        return [(path.name, Folder(path, _mode(table), crop=_crop(table)))]
    names = table.names("known")
    unknown = next((name for name in names if name not in facts()), None)
    if unknown is not None:
        raise table.error("known", str(UnknownNameError("known_set", unknown, facts())))
    return [(name, replace(references(name, _mode(table)), crop=_crop(table))) for name in names]


def _levels(table: Table) -> list[dict[str, Any]]:
    """What each level puts in: `level`, and the keys of a level that is a table with a `label`."""
    levels = table.get("levels", list, [])
    if not levels:
        if "levels" in table:
            raise table.error(
                "levels", "is empty; leave it out, or list numbers, names or tables with a label"
            )
        return [{}]
    found = []
    for place, level in enumerate(levels):
        if isinstance(level, dict) and isinstance(level.get("label"), str | int | float):
            found.append({**level, "level": level["label"]})
        elif isinstance(level, str | int | float) and not isinstance(level, bool):
            found.append({"level": level})
        else:
            raise table.error(
                "levels", f"holds {level!r}; expected numbers, names, or tables with a label", place
            )
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


def _degradation(item: Table, variant: _Variant) -> Degradation:
    name = item.get("name", str)
    found = _registered()
    if name not in found.names:
        raise item.error("name", str(UnknownNameError("degradation", name, found.names)))
    parameters = {key: variant.fill(value) for key, value in item.content.items() if key != "name"}
    for key, value in parameters.items():
        if isinstance(value, str) and "{" in value:
            known = ", ".join(f"{{{placeholder}}}" for placeholder in variant.values)
            raise item.error(key, f"{value!r} stands for nothing; known here: {known}")
    try:
        degradation: Degradation = found[name].load()(**parameters)
    except InputError as error:
        key = next(
            (key for key in parameters if re.search(rf"\b{re.escape(key)}\b", str(error))), "name"
        )
        raise item.error(key, str(error)) from None
    except TypeError as error:
        key = next((key for key in parameters if f"'{key}'" in str(error)), "name")
        raise item.error(key, f"{name} does not take {parameters}: {error}") from None
    return degradation


@functools.cache
def _registered() -> EntryPoints:
    return entry_points(group="restobench.degradations")


def _path(table: Table, key: str) -> Path:
    """A folder; a relative one lies beside the file."""
    return (table.path.parent / str(table.get(key, str))).resolve()


def _mode(table: Table) -> Any:
    return table.choose("mode", _MODES, "auto")
