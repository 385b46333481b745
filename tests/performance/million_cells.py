"""Prints the MiB that a parent takes to go through a million cells that are done already.

    python tests/performance/million_cells.py FOLDER

It asks the store of each cell what it asks when a run is resumed, and keeps in mind of samples what
it keeps then.
"""

import subprocess
import sys
from pathlib import Path

from harness.conditions import Conditions
from harness.results import Cell
from harness.running.pools import Pools
from harness.running.samples import Samples
from harness.storage.images.arrays import ImageFile
from harness.storage.images.samples import StoredSample
from harness.storage.store import Store
from harness.workers.costs import status_mib


def main(folder: Path) -> None:
    """Makes the store, and goes through it."""
    run = folder / "run"
    make = "from report_scale import make_run; from pathlib import Path; import sys"
    call = f"{make}; make_run(Path(sys.argv[1]), 1_000_000)"
    subprocess.run([sys.executable, "-c", call, str(run)], check=True, cwd=Path(__file__).parent)
    before = status_mib("VmRSS")
    with Store(run, create=True) as store:
        samples = Samples(store, Pools(1, 2, None, {}), folder, 600.0)
        for restorer, set_name, image in _cells(store):
            cell = Cell(restorer, set_name, image)
            store.find_restored(cell)
            store.score_keys(cell)
            file = ImageFile(folder / f"{image}.png", "d" * 64, "c" * 16)
            reference = ImageFile(folder / f"{image}-reference.png", "e" * 64, "c" * 16)
            sample = StoredSample(set_name, image, file, reference, Conditions())
            samples._remember((set_name, image), sample)
    print(status_mib("VmHWM") - before)  # `ru_maxrss` would be that of whoever started this


def _cells(store):
    cursor = store._rows("SELECT restorer, set_name, image FROM cells WHERE restorer <> ''")
    while rows := cursor.fetchmany(1000):
        yield from rows


if __name__ == "__main__":
    main(Path(sys.argv[1]))
