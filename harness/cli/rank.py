"""`restobench rank`: the leaderboards of a run, with intervals and ties.

Or how far each restorer is from one of them, or one order over many leaderboards.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from harness.cards import plain_number
from harness.cli import options, output
from harness.cli.leaderboards import COSTS, View, print_leaderboards, print_set_standings
from harness.cli.output import Row, print_json, print_table, printable
from harness.errors import InputError

if TYPE_CHECKING:
    from harness.results import RunData

_COLUMNS = ("rank", "range", "group", "restorer", "mean", "ci_low", "ci_high", "n", "reason")


class _Table(TypedDict):
    """How tables look."""

    columns: str
    digits: int | None
    intervals: bool
    overall: bool


@click.command(
    epilog="""
\b
Examples:
  restobench rank runs/mine
  restobench rank runs/mine --by dri --set photos-sigma25
  restobench rank runs/mine --versus bicubic
  restobench rank runs/mine --columns psnr-y,ssim-y,parameters --intervals
  restobench rank runs/mine --require-complete
  restobench rank runs/mine --aggregate borda
  restobench rank runs/mine --aggregate weighted --weight psnr-y=1 --weight pyiqa-lpips=20
  restobench rank runs/mine --aggregate ntire-efficiency --versus edsr
  restobench rank runs/mine --json
\b
Exit codes: 0 whole; 2 bad input; 3 the run was stopped, goes on, or has damaged rows;
4 nobody is ranked.
"""
)
@options.run_folder
@click.option(
    "--by",
    metavar="METRIC",
    help="Metric to rank by; with --json: only this one  [default: the benchmark's first]",
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
@click.option(
    "--columns",
    metavar="NAME,NAME",
    default="",
    help=f"Metrics, and {', '.join(COSTS)}  [default: all metrics, seconds, parameters]",
)
@click.option("--digits", type=options.Whole(0, 6), help="Decimal places of all means.")
@click.option(
    "--intervals", is_flag=True, help="95 % intervals of the gaps to the best, beside means."
)
@click.option(
    "--overall", is_flag=True, help="The mean over all sets as well, where all are of one task."
)
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
    **table: Unpack[_Table],
) -> int:
    """Rank the restorers of a run, set by set.

    Means are over the images that all ranked restorers have in common. Behind a rank stand those
    that the data cannot exclude: 1 (1-3) leads by its mean, and may be third. They, the gaps to the
    best, their intervals and p are one statement, corrected over all pairs of a leaderboard. There
    is no mean across tasks, and none over sets unless it is asked for.
    """
    from harness.api import ranks
    from harness.storage.store import load_run

    data = load_run(folder)
    _require_result(folder, data)
    if aggregate or weights:
        if by or set_name or (versus and aggregate != "ntire-efficiency"):
            raise InputError(
                "--aggregate goes over all sets and metrics of a task: leave --by, --versus and "
                "--set out"
            )
        rows = ranks.aggregate_rows(data, aggregate or "", _weights(weights), versus, policy)
        return _print(data, rows, as_json, _print_aggregates)
    ranks.require_known(data, by, set_name)
    shown = _listed(table["columns"])
    view = View(by, versus, shown, table["digits"], table["intervals"], table["overall"])
    return _boards(data, view, set_name, policy, as_json)


def _boards(data: "RunData", view: View, set_name: str | None, policy: str, as_json: bool) -> int:
    """Leaderboards, and how restorers stand by metrics of sets."""
    from harness.api import ranks
    from harness.ranking.set_standings import set_standings

    of_sets = [row for row in set_standings(data) if set_name in (None, row.set)]
    metric = view.by if as_json else None
    rows, spent, notes = ranks.leaderboard_rows(
        data, metric=metric, set_name=set_name, base=view.versus, policy=policy
    )

    def show(rows: Sequence[Row]) -> None:
        print_leaderboards(rows, spent, notes, view)
        print_set_standings(of_sets if view.versus is None else ())

    # a document of runs without metrics of sets is as it was
    more = {"set_standings": [asdict(row) for row in of_sets]} if of_sets else {}
    return _print(data, rows, as_json, show, **more)


def _require_result(folder: Path, data: "RunData") -> None:
    if not (len(data.scores) or data.failures or data.run.status == "finished"):
        raise InputError(
            f"{folder} holds no result yet: it was stopped before the first; the same `restobench "
            "run` goes on from there"
        )


def _print(
    data: "RunData",
    rows: Sequence[Row],
    as_json: bool,
    table: Callable[[Sequence[Row]], None],
    **more: Sequence[Row],
) -> int:
    code, incomplete = output.warn_of(data), data.incomplete()
    if as_json:
        # a document of a whole run is as it was
        print_json("rank", rows, **more, **({"incomplete": incomplete} if incomplete else {}))
    else:
        table(rows)
    if any(row["rank"] is not None for row in rows):
        return code
    output.say("nobody is ranked: no restorer has a score, or none of an image that all have")
    return 4


def _listed(columns: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, columns.split(","))))


def _weights(texts: Sequence[str]) -> dict[str, float]:
    """What `--weight METRIC=NUMBER` says."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        found[name] = 0.0
        with suppress(ValueError):
            found[name] = plain_number(number)
        if not name or found[name] <= 0:
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


def _print_title(title: str, row: Row) -> None:
    better = "higher" if row["higher_is_better"] else "lower"
    output.echo(f"\n{printable(title)}, {better} is better")


def _print_ranks(table: list[Row]) -> None:
    shown = ({**row, "range": _range(row["rank_low"], row["rank_high"])} for row in table)
    print_table(list(shown), _COLUMNS)


def _range(low: object, high: object) -> str:
    return "" if low is None else "-".join(map(str, dict.fromkeys((low, high))))
