"""What restorers cost, and what they give for it: costs by set, and quality against each cost."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from statistics import median
from typing import TypeVar

from harness.ranking.leaderboards import Ranking
from harness.ranking.tables import metric_names, scopes
from harness.results import (
    FIRST_CALLS,
    MIXED_HARDWARE,
    TIMED_BESIDE,
    TIMED_IN_BATCHES,
    Cost,
    Leaderboard,
    Run,
    RunData,
    Spent,
    TradeOff,
    TradeOffPoint,
)

N = TypeVar("N", int, float)


def costs(data: RunData) -> tuple[Cost, ...]:
    """What every restorer costs on every set.

    Medians of time and operations, largest memory, smallest tile. The first cell of a worker finds
    memory that nobody has touched and caches that are empty: it counts as warm-up.
    """
    groups: dict[tuple[str, str], list[Spent]] = {}
    hardware: dict[str, set[str]] = {}
    kinds = {host: data.run.hardware(host) for host in (None, *data.run.hosts())}
    warm = {
        (image.cell.restorer, image.cell.set) for image in data.restored if not image.spent.cold
    }
    warmed = {name for _, name in warm}
    for image in data.restored:
        groups.setdefault((image.cell.restorer, image.cell.set), []).append(image.spent)
        hardware.setdefault(image.cell.set, set()).add(kinds.get(image.spent.host, ""))
    device = _device(data.run)
    return tuple(
        replace(
            _cost(restorer, name, device, spent),
            mixed=len(hardware[name]) > 1,
            first=name in warmed and (restorer, name) not in warm,
        )
        for (restorer, name), spent in groups.items()
    )


def _cost(restorer: str, set_name: str, device: str | None, spent: Sequence[Spent]) -> Cost:
    flops = [item.flops for item in spent if item.flops is not None]
    timed = [item.seconds for item in spent if not item.cold] or [item.seconds for item in spent]
    known = all(item.beside is not None for item in spent)
    return Cost(
        restorer,
        set_name,
        seconds=median(timed),
        peak_mib=_known(max, (item.peak_mib for item in spent)),
        n=len(spent),
        cuda_mib=_known(max, (item.cuda_mib for item in spent)),
        flops=median(flops) if flops else None,
        tile=_known(min, (item.tile for item in spent)),
        precision=", ".join(sorted({item.precision for item in spent if item.precision})) or None,
        fell_back=sum(item.fell_back for item in spent),
        growth_mib=max(item.growth_mib for item in spent),
        timed=len(timed),
        beside=_known(max, (item.beside for item in spent)) if known else None,
        device=device,
        threads=_known(max, (item.threads for item in spent)),
        size=_size(spent),
        batch=max(item.batch for item in spent),
    )


def _known(choose: Callable[[Iterable[N]], N], values: Iterable[N | None]) -> N | None:
    found = [value for value in values if value is not None]
    return choose(found) if found else None


def _size(spent: Iterable[Spent]) -> str | None:
    """Width x height of the smallest image and of the largest, by their number of pixels."""
    sides = {(item.width, item.height) for item in spent if item.width and item.height}
    ordered = sorted(sides, key=lambda side: (side[0] * side[1], side))
    ends = [f"{width}x{height}" for width, height in ordered]
    return " to ".join(dict.fromkeys(ends[:1] + ends[-1:])) or None


def _device(run: Run) -> str | None:
    parts = run.environment.get("merged")
    environments = [part.get("environment") for part in parts] if isinstance(parts, list) else []
    named = (place.get("device") for place in (run.environment, *environments) if place)
    return ", ".join(sorted({str(name) for name in named if name})) or None


def cost_notes(spent: Iterable[Cost]) -> dict[str, tuple[str, ...]]:
    """What has to be said beside the costs of each set.

    How they were measured, and which restorers are not ranked by time, or have no peak of memory.
    """
    sets: dict[str, list[Cost]] = {}
    for item in spent:
        sets.setdefault(item.set, []).append(item)
    return {name: tuple(_notes(here)) for name, here in sets.items()}


def _names(some: Sequence[str], every: Sequence[Cost]) -> str:
    if len(some) == len(every):
        return "all"
    return ", ".join(some[:5]) + (f" and {len(some) - 5} more" if len(some) > 5 else "")


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _notes(here: Sequence[Cost]) -> Iterator[str]:
    how = (
        {item.device for item in here},
        {_plural(item.threads, "thread") for item in here if item.threads},
        {item.precision for item in here},
        {item.size for item in here},
    )
    known = (" or ".join(sorted(filter(None, names))) for names in how)
    yield ", ".join(("seconds: median after warm-up", *filter(None, known)))
    for why in (MIXED_HARDWARE, TIMED_BESIDE, TIMED_IN_BATCHES, FIRST_CALLS):
        if untimed := [item.restorer for item in here if item.untimed == why]:
            yield f"not ranked by time: {_names(untimed, here)}; {why}"
    older = [item.restorer for item in here if item.peak_mib is None]
    if older:
        who = _names(older, here)
        yield f"no peak of memory: {who}; restored beside other work, or by an older version"


def main_board(ranking: Ranking, scope: str | None) -> Leaderboard | None:
    """The leaderboard of a set, or of the whole benchmark, by the first metric that ranks there."""
    boards = {board.metric: board for board in ranking.boards if board.set == scope and board.rows}
    named = (boards[name] for name in metric_names(ranking.data) if name in boards)
    return next((board for board in named if board.rows[0].rank is not None), None)


def trade_offs(ranking: Ranking, spent: Sequence[Cost]) -> tuple[TradeOff, ...]:
    """For each set: quality against each cost, and perception against distortion.

    That is its first no-reference metric against its first full-reference one, which are at odds
    (Blau and Michaeli 2018): no restorer can be best in both.
    """
    data, found = ranking.data, []
    for scope, _ in scopes(data):
        main = main_board(ranking, scope)
        if scope is None or main is None:
            continue
        for name, values in _costs_on(data, spent, scope).items():
            found.append(_trade_off(f"quality-{name}", scope, (name, values, False), _axis(main)))
        sides: dict[bool, Leaderboard] = {}
        for board in ranking.boards:
            if board.set == scope:
                sides.setdefault(data.run.metrics[board.metric].needs_reference, board)
        if len(sides) == 2:
            axes = _axis(sides[True]), _axis(sides[False])
            found.append(_trade_off("perception-distortion", scope, *axes))
    return tuple(item for item in found if len(item.points) > 1)


def _costs_on(data: RunData, spent: Sequence[Cost], scope: str) -> dict[str, dict[str, float]]:
    """What each restorer costs on a set: median seconds, learned weights, peak memory.

    Who was not timed alone has no seconds here.
    """
    here = [item for item in spent if item.set == scope]
    weights = {item.restorer: data.run.restorer(item.restorer).parameters for item in here}
    return {
        "seconds": {item.restorer: item.seconds for item in here if item.timed_alone},
        "parameters": {name: float(value) for name, value in weights.items() if value is not None},
        "peak_mib": {
            item.restorer: item.memory_mib for item in here if item.memory_mib is not None
        },
    }


_Axis = tuple[str, dict[str, float], bool]


def _axis(board: Leaderboard) -> _Axis:
    means = {row.restorer: row.mean for row in board.rows if row.mean is not None}
    return board.metric, means, board.higher_is_better


def _trade_off(kind: str, scope: str, x: _Axis, y: _Axis) -> TradeOff:
    signs = 1 if x[2] else -1, 1 if y[2] else -1
    places = {name: (x[1][name], y[1][name]) for name in y[1] if name in x[1]}
    oriented = {name: (signs[0] * a, signs[1] * b) for name, (a, b) in places.items()}
    points = tuple(
        TradeOffPoint(
            name, *place, not any(_dominates(o, oriented[name]) for o in oriented.values())
        )
        for name, place in places.items()
    )
    return TradeOff(kind, scope, x[0], y[0], x[2], y[2], points)


def _dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] >= other[0] and one[1] >= other[1]
