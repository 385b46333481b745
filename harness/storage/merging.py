"""Merges runs of several machines into one run folder.

All or nothing, and only what may be ranked together.
"""

import os
import secrets
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePosixPath

from harness.cards import MetricCard
from harness.errors import DamagedImageError, IncomparableError, InputError
from harness.results import Cell, PlannedSet, Run, RunRestorer, SetScores
from harness.results.comparable import check_comparable, decisive, decisive_of_sets
from harness.results.run import RUNNING
from harness.results.set_scores import merge_set_scores
from harness.set_identity import set_fingerprint
from harness.storage.database import Database
from harness.storage.images.arrays import ImageFile
from harness.storage.metadata import SET_SCORES, read_set_scores, write_set_scores
from harness.storage.places import among_many, preview, restored_stem
from harness.storage.store import FILENAME, Store, load_header
from harness.storage.whole import SEAL, checked, fitting, row_check

Pixels = Mapping[str, Mapping[str, tuple[str, str | None]]]
"""Set -> image -> the pixel hashes of its degraded image and of its reference."""


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
    runs = [load_header(folder) for folder in folders]
    of_sets = [_set_scores(folder) for folder in folders]
    for folder, run, scores in zip(folders[1:], runs[1:], of_sets[1:], strict=True):
        differences = chain(decisive(runs[0], run), decisive_of_sets(of_sets[0], scores))
        check_comparable(folders[0], folder, differences)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        _write(folders, runs, of_sets, partial)
        partial.rename(out)
    except sqlite3.DatabaseError as error:
        raise InputError(f"the runs cannot be merged: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def _set_scores(folder: Path) -> SetScores:
    with Store(folder) as store:
        return read_set_scores(store.read_meta(SET_SCORES))


def _write(
    folders: Sequence[Path], runs: Sequence[Run], of_sets: Sequence[SetScores], partial: Path
) -> None:
    Store(partial, create=True).close()
    with closing(sqlite3.connect(partial / FILENAME, isolation_level=None)) as database:
        database.create_function("restored_path", 4, _restored_path, deterministic=True)
        database.create_function("row_check", -1, row_check, deterministic=True)
        database.execute("DELETE FROM meta WHERE key = ?", (SEAL,))  # what follows breaks it
        sources = [
            _copy_store(folder, partial / f".{n}.sqlite") for n, folder in enumerate(folders)
        ]
        # a path as bytes: a folder's name need not be text
        for folder, source in zip(folders, sources, strict=True):
            database.execute("ATTACH ? AS source", (os.fsencode(source),))
            database.execute("BEGIN")
            _check_samples(database, folder)
            _copy_rows(database)
            _copy_images(database, folder, partial)
            database.execute("COMMIT")
            database.execute("DETACH source")
        for source in sources:  # only now it is known what nobody has
            database.execute("ATTACH ? AS source", (os.fsencode(source),))
            _copy_gaps(database)
            database.execute("DETACH source")
            source.unlink()
        run = _merge_headers(runs, _pixels(database))
    with Store(partial, create=True) as store:
        store.write_header(run)
        if any(scores.cards for scores in of_sets):
            store.set_meta(**{SET_SCORES: write_set_scores(merge_set_scores(of_sets))})


def _copy_store(folder: Path, to: Path) -> Path:
    """A copy of a run's store, brought up to date: the runs stay as they are."""
    with (
        closing(sqlite3.connect(folder / FILENAME)) as old,
        closing(sqlite3.connect(to)) as new,
    ):
        old.backup(new)
    Database(to, writing=True).close()
    return to


def _restored_path(restorer: str, set_name: str, image: str, path: str) -> str:
    old = PurePosixPath(path)
    many = old.parent.name == among_many(image)
    return str(restored_stem(Cell(restorer, set_name, image), many=many)) + old.suffix


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
    names = checked()["cells"].split(", ")
    values = [
        "restored_path(restorer, set_name, image, restored)" if name == "restored" else name
        for name in names
    ]
    whole = fitting()
    database.execute(
        f"INSERT OR IGNORE INTO samples SELECT * FROM source.samples WHERE {whole['samples']}"
    )
    database.execute(
        f"INSERT OR IGNORE INTO cells ({', '.join(names)}) "
        f"SELECT {', '.join(values)} FROM source.cells WHERE {whole['cells']}"
    )
    # images are copied under names of this run's own
    database.execute(
        f"UPDATE cells SET row_hash = row_check({', '.join(names)}) WHERE row_hash IS NULL"
    )
    database.execute(
        "INSERT OR IGNORE INTO scores SELECT new.* FROM "
        f"(SELECT * FROM source.scores WHERE {whole['scores']}) AS new JOIN main.cells AS "
        "cell USING (restorer, set_name, image) WHERE cell.sha256 = new.sha256"
    )


def _copy_gaps(database: sqlite3.Connection) -> None:
    """Failures that no run mends, of cells and of metrics, and what a restorer skips everywhere."""
    here = "restorer = gap.restorer AND set_name = gap.set_name AND image = gap.image"
    database.execute(
        "INSERT OR IGNORE INTO failures SELECT * FROM source.failures AS gap "
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
    """Copies the images of the cells that came from this run, and previews that are missing yet."""
    rows = database.execute(
        "SELECT new.restored, cell.restored, new.sha256, new.checksum FROM source.cells AS new "
        "JOIN main.cells AS cell USING (restorer, set_name, image) WHERE cell.sha256 = new.sha256"
    ).fetchall()
    for old, new, sha256, checksum in rows:
        _copy(folder, old, partial / new, ImageFile(folder / old, sha256, checksum))
    for set_name, image in database.execute("SELECT set_name, image FROM source.samples"):
        for kind in ("degraded", "reference"):
            path = preview(set_name, image, kind)
            _copy(folder, path, partial / path)


def _copy(folder: Path, name: str, target: Path, wanted: ImageFile | None = None) -> None:
    """Copies one image of a run, if it is there, and is what the run wrote."""
    source = folder / name
    if target.exists() or not source.exists():
        return  # a run without images is still a run
    root = folder.resolve()
    if source.is_symlink() or not source.is_file() or not source.resolve().is_relative_to(root):
        raise InputError(
            f"{folder}: {name!r} is no file inside the run folder; mend the run, or leave it out"
        )
    if wanted is not None and wanted.checksum:  # earlier versions kept none
        try:
            wanted.read()
        except DamagedImageError as error:
            raise InputError(
                f"{error}: delete it, and resume its run, before it is merged"
            ) from None
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target, follow_symlinks=False)


def _pixels(database: sqlite3.Connection) -> Pixels:
    found: dict[str, dict[str, tuple[str, str | None]]] = {}
    for name, image, *hashes in database.execute(
        "SELECT set_name, image, degraded_sha256, reference_sha256 FROM samples ORDER BY image"
    ):
        found.setdefault(name, {})[image] = (hashes[0], hashes[1])
    return found


def _merge_headers(runs: Sequence[Run], pixels: Pixels) -> Run:
    plans = [run.plan for run in runs]
    sets = {
        name: _merge_set([plan.sets[name] for plan in plans if name in plan.sets], pixels.get(name))
        for name in dict.fromkeys(name for plan in plans for name in plan.sets)
    }
    metrics = tuple(dict.fromkeys(name for plan in plans for name in plan.metrics))
    restorers: dict[str, RunRestorer] = {}
    cards: dict[str, MetricCard] = {}
    for run in reversed(runs):
        restorers |= run.restorers
        cards |= run.metrics
    parts = [{"id": run.id, "started": run.started, "environment": run.environment} for run in runs]
    finished = all(run.status == "finished" for run in runs)
    return Run(
        id=secrets.token_hex(6),
        started=min(run.started for run in runs),
        plan=replace(plans[0], sets=sets, metrics=metrics),
        restorers=restorers,
        metrics=cards,
        environment={**runs[0].environment, "merged": parts},
        status="finished" if finished else RUNNING,
    ).with_hosts(*(run.hosts() for run in runs))


def _merge_set(
    found: Sequence[PlannedSet], pixels: Mapping[str, tuple[str, str | None]] | None
) -> PlannedSet:
    """What is said of a set: its fingerprint is that of one run over all the images."""
    first = found[0]
    if not pixels or len({(item.images, item.fingerprint) for item in found}) == 1:
        return first
    # runs of versions that kept no order: one that has every image has hashed them in their order
    whole = next((item for item in found if item.images == len(pixels) and item.fingerprint), None)
    if whole is not None:
        return whole
    order = next((item.order for item in found if item.order), ())
    places = {image: place for place, image in enumerate(order)}
    images = sorted(pixels, key=lambda image: (places.get(image, len(places)), image))
    fingerprint = set_fingerprint(pixels[image] for image in images)
    return replace(first, images=len(images), fingerprint=fingerprint)
