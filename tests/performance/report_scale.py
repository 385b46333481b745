"""What a report of many cells costs: reading, the statistics and the pages.

    python tests/performance/report_scale.py [CELLS]...        default: 20000 1000000

Seconds, CPU seconds and peak MiB. Each size is a made-up run of 10 sets (five of photographs at two
noise levels) and three metrics, without images, in a folder that is removed again; each is measured
in a process of its own.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

METRICS = {
    "psnr": {"higher_is_better": True, "needs_reference": True, "unit": "dB"},
    "lpips": {"higher_is_better": False, "needs_reference": True, "unit": "", "bounds": [0, 1]},
    "dri": {"higher_is_better": True, "needs_reference": False, "unit": "points"},
}
SETS = 10


def make_run(folder: Path, cells: int) -> None:
    """Writes a store as the runner would, in bulk: sqrt(cells) / 7 restorers, the rest images."""
    from harness.storage.store import Store
    from harness.storage.whole import checked, row_check

    restorers = max(4, min(332, round(cells**0.5 / 7)))
    images = cells // restorers // SETS
    sets = {_set_name(place): {"task": "denoise"} for place in range(SETS)}
    numbers = range(restorers)
    with Store(folder, create=True) as store:
        store.set_meta(
            id="0" * 12,
            started="2025-01-31T12:00:00+00:00",
            status="finished",
            environment={},
            plan={"benchmark": "scale", "metrics": list(METRICS), "sets": sets},
            restorers={
                f"restorer-{i:03d}": {"licence": "MIT", "parameters": 1000 * i} for i in numbers
            },
            metrics=METRICS,
        )
    with sqlite3.connect(folder / "results.sqlite") as database:
        database.create_function("row_check", -1, row_check)
        database.execute("DELETE FROM meta WHERE key = 'seal'")
        names = {name: _columns(database, name) for name in ("samples", "cells", "scores")}
        for table, rows in (
            ("samples", _samples(images)),
            ("cells", _cells(restorers, images)),
            ("scores", _scores(restorers, images)),
        ):
            given = [name for name in next(rows) if name in names[table]]
            marks = ", ".join(f":{name}" for name in given)
            command = f"INSERT INTO {table} ({', '.join(given)}) VALUES ({marks})"  # noqa: S608
            database.executemany(command, rows)
            values = checked()[table]
            database.execute(f"UPDATE {table} SET row_hash = row_check({values})")  # noqa: S608


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in database.execute(f"PRAGMA table_info({table})")}


def _set_name(place: int) -> str:
    return f"photos{place // 2}-sigma{25 * (1 + place % 2)}"


def _where(images: int) -> Iterator[dict[str, Any]]:
    for place in range(SETS):
        for image in range(images):
            yield {"set_name": _set_name(place), "image": f"p{place // 2}-{image:06d}"}


def _samples(images: int) -> Iterator[dict[str, Any]]:
    hashes = {"degraded_sha256": "d" * 64, "reference_sha256": "e" * 64}
    yield {"set_name": "", "image": "", **hashes}
    yield from ({**where, **hashes} for where in _where(images))


def _cells(restorers: int, images: int) -> Iterator[dict[str, Any]]:
    cost = {
        "fingerprint": "f" * 16, "degraded_sha256": "d" * 64, "sha256": "a" * 64,
        "seconds": 0.5, "peak_mib": 100.0, "growth_mib": 50.0, "beside": 0,
    }  # fmt: skip
    yield {"restorer": "", "set_name": "", "image": "", "restored": "", **cost}
    for name in range(restorers):
        for where in _where(images):
            path = f"restored/restorer-{name:03d}/{where['set_name']}/{where['image']}.png"
            yield {"restorer": f"restorer-{name:03d}", **where, "restored": path, **cost}


def _scores(restorers: int, images: int) -> Iterator[dict[str, Any]]:
    generator = np.random.default_rng(1)
    hard = generator.normal(size=SETS * images)
    keys = {"fingerprint": "f" * 16, "sha256": "a" * 64}
    nowhere = {"restorer": "", "set_name": "", "image": ""}
    yield {**nowhere, "metric": "", "value": 0.0, "spread": None, **keys}
    for name in range(restorers):
        noise = generator.normal(size=(3, SETS * images))
        skill = 3 * (name / restorers) ** 2
        for place, where in enumerate(_where(images)):
            values = {
                "psnr": 30 + skill + 3 * hard[place] + noise[0, place],
                "lpips": 0.3 - 0.02 * skill + 0.05 * noise[1, place],
                "dri": 50 + 2 * skill + 5 * noise[2, place],
            }
            for metric, value in values.items():
                spread = 2.0 if metric == "dri" else None
                score = {"metric": metric, "value": value, "spread": spread}
                yield {"restorer": f"restorer-{name:03d}", **where, **score, **keys}


def measure(folder: Path) -> dict[str, float]:
    """Seconds of each step in this process, and its peak memory so far after each."""
    found: dict[str, float] = {}

    def note(step: str, start: tuple[float, float]) -> None:
        found[f"{step} s"] = round(perf_counter() - start[0], 2)
        found[f"{step} CPU s"] = round(process_time() - start[1], 2)
        found[f"{step} MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    start = perf_counter(), process_time()
    from harness.plugins.kinds import reports
    from harness.reporting.assemble import assemble
    from harness.storage.store import load_run

    note("import", start)
    start = perf_counter(), process_time()
    data = load_run(folder)
    note("read", start)
    start = perf_counter(), process_time()
    report = assemble(data, folder)
    note("statistics", start)
    start = perf_counter(), process_time()
    reports.get("html")().write(report, folder / "report")
    note("pages", start)
    return found


def main(sizes: list[int]) -> None:
    """Measures each size and prints one line for each."""
    for cells in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            make_run(Path(scratch), cells)
            command = [sys.executable, __file__, "--measure", scratch]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found = json.loads(output.splitlines()[-1])
        processor = sum(value for key, value in found.items() if key.endswith(" CPU s"))
        total = sum(value for key, value in found.items() if key.endswith(" s")) - processor
        peak = found["pages MiB"]
        spent = f"{total:.1f} s, {processor:.1f} CPU s, {peak} MiB"
        print(f"{cells} cells: {spent}  {found}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
    else:
        main([int(item) for item in sys.argv[1:]] or [20_000, 1_000_000])
