"""`restobench train`: train the scorer.

Names become objects here; the engine's scorer imports no plugin.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cards import Task
from harness.cli import options
from harness.errors import InputError
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    from harness.dri.training import config, data, run, versions


class _WithAdapt(click.Group):
    """Its `dri adapt` is a command of its own, with other options than the stages."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds the command, and the arguments that are left for it."""
        if args[:2] == ["dri", "adapt"]:
            from harness.cli.adapt import adapt

            return "dri adapt", adapt, args[2:]
        return super().resolve_command(ctx, args)


@click.group(cls=_WithAdapt)
def train() -> None:
    """Train the DRI scorer; `train dri adapt` has it learn from people's votes."""


@train.command(
    epilog="""
\b
Examples:
  restobench train dri --config shipped --out runs/dri
  restobench train dri splits --config stated-terms --out runs/below
  restobench train dri validation --config shipped --out runs/dri
  restobench train dri ablation --config shipped --out runs/dri
  restobench train dri representation --config my.toml --out runs/mine --data /data
  restobench train dri --config my.toml --out runs/mine --name mine
"""
)
@click.argument(
    "stage",
    default="all",
    type=click.Choice(
        [
            "versions",
            "representation",
            "mos",
            "calibration",
            "splits",
            "validation",
            "ablation",
            "all",
        ]
    ),
)
@click.option(
    "--config",
    "name",
    required=True,
    help="A TOML file, or the name of a configuration in the package.",
)
@click.option("--out", type=options.PATH, required=True, help="Run folder; a stopped run goes on.")
@options.data(help="Folder that the configuration's folders are in  [default: $RESTOBENCH_DATA]")
@options.device(default="auto")
@click.option("--threads", type=options.COUNT, help="Torch threads  [default: the number of cores]")
@click.option("--name", "metric", help="Keep the weights as the metric dri-NAME.")
@click.pass_obj
def dri(
    flags: dict[str, bool],
    /,
    stage: str,
    name: str,
    out: Path,
    data: Path | None,
    device: str,
    threads: int | None,
    metric: str | None,
) -> None:
    """Train the scorer; `all` makes versions, then representation, mos and calibration, which
    writes the weights.

    STAGE `splits` runs the experiment instead: ten random 80/20 splits of the first set of
    opinions, correlations on the test images; `validation` holds back scenes, then whole sets;
    `ablation` takes one part away after the other. Upon trained weights (`upon` in the
    configuration, as in `shipped`) there is no representation to learn, and no split to hold back.

    With --name the weights are a metric of this user's (`-m dri-NAME`), which lies in
    RESTOBENCH_SCORERS or the user's data folder.
    """  # noqa: D205 - the first paragraph of the help
    import torch

    from harness.dri import adapted
    from harness.dri.training import config_files, run

    _check_name(metric, stage)
    torch.set_num_threads(threads or os.cpu_count() or 1)
    sources, training = config_files.read_config(config_files.config_path(name))
    root = data or os.environ.get("RESTOBENCH_DATA")
    if not root:
        raise InputError("training needs its data: give --data FOLDER, or set RESTOBENCH_DATA")
    device, say = choose_device(device), _silent if flags["quiet"] else click.echo
    materials = _materials(Path(root), sources, training, device)
    run.TrainingRun(out, sources, training, materials, device, say).run(stage)
    if metric is not None:
        weights, images = out / run.WEIGHTS, out / run.IMAGES
        click.echo(adapted.keep_trained(metric, weights, images, training.upon))


def _silent(text: str) -> None:
    """Says nothing."""


def _check_name(metric: str | None, stage: str) -> None:
    """Refuses a name of a metric at once, and not after hours.

    Raises:
        InputError: It is taken, or cannot be one, or the stage makes no metric.
    """
    from harness.dri import adapted

    if metric is not None:
        if stage not in ("calibration", "all"):
            raise InputError(f"--name is for the stages that write weights; {stage} writes none")
        adapted.free_path(metric)


def _materials(
    root: Path, sources: config.DataConfig, training: config.TrainingConfig, device: str
) -> run.Materials:
    import numpy as np

    from harness.dri.lessons.sets import read_opinions
    from harness.dri.training import config_files, data, run
    from harness.dri.training.pseudo_scores import read_judged_levels
    from harness.plugins.kinds import degradations
    from harness.scoring.correlation import correlations

    opinions, clean = [read_opinions(item, root) for item in sources.opinions], root / sources.clean
    levels, basis = sources.versions.judged, _basis(training)
    compress = degradations.get(sources.versions.jpeg)(quality=sources.unseen_quality)

    return run.Materials(
        basis=basis,
        pairs=lambda: _synthetic_pairs(clean, sources, training),  # not every stage wants them
        versions=lambda pairs: _version_maker(pairs, sources.versions, device),
        recompress=lambda image: compress(image, np.random.default_rng(0)),
        opinions=opinions,
        judge=lambda found, mos: itemgetter("srcc", "plcc")(correlations(found, mos)),
        judged=read_judged_levels(config_files.packaged(levels)) if levels else None,
        images={
            **{item.config.name: item.images for item in opinions if item.config.weight},
            sources.clean: data.photographs_in(clean),
        },
        before=_learnt_before(basis) if training.upon else {},
    )


def _basis(training: config.TrainingConfig) -> Path:
    """What the network is before it learns: the backbone's ImageNet file, or trained weights."""
    from harness import zoo
    from harness.dri.network.imagenet import IMAGENET
    from harness.dri.shipped import DRI, STATED_TERMS

    upon = training.upon
    if not upon:
        return zoo.fetch([IMAGENET[training.network.backbone]])[0]
    packaged = {item.path.stem: item.path for item in (DRI, STATED_TERMS)}
    path = packaged.get(upon, Path(upon))
    if not path.is_file():
        raise InputError(
            f"upon = {upon!r} is no weight file: give its path, or one of {', '.join(packaged)}"
        )
    return path


def _learnt_before(weights: Path) -> Mapping[str, Mapping[str, str]]:
    """What a network to stand upon has learnt from: those of a run have a list beside them.

    Raises:
        InputError: It is not known.
    """
    from harness.dri.shipped import DRI, STATED_TERMS
    from harness.dri.training.run import IMAGES
    from harness.dri.training_images import read_training_images

    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    for shipped in (DRI, STATED_TERMS):
        if shipped.sha256 == sha256:
            known = read_training_images()
            return {name: known[name] for name in shipped.sets}
    beside = weights.with_name(IMAGES)
    if not beside.is_file():
        raise InputError(
            f"what {weights} has learnt from is not known: expected {IMAGES} beside it, as "
            "`restobench train dri` writes it"
        )
    return read_training_images(beside)


def _synthetic_pairs(
    clean: Path, sources: config.DataConfig, training: config.TrainingConfig
) -> data.SyntheticPairs:
    """Clean photographs, read here, and what is done to them."""
    from harness.dri.training import data
    from harness.dri.training.stage1_representation import STANDARDISED
    from harness.plugins.kinds import degradations

    applied = [
        data.LabelledDegradation(
            kind,
            strength / len(item.levels),
            degradations.get(item.name)(**{item.parameter: level}),
        )
        for kind, item in enumerate(sources.degradations, start=1)
        for strength, level in enumerate(item.levels, start=1)
    ]
    # stage 1, which is not run upon trained weights, looks at more than versions
    sides = () if training.upon else (training.patch, STANDARDISED)
    return data.SyntheticPairs(clean, applied, training.seed, max((sources.versions.size, *sides)))


def _version_maker(
    pairs: data.SyntheticPairs, config: config.VersionConfig, device: str
) -> versions.VersionMaker:
    """The configuration's restorers, degradations and metrics as objects."""
    from harness.dri.training.versions import VersionMaker
    from harness.plugins import kinds, specification
    from harness.restoring.build import build_restorer

    tasks = {
        Task.SUPER_RESOLVE: config.enlargers,
        Task.DENOISE: config.denoisers,
        Task.DEJPEG: config.artifact_removers,
    }
    return VersionMaker(
        pairs,
        {
            task: [build_restorer(specification.parse_restorer(name), device) for name in names]
            for task, names in tasks.items()
        },
        lambda name, **parameters: kinds.degradations.get(name)(**parameters),
        [kinds.image_metric(name)(device=device) for name in config.metrics],
        config,
    )
