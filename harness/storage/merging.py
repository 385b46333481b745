"""Merges runs of several machines into one run folder: all or nothing, and only what may be ranked together."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from harness.errors import IncomparableError, InputError
from harness.results import Cell
from harness.storage.places import previews, restored_stem
from harness.storage.store import FILENAME, Store

_META = ("id", "started", "plan", "restorers", "metrics", "environment", "status")


def merge_runs(folders: Sequence[Path], out: Path) -> Path:
    """Merges runs of one benchmark: other restorers, other sets, other images, other metrics.

    A cell that several runs hold is taken from the first of them, and scores of its image from all.
    A restorer of one name is the same fingerprint everywhere. Images are copied; the runs stay as
    they are.

    Args:
        folders: Two run folders or more.
        out: The new run folder; it must not be there yet.

    Returns:
        `out`.

    Raises:
        InputError: Fewer than two runs, one given twice, `out` is taken, or an image lies outside
            of its run.
        IncomparableError: The runs differ in something that decides scores; the message names the
            field.
        StoreError: One of them is no run.
    """
    if len({folder.resolve() for folder in folders}) < max(2, len(folders)):
        raise InputError("merge takes two run folders or more, each once")
    if out.exists():
        raise InputError(f"{out} is there already; give another -o")
    metas = [_read_meta(folder) for folder in folders]
    for folder, meta in zip(folders[1:], metas[1:], strict=True):
        _check_comparable((folders[0], metas[0]), (folder, meta))
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        _write(folders, metas, partial)
        partial.rename(out)
    except sqlite3.DatabaseError as error:
        raise InputError(f"the runs cannot be merged: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def _read_meta(folder: Path) -> dict[str, Any]:
    with Store(folder) as store:
        meta = {key: store.get_meta(key) for key in _META}
    if meta["plan"] is None:
        raise InputError(
            f"{folder} is no complete run: it was stopped before anything ran; run it again"
        )
    return meta


def _check_comparable(
    one: tuple[Path, Mapping[str, Any]], other: tuple[Path, Mapping[str, Any]]
) -> None:
    """Holds the metadata of two runs against each other; the images' hashes are compared while they are merged."""
    first, second = one[1], other[1]
    for what, old, new in _decisive(first, second):
        if old != new:
            raise IncomparableError(
                f"{one[0]} and {other[0]} are not comparable: {what} is {old!r} here, {new!r} there"
            )


def _decisive(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> Iterator[tuple[str, object, object]]:
    plans = first["plan"], second["plan"]
    yield "the benchmark", *(plan["benchmark"] for plan in plans)
    yield from _fields(
        "the evaluation", *({**(plan.get("evaluation") or {}), "name": ""} for plan in plans)
    )
    for name in plans[0]["sets"].keys() & plans[1]["sets"].keys():
        for key in ("task", "conditions", "definition"):
            yield f"{key} of the set {name}", *(plan["sets"][name].get(key) for plan in plans)
    for kind, what in (("metrics", "metric"), ("restorers", "restorer")):
        for name in first[kind].keys() & second[kind].keys():
            yield from _fields(f"the {what} {name}", first[kind][name], second[kind][name])


def _fields(
    what: str, one: Mapping[str, Any], other: Mapping[str, Any]
) -> Iterator[tuple[str, object, object]]:
    """Each field of two cards; `specification` is how somebody typed it; a fingerprint comes last: it says least."""
    keys = [key for key in {**one, **other} if key not in ("specification", "fingerprint")]
    yield from (
        (f"{key} of {what}", one.get(key), other.get(key)) for key in [*keys, "fingerprint"]
    )


def _write(folders: Sequence[Path], metas: Sequence[Mapping[str, Any]], partial: Path) -> None:
    with Store(partial, create=True):
        pass
    database = sqlite3.connect(partial / FILENAME, isolation_level=None)
    try:
        database.create_function("restored_path", 4, _restored_path, deterministic=True)
        for folder in folders:
            database.execute("ATTACH ? AS source", (str(folder / FILENAME),))
            database.execute("BEGIN")
            _check_samples(database, folder)
            _copy_rows(database)
            _copy_images(database, folder, partial)
            database.execute("COMMIT")
            database.execute("DETACH source")
        for folder in folders:  # only now it is known what nobody has
            database.execute("ATTACH ? AS source", (str(folder / FILENAME),))
            _copy_gaps(database)
            database.execute("DETACH source")
        meta = _merged_meta(metas, dict(_pixels(database)))
    finally:
        database.close()
    with Store(partial) as store:
        store.set_meta(**meta)


def _restored_path(restorer: str, set_name: str, image: str, path: str) -> str:
    return str(restored_stem(Cell(restorer, set_name, image))) + PurePosixPath(path).suffix


def _check_samples(database: sqlite3.Connection, folder: Path) -> None:
    row = database.execute(
        "SELECT set_name, image, old.degraded_sha256, new.degraded_sha256 FROM main.samples AS old "
        "JOIN source.samples AS new USING (set_name, image) WHERE old.degraded_sha256 <> "
        "new.degraded_sha256 OR old.reference_sha256 IS NOT new.reference_sha256 LIMIT 1"
    ).fetchone()
    if row:
        raise IncomparableError(
            f"{folder} is not comparable with those before it: the pixels of {row[0]}/{row[1]} "
            f"differ ({row[2][:12]} there, {row[3][:12]} here)"
        )


def _copy_rows(database: sqlite3.Connection) -> None:
    names = [row[1] for row in database.execute("PRAGMA main.table_info(cells)")]
    values = [
        "restored_path(restorer, set_name, image, restored)" if name == "restored" else name
        for name in names
    ]
    database.execute("INSERT OR IGNORE INTO samples SELECT * FROM source.samples")
    database.execute(
        f"INSERT OR IGNORE INTO cells ({', '.join(names)}) "  # noqa: S608 - names of our columns
        f"SELECT {', '.join(values)} FROM source.cells"
    )
    database.execute(
        "INSERT OR IGNORE INTO scores SELECT new.* FROM source.scores AS new JOIN main.cells AS "
        "cell USING (restorer, set_name, image) WHERE cell.sha256 = new.sha256"
    )


def _copy_gaps(database: sqlite3.Connection) -> None:
    """Failures of cells that no run restored, of metrics that none scored, and what a restorer skips everywhere."""
    here = "restorer = gap.restorer AND set_name = gap.set_name AND image = gap.image"
    database.execute(
        "INSERT OR IGNORE INTO failures SELECT * FROM source.failures AS gap "  # noqa: S608 - our own text
        "WHERE CASE metric "
        f"WHEN '' THEN NOT EXISTS (SELECT 1 FROM main.cells WHERE {here}) "
        f"ELSE NOT EXISTS (SELECT 1 FROM main.scores WHERE {here} AND metric = gap.metric) END"
    )
    database.execute(
        "INSERT OR IGNORE INTO skipped SELECT * FROM source.skipped AS gap WHERE NOT EXISTS "
        "(SELECT 1 FROM main.cells WHERE set_name = gap.set_name AND gap.restorer IN ('', "
        "restorer))"
    )


def _copy_images(database: sqlite3.Connection, folder: Path, partial: Path) -> None:
    """Copies restored images of the cells that came from this run, and previews that are not there yet."""
    rows = database.execute(
        "SELECT new.restored, cell.restored FROM source.cells AS new JOIN main.cells AS cell "
        "USING (restorer, set_name, image) WHERE cell.sha256 = new.sha256"
    )
    pairs = [(row[0], row[1]) for row in rows]
    for set_name, image, reference in database.execute(
        "SELECT set_name, image, reference_sha256 FROM source.samples"
    ):
        pairs += [
            (path, path)
            for path in previews(set_name, image, reference is not None).values()
            if path
        ]
    root = folder.resolve()
    for old, new in pairs:
        source, target = folder / old, partial / new
        if target.exists() or not source.exists():
            continue  # a run without images is still a run
        if source.is_symlink() or not source.is_file() or not source.resolve().is_relative_to(root):
            raise InputError(
                f"{folder}: {old!r} is no file inside the run folder; mend the run, or leave it out"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target, follow_symlinks=False)


def _pixels(database: sqlite3.Connection) -> Iterator[tuple[str, tuple[int, str]]]:
    """Every set's number of images and its fingerprint, which is the hash of their pixels in the order of their ids."""
    for (name,) in database.execute("SELECT DISTINCT set_name FROM samples").fetchall():
        digest, count = sha256(), 0
        rows = database.execute(
            "SELECT degraded_sha256, reference_sha256 FROM samples WHERE set_name = ? ORDER BY "
            "image",
            (name,),
        )
        for degraded, reference in rows:
            digest.update(f"{degraded} {reference}\n".encode())
            count += 1
        yield name, (count, digest.hexdigest()[:16])


def _merged_meta(
    metas: Sequence[Mapping[str, Any]], pixels: Mapping[str, tuple[int, str]]
) -> dict[str, Any]:
    plans = [meta["plan"] for meta in metas]
    sets: dict[str, Any] = {}
    for name in dict.fromkeys(name for plan in plans for name in plan["sets"]):
        found = [plan["sets"][name] for plan in plans if name in plan["sets"]]
        sets[name] = found[0]
        if (
            name in pixels
            and len({(item.get("images"), item.get("fingerprint")) for item in found}) > 1
        ):
            sets[name] = {**found[0], "images": pixels[name][0], "fingerprint": pixels[name][1]}
    metrics = list(dict.fromkeys(name for plan in plans for name in plan.get("metrics", ())))
    keys = ("id", "started", "environment")
    return {
        "id": secrets.token_hex(6),
        "started": min(str(meta["started"]) for meta in metas),
        "plan": {**plans[0], "sets": sets, "metrics": metrics},
        "restorers": {
            name: card for meta in reversed(metas) for name, card in meta["restorers"].items()
        },
        "metrics": {
            name: card for meta in reversed(metas) for name, card in meta["metrics"].items()
        },
        "environment": {
            **metas[0]["environment"],
            "merged": [{key: meta[key] for key in keys} for meta in metas],
        },
        "status": "finished" if all(meta["status"] == "finished" for meta in metas) else "running",
    }
