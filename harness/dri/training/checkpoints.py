"""How a stage of the training learns, and what it keeps: a checkpoint, a log and its curves.

A stopped stage goes on from its last checkpoint as if it had not stopped; a folder is of one run.
"""

import json
import math
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path

import pandas as pd
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from harness.atomic import atomic_file
from harness.dri.lessons.config import Say
from harness.dri.lessons.kept import kept_by_the_run
from harness.dri.training.config import TrainingConfig
from harness.errors import InputError

COLUMNS = 4
"""Of the figure with the curves."""


class StageProgress:
    """How far a stage is: NAME.pt in the run's folder to go on from, and NAME.csv with its losses.

    A checkpoint that is there is loaded; lines of the log that lie behind it are dropped.

    Args:
        folder: Of the run.
        name: Of the files.
        network: What learns.
        optimiser: What moves it; a group of its parameters may take a `share` of the rate.

    Attributes:
        start: The first step or epoch that is still to be done.
        average: The moving average of the weights, by name, of a stage that has one.
    """

    def __init__(
        self, folder: Path, name: str, network: nn.Module, optimiser: torch.optim.Optimizer
    ) -> None:
        self.checkpoint, self.log = folder / f"{name}.pt", folder / f"{name}.csv"
        self.network, self.optimiser = network, optimiser
        self.start = 0
        self.average: dict[str, Tensor] = {}
        self.rows: list[dict[Hashable, float]] = []
        if self.checkpoint.is_file():
            device = next(network.parameters()).device
            with kept_by_the_run(self.checkpoint):
                state = torch.load(self.checkpoint, weights_only=True, map_location=device)
                network.load_state_dict(state["network"])
                optimiser.load_state_dict(state["optimiser"])
                self.start, self.average = int(state["step"]), state["average"]
            with kept_by_the_run(self.log):
                log = pd.read_csv(self.log) if self.log.is_file() else pd.DataFrame({"step": []})
                self.rows = log[log["step"] < self.start].to_dict("records")

    def descend(
        self, losses: Mapping[str, Tensor], parameters: Iterable[Tensor], rate: float
    ) -> None:
        """Goes one step down the sum of the losses, by gradients of length 1 at most."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group.get("share", 1.0)
        self.optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        self.optimiser.step()

    def accumulate(self, memory: float) -> None:
        """Moves the average of what learns towards its weights.

        It remembers about 1 / (1 - memory) steps, fewer at the start.
        """
        average = self.average
        steps = average["steps"] = average.get("steps", torch.tensor(0.0)) + 1
        share = 1 - min(memory, float(steps / (steps + 10)))
        for name, parameter in self.network.named_parameters():
            if parameter.requires_grad:
                now = parameter.detach()
                average.setdefault(name, now.clone()).lerp_(now, share)

    def keep(self, step: int, losses: Mapping[str, Tensor], title: str, say: Say) -> None:
        """Writes everything to go on from after a step or epoch, and says its losses."""
        values: dict[Hashable, float] = {
            name: float(value.detach()) for name, value in losses.items()
        }
        if lost := [str(name) for name, value in values.items() if not math.isfinite(value)]:
            raise InputError(
                f"{title}: the loss {lost[0]} is no number any more: lower the learning rate, and "
                "give another --out"
            )
        self.rows.append({"step": step, **values})
        # the log first: lines behind a checkpoint are dropped, those before it would be missing
        write_table(self.log, pd.DataFrame(self.rows))
        state = {"network": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}
        with atomic_file(self.checkpoint) as partial:
            torch.save({**state, "step": step + 1, "average": self.average}, partial)
        say(f"{title}: " + ", ".join(f"{name} {value:.3f}" for name, value in values.items()))


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Writes a table as CSV, numbers with five decimals; it appears whole or not at all."""
    with atomic_file(path) as partial:
        table.to_csv(partial, index=False, float_format="%.5f", na_rep="nan", lineterminator="\r\n")


def graded_optimiser(
    network: nn.Module, deep: nn.Module, config: TrainingConfig
) -> torch.optim.Optimizer:
    """What is new to the task learns at the full rate, the deep stages in proportion to their size.

    Folding has left their tensors of very different sizes; Adam's steps alone would have one size
    for all.

    Args:
        network: What learns, where a gradient is asked for.
        deep: Its deep stages.
        config: Of the run.
    """
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    stages = set(deep.parameters())
    groups = [{"params": [item for item in learning if item not in stages], "share": 1.0}]
    sizes = {item: float(item.detach().pow(2).mean().sqrt()) for item in learning if item in stages}
    groups += [{"params": [item], "share": config.deep_rate * sizes[item]} for item in sizes]
    return torch.optim.AdamW(
        groups,
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=any(item.is_cuda for item in learning),
    )


def scheduled(peak: float, step: int, steps: int) -> float:
    """The learning rate at a step: a linear warm-up over a twentieth, then a cosine to zero."""
    warm = max(steps // 20, 1)
    share = (step - warm) / max(steps - warm, 1)
    return peak * (step + 1) / warm if step < warm else peak * 0.5 * (1 + math.cos(math.pi * share))


def draw_curves(folder: Path) -> Path | None:
    """Draws every loss of stages 1 and 2 against the step or epoch into `curves.svg`.

    Args:
        folder: Of a training run, with `stage1.csv` and, once it has begun, a `stage2-*.csv` for
            each run of stage 2.

    Returns:
        The file, or `None` while there is no log.

    Raises:
        InputError: A log is damaged.
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
        with kept_by_the_run(log):
            table = pd.read_csv(log)
            for name in table.columns[1:]:
                axes.plot(table["step"], table[name], label=name)
        unit = "step" if log.stem == "stage1" else "epoch"
        axes.set(title=log.stem, xlabel=unit, ylabel="loss", yscale="log")
        axes.legend(fontsize="small")
    path = folder / "curves.svg"
    figure.savefig(path, metadata={"Date": None})
    return path


def claim(path: Path, said: Mapping[str, object], what: str) -> None:
    """Makes a run's folder that of what is said of it, or refuses."""
    text = json.dumps(said, indent=1) + "\n"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as partial:  # another stage may be starting here as well
            partial.write_text(text)
    elif path.read_text() != text:
        raise InputError(f"{path.parent} holds a training run {what} ({path}): give another --out")
