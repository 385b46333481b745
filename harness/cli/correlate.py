"""`restobench correlate`: metrics against mean opinion scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output
from harness.cli.progress import ImageProgress
from harness.scoring.mos import LabelledImage, read_labels
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    from harness.plugins.kinds import MetricClass
    from harness.scoring.files import ImagePair
    from harness.scoring.pair_votes import VotedPair
    from harness.scoring.recalling import ScoredFile

_COLUMNS = (
    "metric", "n", "failures", "srcc", "srcc_low", "srcc_high", "plcc", "krcc", "rmse",
    "srcc_within", "pairs", "vote_accuracy", "vote_accuracy_low", "vote_accuracy_high",
    "vote_ceiling", "pair_accuracy", "auc_different", "auc_better",
    "reason", "pairs_reason",
)  # fmt: skip


@click.command(
    epilog="""
\b
Examples:
  restobench correlate -m dri -m niqe --dataset data/livec
  restobench correlate -m niqe --dataset data/livec --splits 10 --json
\b
Exit codes: 0 figures for every metric; 2 bad input; 3 images without a score, or metrics without
figures; 4 no metric has any figure, though no image failed.
"""
)
@options.metrics(required=True, help="Again for more.")
@click.option(
    "--dataset",
    metavar="FOLDER",
    required=True,
    type=options.FOLDER,
    help="With labels.csv: image, mos, and if known group and reference; or with pairs.csv: scene, "
    "a, b, votes_a, votes_b; or both.",
)
@click.option(
    "--splits",
    type=options.Whole(0),
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
    also the mean SRCC within each group. With pairs.csv it is held against votes: see
    docs/people.md. A metric that was trained on FOLDER's images has seen the answers; where it
    knows, it says so. One that cannot be compared has a reason in place of figures.

    Scores are kept (RESTOBENCH_CACHE): a call that was stopped goes on from there, and of what has
    not changed nothing is scored again.
    """  # noqa: D205 - the first paragraph of the help
    from harness.scoring import files
    from harness.scoring.pair_votes import read_pairs

    classes, voted = files.usable_metrics(metrics), read_pairs(dataset)
    labelled = [] if voted and not (dataset / "labels.csv").is_file() else read_labels(dataset)
    pairs = _images(labelled, voted)
    with ImageProgress(quiet=flags["quiet"]) as progress:
        scored = _score(pairs, list(classes), device, progress, workers)
    rows = [
        {
            "metric": name,
            "dataset": dataset.name,
            **_judge(name, cls, labelled, scored, splits),
            **_judge_votes(name, cls, voted, pairs, scored),
        }
        for name, cls in classes.items()
    ]
    output.print_rows("correlate", rows, as_json, _COLUMNS)
    return _exit_code(rows)


def _exit_code(rows: list[dict[str, object]]) -> int:
    from harness.scoring.correlation import NAMES
    from harness.statistics.judged_pairs import FIGURES

    figures = [row.get(name) for row in rows for name in (*NAMES, *FIGURES)]
    if any(row["failures"] for row in rows):
        return 3
    if all(figure is None for figure in figures):
        return 4
    return 3 if any(row["reason"] or row.get("pairs_reason") for row in rows) else 0


def _score(
    pairs: list[ImagePair], names: list[str], device: str, progress: ImageProgress, workers: int
) -> list[ScoredFile]:
    from harness.protocols import Evaluation
    from harness.scoring.many_files import score_files
    from harness.scoring.recalling import plan_job

    return score_files(
        pairs, plan_job(names, choose_device(device), Evaluation("mos")), progress, workers
    )


def _images(labelled: list[LabelledImage], voted: list[VotedPair]) -> list[ImagePair]:
    """Every image once: those with MOS first, in their order."""
    from harness.scoring.files import ImagePair

    known = {image.path for image in labelled}
    sides = dict.fromkeys(side for pair in voted for side in (pair.a, pair.b))
    return [
        *(ImagePair(image.path, image.reference) for image in labelled),
        *(ImagePair(side) for side in sides if side not in known),
    ]


def _judge(
    name: str,
    cls: MetricClass,
    labelled: list[LabelledImage],
    scored: list[ScoredFile],
    splits: int,
) -> dict[str, object]:
    from harness.scoring import correlation

    failed = [row.scores[name] for row in scored if isinstance(row.scores[name], str)]
    learnt: frozenset[str] = getattr(cls, "trained_on", frozenset)()
    known = sum(row.content in learnt for row in scored)
    if known:
        output.say(
            f"warning: {name} was trained on {known} of these {len(scored)} images: its figures "
            "say nothing about images that are new to it"
        )
    if failed:
        output.say(f"{name}: {len(failed)} of {len(scored)} images have no score: {failed[0]}")
    told: dict[str, object] = {"n": 0, "failures": len(failed)}
    if not labelled:
        nothing = {f"{figure}{end}": None for figure in correlation.NAMES for end in _ENDS}
        return {**told, **nothing, "reason": None, "trained_on": known}
    numbers = [_number(row, name) for row in scored[: len(labelled)]]
    found = correlation.correlate(name, numbers, labelled, cls.card.higher_is_better, splits)
    figures = {"n": found.n, **_flat(found.values), "reason": found.reason}
    return {**told, **figures, "trained_on": known}


_ENDS = ("", "_low", "_high")


def _flat(
    figures: Mapping[str, tuple[float, float | None, float | None] | None],
) -> dict[str, object]:
    return {
        f"{figure}{end}": value
        for figure, ends in figures.items()
        for end, value in zip(_ENDS, ends or (None,) * 3, strict=True)
    }


def _number(row: ScoredFile, name: str) -> float:
    value = row.scores[name]
    return float("nan") if isinstance(value, str) else value.value


def _judge_votes(
    name: str,
    cls: MetricClass,
    voted: list[VotedPair],
    pairs: list[ImagePair],
    scored: list[ScoredFile],
) -> dict[str, object]:
    """The figures of a metric held against votes on pairs, where there are any.

    Scenes that it has learnt from are left out.
    """
    if not voted:
        return {}
    from harness.scoring.pair_votes import judge

    learnt: frozenset[str] = getattr(cls, "trained_on", frozenset)()
    seen = {pair.path for pair, row in zip(pairs, scored, strict=True) if row.content in learnt}
    known = {pair.scene for pair in voted if {pair.a, pair.b} & seen}
    if known:
        voted = [pair for pair in voted if pair.scene not in known]
        output.say(f"{name} has learnt from {len(known)} scenes of pairs.csv: they are left out")
    scores = {pair.path: _number(row, name) for pair, row in zip(pairs, scored, strict=True)}
    judged, reason = judge(voted, scores, cls.card.higher_is_better), None
    if not voted:
        reason = f"it has learnt from all {len(known)} scenes of pairs.csv"
    return {
        "pairs": judged.count,
        **_flat(judged.figures),
        "pairs_reason": reason or judged.reason,
    }
