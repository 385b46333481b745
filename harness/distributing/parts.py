"""Rows of a few cells on their way between the stores of a run: to a node, and back.

Only plain values travel. What arrives replaces what the run held of the same cells.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import xxhash

from harness.atomic import atomic_file
from harness.results import Cell
from harness.storage.rows import CELL, flat
from harness.storage.store import Store
from harness.storage.whole import checked

Row = tuple[str | float | int | None, ...]
"""A row of a table without its checksum."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of some cells, as the tables of these names have them."""

    samples: tuple[Row, ...] = ()
    cells: tuple[Row, ...] = ()
    scores: tuple[Row, ...] = ()
    failures: tuple[Row, ...] = ()

    def done(self) -> set[Cell]:
        """The cells that have an image, or a failure in its place."""
        failed = (row for row in self.failures if not row[3])
        return {Cell(*map(str, row[:3])) for row in (*self.cells, *failed)}


TABLES = tuple(field.name for field in fields(Part))


def whole_part(store: Store) -> Part:
    """Everything that a store holds of cells."""
    return Part(**{name: tuple(store._rows(_columns(name, ""))) for name in TABLES})


def part_of(store: Store, restorer: str, cells: Iterable[tuple[str, str]]) -> Part:
    """What a store holds of cells of one restorer: images, scores, what metrics failed with.

    Args:
        store: Of the run.
        restorer: Its name.
        cells: Set and image of each.
    """
    found: dict[str, list[Row]] = {name: [] for name in TABLES}
    for set_name, image in cells:
        for table in ("cells", "scores", "failures"):
            alone = " AND metric <> ''" if table == "failures" else ""  # with an image
            query = _columns(table, f" WHERE {CELL}{alone}")
            found[table] += store._rows(query, restorer, set_name, image)
        query = _columns("samples", " WHERE set_name = ? AND image = ?")
        found["samples"] += store._rows(query, set_name, image)
    return Part(**{name: tuple(rows) for name, rows in found.items()})


def _columns(table: str, where: str) -> str:
    return f"SELECT {checked()[table]} FROM {table}{where}"


def add_part(store: Store, part: Part) -> None:
    """Writes rows over those of the same keys."""
    with store.transaction():
        for name in TABLES:
            store._insert(name, getattr(part, name))


def take_in(store: Store, part: Part) -> set[Cell]:
    """Puts what a node made in the place of what a run held of the same cells.

    What was made of a sample that came out otherwise goes: it was another sample.

    Returns:
        Those cells.
    """
    done = part.done()
    with store.transaction():
        for where in list(strange_samples(store, part)):
            for table in ("cells", "scores"):
                store._rows(f"DELETE FROM {table} WHERE set_name = ? AND image = ?", *where)
        for cell in done:
            for table in ("cells", "scores", "failures"):
                store._rows(f"DELETE FROM {table} WHERE {CELL}", *flat(cell))
        add_part(store, part)
    return done


def has_failed(store: Store, cell: Cell) -> bool:
    """Whether a cell has a failure in place of an image."""
    query = f"SELECT 1 FROM failures WHERE {CELL} AND metric = ''"
    return store._rows(query, *flat(cell)).fetchone() is not None


def strange_samples(store: Store, part: Part) -> Iterator[tuple[str, str]]:
    """Set and image of samples that came out otherwise than the run knows them."""
    for set_name, image, *hashes in part.samples:
        known = store.sample_hashes(str(set_name), str(image))
        if known is not None and known != tuple(hashes):
            yield str(set_name), str(image)


def write_document(path: Path, document: object) -> None:
    """Writes JSON with a checksum; it is there whole, or not at all."""
    text = json.dumps(document)
    with atomic_file(path) as partial:
        partial.write_text(f"{_check(text)}\n{text}", encoding="utf-8")


def read_document(path: Path) -> object:
    """Reads what `write_document` wrote.

    Raises:
        ValueError: It is damaged.
        OSError: It is not there.
    """
    check, _, text = path.read_text(encoding="utf-8").partition("\n")
    if check != _check(text):
        raise ValueError(f"{path} is damaged")
    found: object = json.loads(text)
    return found


def _check(text: str) -> str:
    return xxhash.xxh3_64_hexdigest(text.encode("utf-8", "surrogatepass"))


def part_json(part: Part) -> dict[str, Sequence[Row]]:
    """A part as JSON types."""
    return {name: getattr(part, name) for name in TABLES}


def read_part(content: dict[str, Sequence[Sequence[str | float | int | None]]]) -> Part:
    """A part out of what `part_json` has made of it."""
    return Part(**{name: tuple(map(tuple, content[name])) for name in TABLES})
