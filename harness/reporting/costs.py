"""What restorers cost, and what they give for it: costs by set, and quality against each cost."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import TypeVar

from harness.ranking.leaderboards import Ranking
from harness.ranking.tables import metric_names, scopes
from harness.results import Cost, Leaderboard, RunData, Spent, TradeOff, TradeOffPoint

N = TypeVar("N", int, float)


def costs(data: RunData) -> tuple[Cost, ...]:
    """What every restorer costs on every set.

    Medians of time and operations, largest memory, smallest tile.
    """
    groups: dict[tuple[str, str], list[Spent]] = {}
    for image in data.restored:
        groups.setdefault((image.cell.restorer, image.cell.set), []).append(image.spent)
    return tuple(_cost(restorer, name, spent) for (restorer, name), spent in groups.items())


def _cost(restorer: str, set_name: str, spent: Sequence[Spent]) -> Cost:
    flops = [item.flops for item in spent if item.flops is not None]
    return Cost(
        restorer,
        set_name,
        seconds=median(item.seconds for item in spent),
        peak_mib=max(item.peak_mib for item in spent),
        n=len(spent),
        cuda_mib=_known(max, (item.cuda_mib for item in spent)),
        flops=median(flops) if flops else None,
        tile=_known(min, (item.tile for item in spent)),
        precision=", ".join(sorted({item.precision for item in spent if item.precision})) or None,
        fell_back=sum(item.fell_back for item in spent),
    )


def _known(choose: Callable[[Iterable[N]], N], values: Iterable[N | None]) -> N | None:
    found = [value for value in values if value is not None]
    return choose(found) if found else None


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
    """What each restorer costs on a set: median seconds, learned weights, peak memory."""
    here = [item for item in spent if item.set == scope]
    weights = {item.restorer: data.run.restorer(item.restorer).parameters for item in here}
    return {
        "seconds": {item.restorer: item.seconds for item in here},
        "parameters": {name: float(value) for name, value in weights.items() if value is not None},
        "peak_mib": {item.restorer: item.peak_mib for item in here},
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
