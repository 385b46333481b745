"""`restobench train`: train the scorer. Names become objects here; the engine's scorer imports no plugin."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.dri.config import DataConfig
    from harness.dri.data import LabelledDegradation

PARTS = ("degradation", "quality", "interaction", "restoration", "rs-loss")
STAGES = ("representation", "mos", "calibration", "splits", "all")

EXAMPLES = """
\b
Examples:
  restobench train dri --config shipped --out runs/dri
  restobench train dri splits --config shipped --out runs/dri
  restobench train dri splits --config shipped --out runs/dri --without interaction
  restobench train dri representation --config my.toml --out runs/mine --data /data
"""


@click.group()
def train() -> None:
    """Train the DRI scorer."""


@train.command(epilog=EXAMPLES)
@click.argument("stage", type=click.Choice(STAGES), default="all")
@click.option("--config", required=True, help="A TOML file, or the name of a configuration in the package.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Run folder; a stopped run goes on.")
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Folder that the configuration's folders are in  [default: $RESTOBENCH_DATA]")  # fmt: skip
@click.option("--without", type=click.Choice(PARTS), help="An ablation, of the stage `splits`: this part is silent.")
@click.option("--threads", type=click.IntRange(1), help="Torch threads  [default: the number of cores]")
@click.pass_context
def dri(
    context: click.Context,
    /,
    stage: str,
    config: str,
    out: Path,
    data: Path | None,
    without: str | None,
    threads: int | None,
) -> None:
    """Train the scorer: representation, then mos, then calibration, which writes the weights.

    STAGE `splits` runs the protocol instead: ten random 80/20 splits, correlations on the test images.
    """
    import torch

    from harness import zoo
    from harness.dri.backbone import IMAGENET
    from harness.dri.config import config_path, read_config
    from harness.dri.data import SyntheticPairs
    from harness.dri.training import TrainingRun
    from harness.mos import read_labels

    torch.set_num_threads(threads or os.cpu_count() or 1)
    sources, training = read_config(config_path(config))
    root = data or _data_folder()
    degradations = _labelled(sources)
    TrainingRun(
        out,
        sources,
        training,
        zoo.fetch([IMAGENET])[0],
        degradations,
        lambda: SyntheticPairs(root / sources.clean, degradations, training.seed),
        read_labels(root / sources.mos),
        say=lambda text: None if context.obj["quiet"] else click.echo(text),
    ).run(stage, without)


def _data_folder() -> Path:
    from harness.errors import InputError

    folder = os.environ.get("RESTOBENCH_DATA")
    if not folder:
        raise InputError("training needs its data: give --data FOLDER, or set RESTOBENCH_DATA")
    return Path(folder)


def _labelled(sources: DataConfig) -> list[LabelledDegradation]:
    """The configuration's degradations as objects, with type and level."""
    from harness.dri.data import LabelledDegradation
    from harness.plugins import degradations

    return [
        LabelledDegradation(kind, strength / len(item.levels), degradations.get(item.name)(**{item.parameter: level}))
        for kind, item in enumerate(sources.degradations, start=1)
        for strength, level in enumerate(item.levels, start=1)
    ]
