"""Lays out photographs at the levels that people judged in KADID-10k, as a MOS folder.

The photographs are of BSDS500, which the scorer makes its versions of; of those, ones that come
after the versions'. A level's score is what people gave it on average, in a table of the package:

    python tests/performance/lay_out_levels.py $RESTOBENCH_DATA/train/bsds500/train OUT
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np

from harness.dri.training.config import config_path, packaged, read_config
from harness.dri.training.data import photographs_in
from harness.images import quantise, read_image, write_image
from harness.plugins.kinds import degradations

EVERY = 6
SIDE = 240


def lay_out(photographs: Path, out: Path) -> None:
    sources, _ = read_config(config_path("shipped"))
    parameters = {item.name: item.parameter for item in sources.degradations}
    with packaged(sources.versions.judged).open() as file:
        levels = list(csv.DictReader(file))
    rows: list[dict[str, object]] = []
    (out / "images").mkdir(parents=True, exist_ok=True)
    for place, path in enumerate(photographs_in(photographs)[sources.versions.contents :: EVERY]):
        photograph = quantise(read_image(path, mode="rgb"))
        top, left = ((side - SIDE) // 2 for side in photograph.shape[1:])
        middle = np.ascontiguousarray(photograph[:, top : top + SIDE, left : left + SIDE])
        for level in levels:
            name, value = level["degradation"], float(level["value"])
            value = int(value) if value.is_integer() else value
            degradation = degradations.get(name)(**{parameters[name]: value})
            image = quantise(degradation(middle, np.random.default_rng([place, len(rows)])))
            file_name = f"{path.stem}-{name}-{level['value']}.png"
            write_image(out / "images" / file_name, image)
            rows.append({"image": file_name, "mos": level["mos"], "group": path.stem})
    with (out / "labels.csv").open("w", newline="") as table:
        writer = csv.DictWriter(table, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{out}: {len(rows)} images")


if __name__ == "__main__":
    lay_out(*(Path(argument) for argument in sys.argv[1:]))
