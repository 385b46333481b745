"""`restobench rank`: the leaderboards of a run with intervals and ties, or how far each restorer is from one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.ranking.aggregation import Wishes
    from harness.results import Difference, RunData

EXAMPLES = """
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


@click.command(epilog=EXAMPLES)
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
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
@click.option(
    "--require-complete", is_flag=True, help="Rank only restorers that have a score of every image."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document, restobench/rank/1.")
def rank(
    folder: Path,
    by: str | None,
    aggregate: str | None,
    weights: tuple[str, ...],
    versus: str | None,
    set_name: str | None,
    require_complete: bool,
    as_json: bool,
) -> int:
    """Rank the restorers of a run, set by set.

    Means are over the images that all ranked restorers have in common. Intervals are studentised 95
    % bootstrap intervals, paired by image. The range holds the ranks that the data cannot exclude,
    and restorers of one group are not told apart from its first. There is no mean across tasks.
    """
    from harness.cli.output import print_json
    from harness.storage.store import load_run

    data, policy = load_run(folder), "complete" if require_complete else "common"
    if aggregate or weights:
        narrowed = bool(by or set_name or (versus and aggregate != "ntire-efficiency"))
        return _print_aggregate(
            data, aggregate or "", _wishes(weights, versus), policy, narrowed, as_json
        )
    rows = select_rows(data, by, set_name, policy)
    differences = _differences(data, versus, by, set_name, policy) if versus else {}
    if as_json:
        print_json(
            "rank", [{**row, **_gap(row, versus, differences)} for row in rows] if versus else rows
        )
    elif versus:
        _print_differences(rows, versus, differences, by)
    else:
        _print_tables(rows, by)
    return 0 if any(row["rank"] is not None for row in rows) else 4


def _wishes(weights: tuple[str, ...], versus: str | None) -> Wishes:
    from harness.errors import InputError
    from harness.ranking.aggregation import Wishes

    found: dict[str, float] = {}
    for text in weights:
        name, _, number = text.rpartition("=")
        try:
            found[name] = float(number)
        except ValueError:
            found[name] = -1.0
        if not name or not 0 < found[name] < float("inf"):
            raise InputError(
                f"--weight {text!r} is no weight; expected METRIC=NUMBER, such as psnr=1, the "
                "number above 0: the metric's card knows which way is better"
            )
    return Wishes(found, versus)


def _print_aggregate(
    data: RunData, how: str, wishes: Wishes, policy: str, narrowed: bool, as_json: bool
) -> int:
    from harness.cli.output import print_json, print_table
    from harness.errors import InputError
    from harness.ranking.aggregation import aggregate

    if narrowed:
        raise InputError(
            "--aggregate goes over all sets and metrics of a task: leave --by, --versus and --set "
            "out"
        )
    if wishes.weights and how != "weighted":
        raise InputError("--weight is of --aggregate weighted; give both, or neither")
    rows = aggregate(data, how, wishes, policy=policy)
    code = 0 if any(row["rank"] is not None for row in rows) else 4
    if as_json:
        print_json("rank", rows)
        return code
    for task in dict.fromkeys(row["task"] for row in rows):
        chosen = [row for row in rows if row["task"] == task]
        better = "higher" if chosen[0]["higher_is_better"] else "lower"
        over = f" over {found} leaderboards" if (found := chosen[0]["leaderboards"]) else ""
        click.echo(f"\n{_safe(task)}: {how}{over}, {better} is better")
        columns = (
            "rank",
            "range",
            "group",
            "restorer",
            "mean",
            "ci_low",
            "ci_high",
            "n",
            "failures",
        )
        print_table([{**row, "range": _range(row)} for row in chosen], columns)
    return code


def select_rows(
    data: RunData, by: str | None, set_name: str | None, policy: str = "common"
) -> list[dict[str, Any]]:
    """The flat rows of a run's leaderboards.

    Raises:
        InputError: The run has no such metric or set.
    """
    from harness.errors import InputError
    from harness.ranking.leaderboards import leaderboards
    from harness.ranking.tables import metric_names, set_names
    from harness.reporting.assemble import costs, rank_rows

    if by is not None and by not in metric_names(data):
        raise InputError(f"the run has no metric {by!r}; it has {', '.join(metric_names(data))}")
    if set_name is not None and set_name not in set_names(data):
        raise InputError(f"the run has no set {set_name!r}; it has {', '.join(set_names(data))}")
    boards = [
        board
        for board in leaderboards(data, policy=policy)
        if by in (None, board.metric) and (set_name is None or board.set == set_name)
    ]
    return rank_rows(data, boards, costs(data))


def print_leaderboards(
    data: RunData, *, by: str | None = None, set_name: str | None = None
) -> None:
    """Prints one table a set, by one metric.

    Args:
        data: The run.
        by: The metric; `None`: on each set, the first of the benchmark's that ranks there.
        set_name: Only this set.
    """
    _print_tables(select_rows(data, by, set_name), by)


def _print_tables(found: Sequence[dict[str, Any]], by: str | None) -> None:
    from harness.cli.output import print_table

    for rows in _tables(found, by):
        _print_heading(rows[0], rows)
        columns = (
            "rank", "range", "group", "restorer", "mean", "ci_low", "ci_high", "median", "n", "failures", "seconds",
            "peak_mib",
        )  # fmt: skip
        print_table([{**row, "range": _range(row)} for row in rows], columns)


def _tables(rows: Sequence[dict[str, Any]], by: str | None) -> list[list[dict[str, Any]]]:
    """The rows of one leaderboard for each set: by the metric asked for, or the first that ranks anyone."""
    boards: dict[tuple[str | None, str], list[dict[str, Any]]] = {}
    for row in rows:
        boards.setdefault((row["set"], row["metric"]), []).append(row)
    chosen: dict[str | None, list[dict[str, Any]]] = {}
    for (name, _), found in boards.items():
        kept = chosen.setdefault(name, found)
        if by is None and kept[0]["rank"] is None and found[0]["rank"] is not None:
            chosen[name] = found
    return list(chosen.values())


def _print_heading(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    better = "higher" if row["higher_is_better"] else "lower"
    unit = f" in {row['unit']}" if row["unit"] else ""
    task = f" ({row['task']})" if row["task"] else ""
    click.echo(
        f"\n{_safe(row['set'] or 'all sets')}{task}: {_safe(row['metric'])}{unit}, {better} is "
        "better"
    )
    if any(item["n"] and item["few_images"] for item in rows):
        click.echo("fewer than 24 images: intervals and ranks are rough")


def _range(row: Mapping[str, Any]) -> str:
    if row["rank"] is None:
        return ""
    low, high = row["rank_low"], row["rank_high"]
    return f"{low}" if low == high else f"{low}-{high}"


_Key = tuple[str | None, str, str]


def _differences(
    data: RunData, base: str, by: str | None, set_name: str | None, policy: str
) -> dict[_Key, Difference]:
    from harness.ranking.leaderboards import versus

    found = versus(data, base, set_name=set_name, metric=by, policy=policy)
    return {(row.set, row.metric, row.restorer): row for row in found}


def _gap(
    row: Mapping[str, Any], base: str | None, differences: Mapping[_Key, Difference]
) -> dict[str, Any]:
    found = differences.get((row["set"], row["metric"], row["restorer"]))
    return {
        "versus": base,
        "difference": found.difference if found else None,
        "difference_low": found.ci_low if found else None,
        "difference_high": found.ci_high if found else None,
        "p": found.p if found else None,
        "n_pairs": found.n if found else None,
        "verdict": found.verdict if found else None,
    }


def _print_differences(
    rows: Sequence[dict[str, Any]],
    base: str,
    differences: Mapping[_Key, Difference],
    by: str | None,
) -> None:
    from harness.cli.output import print_table

    for table in _tables(rows, by):
        if not any((row["set"], row["metric"], row["restorer"]) in differences for row in table):
            continue  # the base is not ranked on this set
        _print_heading(table[0], table)
        lines = [
            {**row, **_gap(row, base, differences)} for row in table if row["restorer"] != base
        ]
        click.echo(f"each minus {_safe(base)}, over their common images")
        columns = (
            "restorer",
            "difference",
            "difference_low",
            "difference_high",
            "p",
            "verdict",
            "n_pairs",
        )
        print_table(lines, columns)


def _safe(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
