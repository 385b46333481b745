"""Training curves as SVG, from the logs of a run folder."""

from __future__ import annotations

import csv
from pathlib import Path

COLUMNS = 4


def draw_curves(folder: Path) -> Path | None:
    """Draws every loss of stages 1 and 2 against the step or epoch into `curves.svg`.

    Args:
        folder: Of a training run, with `stage1.csv` and, once it has begun, a `stage2-*.csv` for
            each run of stage 2.

    Returns:
        The file, or `None` while there is no log.
    """
    stage_2 = [path for path in folder.glob("stage2-*.csv") if not path.stem.endswith("-head")]
    logs = [*folder.glob("stage1.csv"), *sorted(stage_2, key=lambda path: path.stem)]
    if not logs:
        return None
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    columns = min(len(logs), COLUMNS)
    rows = -(-len(logs) // columns)
    figure = Figure(figsize=(5.5 * columns, 4 * rows), layout="constrained")
    FigureCanvasSVG(figure)
    for place, log in enumerate(logs, start=1):
        axes = figure.add_subplot(rows, columns, place)
        with log.open(newline="") as file:
            lines = list(csv.DictReader(file))
        for name in [key for key in lines[0] if key != "step"] if lines else []:
            axes.plot(
                [int(line["step"]) for line in lines],
                [float(line[name]) for line in lines],
                label=name,
            )
        axes.set(
            title=log.stem,
            xlabel="step" if log.stem == "stage1" else "epoch",
            ylabel="loss",
            yscale="log",
        )
        axes.legend(fontsize="small")
    path = folder / "curves.svg"
    figure.savefig(path, metadata={"Date": None})
    return path
