"""Leaderboards on a terminal: all metrics of a set in one table of at most 80 columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

import click

from harness.cli.output import Row, columns_of, counted, ljust, print_table, printable, rjust
from harness.errors import InputError
from harness.results import SIGNIFICANT, Cost, SetStanding, caution

WIDTH = 80
NAME_WIDTH = 30
COSTS = (
    "seconds", "parameters", "peak_mib", "growth_mib", "cuda_mib", "beside", "batch", "gap",
    "gap_low", "gap_high", "p", "median", "group", "n", "failures",
)  # fmt: skip
"""Columns that `--columns` may name besides metrics."""


_MEASURED = frozenset({"seconds", "peak_mib", "growth_mib", "cuda_mib", "beside"})
"""Those of them that notes beside costs are about."""


@dataclass(frozen=True, slots=True)
class View:
    """What of the leaderboards is shown.

    Attributes:
        by: Metric to order by; `None`: the first that ranks somebody.
        versus: Instead, how far each restorer is from this one, where it is ranked.
        columns: Metrics and `COSTS`; none: all metrics, seconds and parameters.
        digits: Decimal places of means; `None`: what each metric deserves.
        intervals: Whether means have the intervals of their gaps to the best.
        overall: Whether the mean over all sets is shown as well, where there is one.
    """

    by: str | None = None
    versus: str | None = None
    columns: tuple[str, ...] = ()
    digits: int | None = None
    intervals: bool = False
    overall: bool = False


def print_leaderboards(
    rows: Iterable[Row],
    spent: Iterable[Cost],
    notes: Mapping[str, tuple[str, ...]],
    view: View | None = None,
) -> None:
    """Prints one table a set.

    Args:
        rows: Of `harness.reporting.rows.flat_rows`.
        spent: What everything cost.
        notes: Of `harness.reporting.notes.set_notes`.
        view: What is shown.

    Raises:
        InputError: There is no such column.
    """
    from harness.reporting.costs import cost_notes

    view = view or View()
    sets: dict[object, dict[str, list[Row]]] = {}
    for row in rows:
        sets.setdefault(row["set"], {}).setdefault(str(row["metric"]), []).append(row)
    _check_columns(view, sets.values())
    measured = not view.columns or not _MEASURED.isdisjoint(view.columns)
    said, shown = cost_notes(spent) if measured else {}, 0
    for name, boards in sets.items():
        if name is None and len(sets) > 1 and not (view.overall or view.versus):
            continue
        key = str(name or "")
        shown += _print_set(name, boards, (*notes.get(key, ()), *said.get(key, ())), view)
    if view.versus and not shown:
        _say(f"nobody is ranked beside {view.versus}")


def print_set_standings(standings: Iterable[SetStanding]) -> None:
    """Prints a table for each set and metric of sets."""
    of_board = attrgetter("set", "metric")
    for (name, metric), found in groupby(standings, of_board):
        rows = list(found)
        better = "higher" if rows[0].higher_is_better else "lower"
        images = counted(rows[0].of, "image")
        _say("", f"{name}, {images} as a whole, by {metric}: {better} is better")
        _say(*dict.fromkeys(row.reason for row in rows if row.value is not None and row.reason))
        shown = []
        for row in rows:
            here = row.value is not None
            interval = f"{row.ci_low:.4g} to {row.ci_high:.4g}" if row.ci_low is not None else ""
            told = {"rank": row.rank, "rank_low": row.rank_low, "rank_high": row.rank_high}
            shown.append(
                {
                    "rank": _rank(told),
                    "restorer": _short(printable(row.restorer)),
                    metric: f"{row.value:.4g}" if here else "-",
                    "95 % interval": interval,
                    "note": "" if here else row.reason,
                }
            )
        print_table(shown, tuple(shown[0]))


def _check_columns(view: View, sets: Iterable[Mapping[str, object]]) -> None:
    known = dict.fromkeys([*(metric for boards in sets for metric in boards), *COSTS])
    if wrong := [name for name in view.columns if name not in known]:
        raise InputError(f"no column {wrong[0]!r}; there are {', '.join(known)}")


def _print_set(
    name: object, boards: Mapping[str, list[Row]], notes: Iterable[str], view: View
) -> bool:
    """Prints the table of a set, and says whether there is one."""
    ranking = (metric for metric, rows in boards.items() if rows[0]["rank"] is not None)
    main = view.by or next(ranking, next(iter(boards)))
    main = main if main in boards else next(iter(boards))
    rows = boards[main]
    if view.versus and not any(row["verdict"] for row in rows):
        return False
    task = f" ({rows[0]['task']})" if rows[0]["task"] else ""
    images = int(str(rows[0]["images"]))
    _say("", f"{name or 'all sets'}{task}, {counted(images, 'image')}, by {main}")
    if view.versus:
        _say(_directions({main: rows}), f"each minus {view.versus}, over their common images")
        others = [row for row in rows if row["restorer"] != view.versus]
        _print_part(_gaps(others, _digits(rows) if view.digits is None else view.digits))
        notes = ()
    else:
        metrics = [metric for metric in view.columns if metric in boards]
        metrics = metrics or ([main] if view.columns else [main, *boards])
        shown = {metric: boards[metric] for metric in dict.fromkeys(metrics)}
        _say(_directions(shown))
        _print_columns(_columns(rows, shown, view))
        if view.intervals:
            _say("in brackets: 95 % interval of the gap to the best mean, paired by image")
    _say(*filter(None, (caution(images), *notes)))
    return True


def _say(*lines: str) -> None:
    for line in lines:
        click.echo(click.wrap_text(printable(line), WIDTH))


def _directions(boards: Mapping[str, list[Row]]) -> str:
    """`psnr in dB, ssim: higher is better; niqe: lower is better`."""
    found: dict[str, list[str]] = {}
    for metric, rows in boards.items():
        unit = f" in {rows[0]['unit']}" if rows[0]["unit"] else ""
        better = "higher" if rows[0]["higher_is_better"] else "lower"
        found.setdefault(better, []).append(f"{metric}{unit}")
    return "; ".join(f"{', '.join(names)}: {way} is better" for way, names in found.items())


Column = list[str]
"""A heading, and a cell for each row, all of one width."""


def _columns(rows: Sequence[Row], boards: Mapping[str, list[Row]], view: View) -> list[Column]:
    """Names and ranks, then metrics and costs."""
    names = [_short(printable(row["restorer"])) for row in rows]
    columns = [
        _padded(["rank", *(_rank(row) for row in rows)], rjust),
        _padded(["restorer", *names], ljust),
    ]
    for metric, found in boards.items():
        of_metric = {row["restorer"]: row for row in found}
        places = _digits(found) if view.digits is None else view.digits
        means = [_mean(of_metric.get(row["restorer"]), places, view.intervals) for row in rows]
        columns.append(_padded([metric, *_by_point(means)], rjust))
    chosen = [name for name in view.columns or COSTS[:2] if name in COSTS]
    if not view.columns and any(row["failures"] for row in rows):
        chosen = [*chosen, "failures"]
    for name in chosen:
        values = [row.get(name) for row in rows]
        # a 0 says something where it was asked for
        if any(values) or (view.columns and values != [None] * len(values)):
            cells = list(map(_cost, values))
            whole = name == "parameters"
            columns.append(_padded([name, *(cells if whole else _by_point(cells))], rjust))
    return columns


def _gaps(rows: Sequence[Row], places: int) -> list[Column]:
    """How far each is from one of them, with interval and p."""
    texts = []
    for row in rows:
        fields = ("difference", "difference_low", "difference_high", "p")
        gap, low, high, p = map(row.get, fields)
        known = isinstance(gap, float), isinstance(low, float)
        texts.append(
            (
                f"{gap:+.{places}f}" if known[0] else "-",
                f"[{low:+.{places}f}, {high:+.{places}f}]" if known[1] else "",
                _p(p) if isinstance(p, float) else "",
                printable(row["verdict"] or ""),
            )
        )
    gaps, intervals, p_values, verdicts = (list(column) for column in zip(*texts, strict=True))
    return [
        _padded(["restorer", *(_short(printable(row["restorer"])) for row in rows)], ljust),
        _padded(["difference", *gaps], rjust),
        _padded(["95 % interval", *intervals], rjust),
        _padded(["p", *_by_point(p_values)], ljust),
        _padded(["verdict", *verdicts], ljust),
    ]


def _p(value: float) -> str:
    """Two digits; what tells nothing apart is not rounded down to the 0.05 that does."""
    return f"{value if value <= SIGNIFICANT else max(value, SIGNIFICANT + 0.001):.2g}"


def _print_columns(columns: list[Column]) -> None:
    """As many columns as fit beside each other; the rest below, beside the names again."""
    rank, names, *rest = columns
    part = [rank, names]
    for column in rest:
        if (
            len(part) > 1
            and sum(columns_of(other[0]) + 2 for other in part) + columns_of(column[0]) > WIDTH
        ):
            _print_part(part)
            part = [names]
        part.append(column)
    _print_part(part)


def _print_part(columns: list[Column]) -> None:
    for place, line in enumerate(zip(*columns, strict=True)):
        text = "  ".join(line).rstrip()
        click.echo(text if place else click.style(text, bold=True))


def _padded(cells: list[str], pad: Callable[[str, int], str]) -> Column:
    width = max(map(columns_of, cells))
    return [pad(cell, width) for cell in cells]


def _by_point(cells: list[str]) -> list[str]:
    """Numbers one below the other by their decimal points; what follows them goes on from there."""
    tails = [cell[cell.index(".") :] if "." in cell.partition(" ")[0] else "" for cell in cells]
    width = max(map(len, tails), default=0)
    fit = zip(cells, tails, strict=True)
    return [cell + " " * (width - len(tail)) if cell else cell for cell, tail in fit]


def _short(name: str) -> str:
    half = NAME_WIDTH // 2
    return name if len(name) <= NAME_WIDTH else f"{name[:half]}...{name[3 - half :]}"


def _rank(row: Row) -> str:
    rank, low, high = row["rank"], row["rank_low"], row["rank_high"]
    if rank is None:
        return "-"
    return f"{rank} ({low}-{high})" if low != high else str(rank)


def _digits(rows: Iterable[Row]) -> int:
    """4 where values are about 1, as those of SSIM and LPIPS; else 2."""
    means = list(_numbers(row["mean"] for row in rows))
    small = not any(row["unit"] for row in rows) and max(map(abs, means), default=0.0) <= 2
    return 4 if small else 2


def _numbers(values: Iterable[object]) -> Iterator[float]:
    yield from (float(v) for v in values if isinstance(v, int | float) and math.isfinite(v))


def _mean(row: Row | None, places: int, with_interval: bool) -> str:
    if row is None or row["mean"] is None:
        return "-"
    low, high = row["gap_low"], row["gap_high"]
    interval = (
        f" [{low:+.{places}f}, {high:+.{places}f}]" if with_interval and low is not None else ""
    )
    return f"{row['mean']:.{places}f}{interval}"


def _cost(value: object) -> str:
    if isinstance(value, int) and abs(value) >= 1000:
        rounded = int(float(f"{value:.3g}"))  # 999,900 is a million, and no thousand thousands
        power = (len(str(abs(rounded))) - 1) // 3
        return f"{rounded / 1000**power:.3g}{'kMGT'[power - 1]}"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"
    return "" if value is None else printable(value)
