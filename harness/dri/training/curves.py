"""Training curves as SVG, from the logs of a run folder."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

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
    columns = min(len(logs), COLUMNS)
    rows = -(-len(logs) // columns)
    figure = Figure(figsize=(5.5 * columns, 4 * rows), layout="constrained")
    for place, log in enumerate(logs, start=1):
        axes = figure.add_subplot(rows, columns, place)
        table = pd.read_csv(log)
        for name in table.columns[1:]:
            axes.plot(table["step"], table[name], label=name)
        unit = "step" if log.stem == "stage1" else "epoch"
        axes.set(title=log.stem, xlabel=unit, ylabel="loss", yscale="log")
        axes.legend(fontsize="small")
    path = folder / "curves.svg"
    figure.savefig(path, metadata={"Date": None})
    return path
