"""`restobench correlate`: metrics against mean opinion scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output
from harness.cli.progress import ImageProgress
from harness.scoring.mos import LabelledImage, read_labels
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    from harness.plugins.kinds import MetricClass
    from harness.scoring.recalling import ScoredFile

_COLUMNS = (
    "metric", "n", "failures", "srcc", "srcc_low", "srcc_high", "plcc", "krcc", "rmse",
    "srcc_within",
)  # fmt: skip


@click.command(
    epilog="""
\b
Examples:
  restobench correlate -m dri -m niqe --dataset data/livec
  restobench correlate -m niqe --dataset data/livec --splits 10 --json
"""
)
@options.metrics(required=True, help="Again for more.")
@click.option(
    "--dataset",
    metavar="FOLDER",
    required=True,
    type=options.FOLDER,
    help="With labels.csv: image, mos, and if known group and reference.",
)
@click.option(
    "--splits",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Median over so many random test sets of a fifth; 0: all images.",
)
@options.workers(help="Images at work at once  [default: the number of cores]")
@options.device(default="auto")
@options.json(help="One JSON document, restobench/correlate/1.")
@click.pass_obj
def correlate(
    flags: dict[str, bool],
    /,
    metrics: tuple[str, ...],
    dataset: Path,
    splits: int,
    workers: int,
    device: str,
    as_json: bool,
) -> int:
    """Compare metrics with people: SRCC, PLCC after a logistic fit, KRCC and RMSE, with 95 %
    intervals.

    Metrics where lower is better are turned round. With a column `group` in labels.csv there is
    also the mean SRCC within each group. A metric that was trained on FOLDER's images has seen the
    answers; where it knows, it says so.

    Scores are kept (RESTOBENCH_CACHE): a call that was stopped goes on from there, and of what has
    not changed nothing is scored again.
    """  # noqa: D205 - the first paragraph of the help
    from harness.protocols import Evaluation
    from harness.scoring import files
    from harness.scoring.many_files import score_files
    from harness.scoring.recalling import plan_job

    classes, labelled = files.usable_metrics(metrics), read_labels(dataset)
    job = plan_job(list(classes), choose_device(device), Evaluation("mos"))
    pairs = [files.ImagePair(image.path, image.reference) for image in labelled]
    with ImageProgress(quiet=flags["quiet"]) as progress:
        scored = score_files(pairs, job, progress, workers)
    rows = [
        {"metric": name, "dataset": dataset.name, **_judge(name, cls, labelled, scored, splits)}
        for name, cls in classes.items()
    ]
    output.print_rows("correlate", rows, as_json, _COLUMNS)
    return 3 if any(row["failures"] for row in rows) else 0


def _judge(
    name: str,
    cls: MetricClass,
    labelled: list[LabelledImage],
    scored: list[ScoredFile],
    splits: int,
) -> dict[str, object]:
    from harness.scoring import correlation

    values = [row.scores[name] for row in scored]
    failed = [value for value in values if isinstance(value, str)]
    numbers = [float("nan") if isinstance(value, str) else value.value for value in values]
    found = correlation.correlate(name, numbers, labelled, cls.card.higher_is_better, splits)
    learnt: frozenset[str] = getattr(cls, "trained_on", frozenset)()
    known = sum(row.content in learnt for row in scored)
    if known:
        click.echo(
            f"warning: {name} was trained on {known} of these {len(values)} images: its figures "
            "say nothing about images that are new to it",
            err=True,
        )
    if failed:
        click.echo(
            f"{name}: {len(failed)} of {len(values)} images have no score: {failed[0]}", err=True
        )
    figures = {
        f"{figure}{end}": value
        for figure, ends in found.values.items()
        for end, value in zip(("", "_low", "_high"), ends or (None,) * 3, strict=True)
    }
    return {"n": found.n, "failures": found.failures, **figures, "trained_on": known}
