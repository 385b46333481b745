"""Training curves as SVG, from the logs of a run folder."""

from __future__ import annotations

import csv
from pathlib import Path


def draw_curves(folder: Path) -> Path | None:
    """Draws every loss of stages 1 and 2 against the step or epoch into `curves.svg`.

    Args:
        folder: Of a training run, with `stage1.csv` and, once it has begun, `stage2.csv`.

    Returns:
        The file, or `None` while there is no log.
    """
    logs = [folder / name for name in ("stage1.csv", "stage2.csv") if (folder / name).is_file()]
    if not logs:
        return None
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5 * len(logs), 4), layout="constrained")
    FigureCanvasSVG(figure)
    for axes, log in zip(figure.subplots(1, len(logs), squeeze=False)[0], logs, strict=True):
        with log.open(newline="") as file:
            rows = list(csv.DictReader(file))
        for name in [key for key in rows[0] if key != "step"] if rows else []:
            axes.plot([int(row["step"]) for row in rows], [float(row[name]) for row in rows], label=name)
        axes.set(title=log.stem, xlabel="step" if log.stem == "stage1" else "epoch", ylabel="loss", yscale="log")
        axes.legend(fontsize="small")
    path = folder / "curves.svg"
    figure.savefig(path, metadata={"Date": None})
    return path
