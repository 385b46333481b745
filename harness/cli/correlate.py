"""`restobench correlate`: metrics against mean opinion scores."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.scoring.correlation import Agreement, Measured
    from harness.scoring.mos import LabelledImage

EXAMPLES = """
\b
Examples:
  restobench correlate -m dri -m niqe --dataset data/livec
  restobench correlate -m niqe --dataset data/livec --splits 10 --json
"""


@click.command(epilog=EXAMPLES)
@click.option("-m", "--metric", "metrics", multiple=True, required=True, help="Again for more.")
@click.option(
    "--dataset",
    metavar="FOLDER",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="With labels.csv: image, mos, and if known group and reference.",
)
@click.option(
    "--splits",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Median over so many random test sets of a fifth; 0: all images.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Images at work at once  [default: the number of cores]",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu or cuda:0.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, restobench/correlate/1.")
@click.pass_context
def correlate(
    context: click.Context,
    /,
    metrics: tuple[str, ...],
    dataset: Path,
    splits: int,
    workers: int | None,
    device: str,
    as_json: bool,
) -> int:
    """Compare metrics with people: SRCC, PLCC after a logistic fit, KRCC and RMSE, with 95 % intervals.

    Metrics where lower is better are turned round. With a column `group` in labels.csv there is
    also the mean SRCC within each group. A metric that was trained on FOLDER's images has seen the
    answers; where it knows, it says so.
    """
    from harness import plugins
    from harness.cli.output import print_json, print_table
    from harness.errors import UnavailableError
    from harness.scoring.correlation import correlate as compare
    from harness.scoring.mos import read_labels
    from harness.storage.provenance import choose_device

    classes: dict[str, Any] = {name: plugins.metrics.get(name) for name in dict.fromkeys(metrics)}
    for name, cls in classes.items():
        reason = cls.missing() if hasattr(cls, "missing") else None
        if reason:
            raise UnavailableError(f"metric {name} is not usable here: {reason}")
    labelled = read_labels(dataset)
    measured = _measure(
        labelled, list(classes), choose_device(device), workers, context.obj["quiet"]
    )
    rows = []
    for name, cls in classes.items():
        scores = [row.scores[name] for row in measured]
        numbers = [score if isinstance(score, float) else float("nan") for score in scores]
        known = _count_known(cls, measured)
        agreement = compare(name, numbers, labelled, cls.card.higher_is_better, splits)
        rows.append({**_row(agreement, dataset.name), "trained_on": known})
        if known:
            click.echo(
                f"warning: {name} was trained on {known} of these {len(scores)} images: its "
                "figures say nothing about images that are new to it",
                err=True,
            )
        failed = [score for score in scores if isinstance(score, str)]
        if failed:
            click.echo(
                f"{name}: {len(failed)} of {len(scores)} images have no score: {failed[0]}",
                err=True,
            )
    if as_json:
        print_json("correlate", rows)
    else:
        shown = (
            "metric",
            "n",
            "failures",
            "srcc",
            "srcc_low",
            "srcc_high",
            "plcc",
            "krcc",
            "rmse",
            "srcc_within",
        )
        print_table(rows, shown)
    return 3 if any(row["failures"] for row in rows) else 0


def _measure(
    labelled: Sequence[LabelledImage],
    metrics: list[str],
    device: str,
    workers: int | None,
    quiet: bool,
) -> list[Measured]:
    """Every metric on every image, in worker processes; in the order of the images."""
    from tqdm import tqdm

    from harness.scoring.correlation import Measured, measure_image
    from harness.workers.pool import Trouble, WorkerPool, outcome

    pool = WorkerPool(workers or os.cpu_count() or 1)
    try:
        futures = [pool.submit(measure_image, image, metrics, device) for image in labelled]
        hidden = quiet or not sys.stderr.isatty()
        results = [outcome(future, None) for future in tqdm(futures, unit="image", disable=hidden)]
    finally:
        pool.close(kill=True)
    return [
        Measured(dict.fromkeys(metrics, row.message)) if isinstance(row, Trouble) else row
        for row in results
    ]


def _row(agreement: Agreement, dataset: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "metric": agreement.metric,
        "dataset": dataset,
        "n": agreement.n,
        "failures": agreement.failures,
    }
    for name, figures in agreement.values.items():
        row |= dict(
            zip((name, f"{name}_low", f"{name}_high"), figures or (None, None, None), strict=True)
        )
    return row


def _count_known(cls: Any, measured: Sequence[Measured]) -> int:
    """How many of the images a metric says it has learnt from."""
    keys = cls.trained_on() if hasattr(cls, "trained_on") else frozenset()
    return sum(row.content in keys for row in measured)
