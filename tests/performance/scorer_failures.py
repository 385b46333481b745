"""Where the scorer goes wrong: pairs that it orders against PSNR beyond its own doubt.

    restobench run -b demo --out runs/demo
    python tests/performance/scorer_failures.py runs/demo docs/pictures/dri-failures.webp

Makes the picture of the scorer's model card.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from PIL import Image

from harness.reporting.assemble import assemble
from harness.reporting.images import SampleImages
from harness.results import RunData
from harness.storage.store import load_run

ROWS = 4
CLEAR_DB = 1.0


def contradictions(data: RunData, folder: Path) -> pd.DataFrame:
    """Pairs of restorers on an image that dri and PSNR order otherwise.

    dri prefers the first one, PSNR the second one by at least `CLEAR_DB`, and one of the two is on
    the report's page of disagreements. The worst of each image and first restorer, the
    largest difference of dri first.
    """
    index, scores = ["set", "image", "restorer"], data.scores
    rows = [(s.cell.set, s.cell.image, s.cell.restorer, s.metric, s.value) for s in scores]
    table = pd.DataFrame(rows, columns=[*index, "metric", "value"])
    wide = table.pivot_table(index=index, columns="metric", values="value").reset_index()
    wide["psnr"] = wide["psnr-y"].fillna(wide["psnr"]) if "psnr-y" in wide else wide["psnr"]
    pairs = wide.merge(wide, on=["set", "image"], suffixes=("", "_psnr"))
    wrong = pairs[pairs["psnr"] < pairs["psnr_psnr"] - CLEAR_DB]
    wrong = wrong.assign(by=wrong["dri"] - wrong["dri_psnr"]).sort_values("by", ascending=False)
    shown = {(d.set, d.image, d.restorer, d.kind) for d in assemble(data, folder).disagreements}
    ends = {"restorer": "hallucination", "restorer_psnr": "over-smoothing"}
    real = [
        any((pair["set"], pair["image"], pair[end], kind) in shown for end, kind in ends.items())
        for pair in wrong.to_dict("records")
    ]
    wrong = wrong[(wrong["by"] > 0) & np.array(real, dtype=bool)]
    return wrong.drop_duplicates(["set", "image", "restorer"])


def draw(data: RunData, folder: Path, path: Path) -> None:
    """Draws the reference, what dri prefers and what PSNR prefers, a pair a row."""
    wrong = contradictions(data, folder).head(ROWS)
    if wrong.empty:
        print("none found")
        return
    restored = {(r.cell.set, r.cell.image, r.cell.restorer): r.path for r in data.restored}
    size, find = (7.5, 2.75 * len(wrong)), SampleImages(data, folder)
    figure, axes = plt.subplots(len(wrong), 3, figsize=size, squeeze=False, layout="constrained")
    for row, pair in zip(axes, wrong.to_dict("records"), strict=True):
        key = pair["set"], pair["image"]
        reference = find(*key, "reference")
        assert reference is not None, f"{key} is not on this machine: resume the run"
        shown = [(reference.path, f"{pair['image']}, {pair['set']}: reference")]
        for end in ("", "_psnr"):
            name = pair[f"restorer{end}"]
            scores = f"dri {pair[f'dri{end}']:.0f}, PSNR {pair[f'psnr{end}']:.1f} dB"
            shown.append((restored[(*key, name)], f"{name}: {scores}"))
        for axis, (file, title) in zip(row, shown, strict=True):
            axis.imshow(np.asarray(Image.open(folder / file)), cmap="gray", interpolation="nearest")
            axis.set_title(title, fontsize=7.5)
            axis.set_axis_off()
    figure.savefig(path, dpi=110)
    own, other = ["dri", "psnr"], ["restorer_psnr", "dri_psnr", "psnr_psnr"]
    print(wrong[["set", "image", "restorer", *own, *other]].to_string())


if __name__ == "__main__":
    run = Path(sys.argv[1])
    draw(load_run(run), run, Path(sys.argv[2]))
