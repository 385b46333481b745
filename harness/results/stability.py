"""How an order holds when something is left out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankRange:
    """A restorer's rank with everything, and its best and worst with one thing left out."""

    restorer: str
    rank: int
    best: int
    worst: int


@dataclass(frozen=True, slots=True)
class Stability:
    """How an order holds when one image, metric or set is left out, each in its turn.

    Attributes:
        task: The task.
        set: For `image`: the leaderboard's set, or `None` for the whole benchmark. Else `None`.
        metric: For `image`: the leaderboard's metric. Else `borda`: the order over all metrics and
            sets of the task.
        left_out: `image`, `metric` or `set`.
        cases: How many there were to leave out.
        same_leader: Share of cases, 0 to 1, that keep the leader.
        same_order: Share of cases that keep the whole order.
        lowest_tau: Kendall's tau-b between the whole order and the one furthest from it.
        most_influential: What that one lacks: an image's id, a metric or a set; `None` when nothing
            changes the order.
        ranges: Every restorer, best first.
    """

    task: str
    set: str | None
    metric: str
    left_out: str
    cases: int
    same_leader: float
    same_order: float
    lowest_tau: float
    most_influential: str | None
    ranges: tuple[RankRange, ...]
