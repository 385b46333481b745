"""How an order holds when one thing is left out, in words."""

from harness.results import Stability
from reports.wording import number


def stability_words(item: Stability) -> dict[str, object]:
    """One statement: what was left out, what stayed, and what mattered most."""
    return {
        "task": item.task,
        "of": f"each of {item.cases} {item.left_out}{'s' * (item.cases != 1)} left out in turn",
        "leader": _share(item.same_leader, item.cases),
        "order": _share(item.same_order, item.cases),
        "influential": item.most_influential or "",
        "tau": number(item.lowest_tau, 2),
        "moving": [
            f"{row.restorer} {row.best} to {row.worst}"
            for row in item.ranges
            if (row.best, row.worst) != (row.rank, row.rank)
        ],
    }


def _share(value: float, cases: int) -> str:
    """How often, in cases: no statement about what other images would show."""
    kept = round(value * cases)
    if kept == cases:
        return "in each case"
    return "in no case" if kept == 0 else f"in {kept} of {cases} cases"
