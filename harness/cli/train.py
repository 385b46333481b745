"""`restobench train`: train the scorer. Names become objects here; the engine's scorer imports no plugin."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.dri.training.config import DataConfig, VersionConfig
    from harness.dri.training.data import LabelledDegradation, SyntheticPairs
    from harness.dri.training.features import Recompress
    from harness.dri.training.versions import VersionMaker

STAGES = ("versions", "representation", "mos", "calibration", "splits", "ablation", "all")

EXAMPLES = """
\b
Examples:
  restobench train dri --config shipped --out runs/dri
  restobench train dri splits --config shipped --out runs/dri
  restobench train dri ablation --config shipped --out runs/dri
  restobench train dri representation --config my.toml --out runs/mine --data /data
"""


@click.group()
def train() -> None:
    """Train the DRI scorer."""


@train.command(epilog=EXAMPLES)
@click.argument("stage", type=click.Choice(STAGES), default="all")
@click.option(
    "--config", required=True, help="A TOML file, or the name of a configuration in the package."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Run folder; a stopped run goes on.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that the configuration's folders are in  [default: $RESTOBENCH_DATA]",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda:0.")
@click.option(
    "--threads", type=click.IntRange(1), help="Torch threads  [default: the number of cores]"
)
@click.pass_context
def dri(
    context: click.Context,
    /,
    stage: str,
    config: str,
    out: Path,
    data: Path | None,
    device: str,
    threads: int | None,
) -> None:
    """Train the scorer; `all` makes versions, then representation, mos and calibration, which writes the weights.

    STAGE `splits` runs the protocol instead: ten random 80/20 splits, correlations on the test
    images; `ablation` takes one part away after the other.
    """
    import torch

    from harness import zoo
    from harness.dri.network.backbone import IMAGENET
    from harness.dri.training.config import config_path, read_config
    from harness.dri.training.data import SyntheticPairs, photographs_in
    from harness.dri.training.run import Materials, TrainingRun
    from harness.scoring.mos import read_labels
    from harness.storage.provenance import choose_device

    torch.set_num_threads(threads or os.cpu_count() or 1)
    sources, training = read_config(config_path(config))
    root, chosen = data or _data_folder(), choose_device(device)
    labelled = read_labels(root / sources.mos)
    materials = Materials(
        imagenet=zoo.fetch([IMAGENET[training.network.backbone]])[0],
        pairs=lambda: SyntheticPairs(root / sources.clean, _labelled(sources), training.seed),
        versions=lambda pairs: _version_maker(pairs, sources.versions, chosen),
        recompress=_recompress(sources),
        labelled=labelled,
        judge=_judge,
        images={
            sources.mos: [item.path for item in labelled],
            sources.clean: photographs_in(root / sources.clean),
        },
    )
    TrainingRun(
        out,
        sources,
        training,
        materials,
        chosen,
        say=lambda text: None if context.obj["quiet"] else click.echo(text),
    ).run(stage)


def _data_folder() -> Path:
    from harness.errors import InputError

    folder = os.environ.get("RESTOBENCH_DATA")
    if not folder:
        raise InputError("training needs its data: give --data FOLDER, or set RESTOBENCH_DATA")
    return Path(folder)


def _version_maker(pairs: SyntheticPairs, config: VersionConfig, device: str) -> VersionMaker:
    """The configuration's restorers, degradations and metrics as objects."""
    from harness.dri.training.versions import VersionMaker
    from harness.plugins import degradations, metrics, parse_restorer
    from harness.protocols import Task

    tasks = {
        Task.SUPER_RESOLVE: config.enlargers,
        Task.DENOISE: config.denoisers,
        Task.DEJPEG: config.artifact_removers,
    }
    return VersionMaker(
        pairs,
        {
            task: [parse_restorer(name).build(device) for name in names]
            for task, names in tasks.items()
        },
        lambda name, **parameters: degradations.get(name)(**parameters),
        [metrics.get(name)(device=device) for name in config.metrics],  # type: ignore[call-arg]
        config,
    )


def _recompress(sources: DataConfig) -> Recompress:
    import numpy as np

    from harness.plugins import degradations

    compress = degradations.get(sources.versions.jpeg)(quality=sources.unseen_quality)
    return lambda image: compress(image, np.random.default_rng(0))


def _judge(predicted: Sequence[float], mos: Sequence[float]) -> tuple[float, float]:
    from harness.scoring.correlation import correlations

    found = correlations(predicted, mos)
    return found["srcc"], found["plcc"]


def _labelled(sources: DataConfig) -> list[LabelledDegradation]:
    """The configuration's degradations as objects, with type and level."""
    from harness.dri.training.data import LabelledDegradation
    from harness.plugins import degradations

    return [
        LabelledDegradation(
            kind,
            strength / len(item.levels),
            degradations.get(item.name)(**{item.parameter: level}),
        )
        for kind, item in enumerate(sources.degradations, start=1)
        for strength, level in enumerate(item.levels, start=1)
    ]
