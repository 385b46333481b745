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
from harness.results import Cost, caution

_COLUMNS = (
    "rank", "range", "group", "restorer", "mean", "gap", "gap_low", "gap_high", "p", "n",
    "failures", "seconds", "beside", "peak_mib", "growth_mib", "cuda_mib", "reason",
)  # fmt: skip
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

    Means are over the images that all ranked restorers have in common. The gap is to the best mean,
    paired by image. Its interval, p and the range of ranks are one statement, corrected over all
    pairs of a leaderboard: the range holds the ranks that the data cannot exclude, and no two
    restorers of a group are told apart. There is no mean across tasks.
    """
    from harness.api import ranks
    from harness.storage.store import load_run

    data = load_run(folder, output.warn)
    if aggregate or weights:
        if by or set_name or (versus and aggregate != "ntire-efficiency"):
            raise InputError(
                "--aggregate goes over all sets and metrics of a task: leave --by, --versus and "
                "--set out"
            )
        rows = ranks.aggregate_rows(data, aggregate or "", _weights(weights), versus, policy)
    else:
        rows, spent = ranks.leaderboard_rows(
            data, metric=by, set_name=set_name, base=versus, policy=policy
        )
    if as_json:
        print_json("rank", rows)
    elif aggregate:
        _print_aggregates(rows)
    else:
        print_leaderboards(rows, spent, versus)
    return 0 if any(row["rank"] is not None for row in rows) else 4


def _weights(texts: Sequence[str]) -> dict[str, float]:
    """What `--weight METRIC=NUMBER` says."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        found[name] = 0.0
        with suppress(ValueError):
            found[name] = float(number)
        if not name or not 0 < found[name] < float("inf"):
            raise InputError(
                f"--weight {text!r} is no weight; expected METRIC=NUMBER, such as psnr=1, the "
                "number above 0: the metric's card knows which way is better"
            )
    return found


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
    from harness.api.ranks import first_boards
    from harness.reporting.costs import cost_notes

    notes = cost_notes(spent)
    for table in first_boards(rows):
        row = table[0]
        if versus and not any(other["verdict"] for other in table):
            continue
        unit = f" in {row['unit']}" if row["unit"] else ""
        task = f" ({row['task']})" if row["task"] else ""
        _print_title(f"{row['set'] or 'all sets'}{task}: {row['metric']}{unit}", row)
        if note := caution(int(str(row["images"]))):
            click.echo(note)
        if versus:
            click.echo(f"each minus {printable(versus)}, over their common images")
            print_table([row for row in table if row["restorer"] != versus], _GAP_COLUMNS)
        else:
            _print_ranks(table)
            for note in notes.get(str(row["set"] or ""), ()):
                click.echo(printable(note))


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
