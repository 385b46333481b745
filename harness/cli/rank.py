"""`restobench rank`: the leaderboards of a run, with intervals and ties.

Or how far each restorer is from one of them, or one order over many leaderboards.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import click

from harness.cli import options, output
from harness.cli.output import Row, print_json, print_table, printable
from harness.errors import InputError
from harness.results import FEW_IMAGES, Cost, Difference, RunData

_COLUMNS = (
    "rank", "range", "group", "restorer", "mean", "ci_low", "ci_high", "median", "n", "failures",
    "seconds", "beside", "peak_mib", "growth_mib", "cuda_mib", "reason",
)  # fmt: skip
# name in a row -> field of the difference
_GAP = {
    "difference": "difference", "difference_low": "ci_low", "difference_high": "ci_high",
    "p": "p", "n_pairs": "n", "verdict": "verdict",
}  # fmt: skip
_GAP_COLUMNS = (
    "restorer", "difference", "difference_low", "difference_high", "p", "verdict", "n_pairs",
)  # fmt: skip


@click.command(
    epilog="""
\b
Examples:
  restobench rank runs/mine
  restobench rank runs/mine --by dri --set photos-sigma25
  restobench rank runs/mine --versus bicubic
  restobench rank runs/mine --require-complete
  restobench rank runs/mine --aggregate borda
  restobench rank runs/mine --aggregate weighted --weight psnr-y=1 --weight pyiqa-lpips=20
  restobench rank runs/mine --aggregate ntire-efficiency --versus edsr
  restobench rank runs/mine --json
"""
)
@options.run_folder
@click.option(
    "--by",
    metavar="METRIC",
    help="Metric to rank by  [default: the benchmark's first; with --json: all]",
)
@click.option(
    "--aggregate",
    type=click.Choice(["borda", "mean-rank", "bradley-terry", "weighted", "ntire-efficiency"]),
    help="One order for each task, over all its sets and metrics.",
)
@click.option(
    "--weight",
    "weights",
    metavar="METRIC=NUMBER",
    multiple=True,
    help="Of --aggregate weighted; again for more.",
)
@click.option(
    "--versus",
    metavar="RESTORER",
    help="By how much each differs from this one: difference, interval, p.",
)
@click.option("--set", "set_name", metavar="SET", help="Only this set.")
@options.require_complete
@options.json(help="One JSON document, restobench/rank/1.")
def rank(
    folder: Path,
    by: str | None,
    aggregate: str | None,
    weights: tuple[str, ...],
    versus: str | None,
    set_name: str | None,
    policy: str,
    as_json: bool,
) -> int:
    """Rank the restorers of a run, set by set.

    Means are over the images that all ranked restorers have in common. Intervals are studentised 95
    % bootstrap intervals, paired by image. The range holds the ranks that the data cannot exclude,
    and restorers of one group are not told apart from its first. There is no mean across tasks.
    """
    from harness.storage.store import load_run

    data = load_run(folder, output.warn)
    if aggregate or weights:
        if by or set_name or (versus and aggregate != "ntire-efficiency"):
            raise InputError(
                "--aggregate goes over all sets and metrics of a task: leave --by, --versus and "
                "--set out"
            )
        rows = _aggregates(data, aggregate, weights, versus, policy)
    else:
        rows, spent = _leaderboards(data, by, set_name, versus, policy)
    if as_json:
        print_json("rank", rows)
    elif aggregate:
        _print_aggregates(rows)
    else:
        print_leaderboards(rows, spent, versus)
    return 0 if any(row["rank"] is not None for row in rows) else 4


def _leaderboards(
    data: RunData, by: str | None, set_name: str | None, versus: str | None, policy: str
) -> tuple[list[dict[str, object]], tuple[Cost, ...]]:
    from harness.ranking import leaderboards, tables
    from harness.reporting import costs, rows

    for kind, name, known in (
        ("metric", by, tables.metric_names(data)),
        ("set", set_name, tables.set_names(data)),
    ):
        if name is not None and name not in known:
            raise InputError(f"the run has no {kind} {name!r}; it has {', '.join(known)}")
    ranking = leaderboards.rank_run(data, policy=policy)
    boards = (
        board
        for board in ranking.boards
        if by in (None, board.metric) and set_name in (None, board.set)
    )
    spent = costs.costs(data)
    found = rows.flat_rows(data, boards, spent)
    if versus:
        gaps: dict[object, Difference] = {
            (gap.set, gap.metric, gap.restorer): gap
            for gap in leaderboards.versus(ranking, versus, set_name=set_name, metric=by)
        }
        for row in found:
            gap = gaps.get((row["set"], row["metric"], row["restorer"]))
            row["versus"] = versus
            row.update((name, getattr(gap, field, None)) for name, field in _GAP.items())
    return found, spent


def _aggregates(
    data: RunData, how: str | None, weights: Sequence[str], base: str | None, policy: str
) -> list[dict[str, object]]:
    from harness.ranking.aggregation import Wishes, aggregate

    if weights and how != "weighted":
        raise InputError("--weight is of --aggregate weighted; give both, or neither")
    found: dict[str, float] = {}
    for text in weights:
        name, _, number = text.rpartition("=")
        found[name] = 0.0
        with suppress(ValueError):
            found[name] = float(number)
        if not name or not 0 < found[name] < float("inf"):
            raise InputError(
                f"--weight {text!r} is no weight; expected METRIC=NUMBER, such as psnr=1, the "
                "number above 0: the metric's card knows which way is better"
            )
    return aggregate(data, how or "", Wishes(found, base), policy=policy)


def _print_aggregates(rows: Iterable[Row]) -> None:
    for task, found in groupby(rows, itemgetter("task")):
        table = list(found)
        over = f" over {boards} leaderboards" if (boards := table[0]["leaderboards"]) else ""
        _print_title(f"{task}: {table[0]['metric']}{over}", table[0])
        _print_ranks(table)


def print_leaderboards(
    rows: Iterable[Row], spent: Iterable[Cost], versus: str | None = None
) -> None:
    """Prints one table a set: the first leaderboard that ranks somebody there.

    Args:
        rows: Of `harness.reporting.rows.flat_rows`.
        spent: What everything cost.
        versus: Instead, how far each restorer is from this one, where it is ranked.
    """
    from harness.reporting.costs import cost_notes

    notes = cost_notes(spent)
    for table in _tables(rows):
        row = table[0]
        if versus and not any(other["verdict"] for other in table):
            continue
        unit = f" in {row['unit']}" if row["unit"] else ""
        task = f" ({row['task']})" if row["task"] else ""
        _print_title(f"{row['set'] or 'all sets'}{task}: {row['metric']}{unit}", row)
        if any(row["n"] and row["few_images"] for row in table):
            click.echo(f"fewer than {FEW_IMAGES} images: intervals and ranks are rough")
        if versus:
            click.echo(f"each minus {printable(versus)}, over their common images")
            print_table([row for row in table if row["restorer"] != versus], _GAP_COLUMNS)
        else:
            _print_ranks(table)
            for note in notes.get(str(row["set"] or ""), ()):
                click.echo(printable(note))


def _tables(rows: Iterable[Row]) -> list[list[Row]]:
    """For each set, the rows of its first leaderboard that ranks somebody, or else of its first."""
    chosen: dict[object, list[Row]] = {}
    for (name, _), found in groupby(rows, itemgetter("set", "metric")):
        table = list(found)
        kept = chosen.setdefault(name, table)
        if kept[0]["rank"] is None and table[0]["rank"] is not None:
            chosen[name] = table
    return list(chosen.values())


def _print_title(title: str, row: Row) -> None:
    better = "higher" if row["higher_is_better"] else "lower"
    click.echo(f"\n{printable(title)}, {better} is better")


def _print_ranks(table: list[Row]) -> None:
    shown = (
        {
            **row,
            "range": _range(row["rank_low"], row["rank_high"]),
            "beside": row.get("beside") or None,  # no column of zeros
        }
        for row in table
    )
    print_table(list(shown), _COLUMNS)


def _range(low: object, high: object) -> str:
    return "" if low is None else "-".join(map(str, dict.fromkeys((low, high))))
