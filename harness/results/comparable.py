"""What has to agree before the scores of two runs are ranked together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from harness.errors import IncomparableError
from harness.results.run import Run
from harness.results.set_scores import SetScores


def check_comparable(
    one: Path, other: Path, differences: Iterable[tuple[str, object, object]]
) -> None:
    """Holds the headers of two runs against each other.

    The hashes of the images are compared while they are merged.
    """
    for what, old, new in differences:
        if old != new:
            is_code = what.startswith("fingerprint")
            remedy = "; its code or weights differ: resume both with this version" * is_code
            raise IncomparableError(
                f"{one} and {other} are not comparable: {what} is {old!r} here, {new!r} there"
                f"{remedy}"
            )


def decisive(first: Run, second: Run) -> Iterator[tuple[str, object, object]]:
    """Everything that has to agree before scores are ranked together, of each run."""
    plans = first.plan, second.plan
    yield "the benchmark", first.benchmark, second.benchmark
    rules = plans[0].evaluation, plans[1].evaluation
    yield from _fields("the evaluation", *rules, without=("name", "hash"), last="hash")
    for name in plans[0].sets.keys() & plans[1].sets.keys():
        one, other = (plan.sets[name] for plan in plans)
        for key in ("task", "conditions", "definition"):
            yield f"{key} of the set {name}", getattr(one, key), getattr(other, key)
    # `specification` is how somebody typed it; a fingerprint says least of what differs
    cards = (
        ("metric", first.metrics, second.metrics),
        ("restorer", first.restorers, second.restorers),
    )
    for kind, here, there in cards:
        for name in here.keys() & there.keys():
            both = asdict(here[name]), asdict(there[name])
            without = ("specification", "fingerprint")
            yield from _fields(f"the {kind} {name}", *both, without=without, last="fingerprint")


def decisive_of_sets(first: SetScores, second: SetScores) -> Iterator[tuple[str, object, object]]:
    """Likewise of metrics of sets, whose values each say by what code they were measured."""
    for name in first.cards.keys() & second.cards.keys():
        cards = asdict(first.cards[name]), asdict(second.cards[name])
        yield from _fields(f"the metric {name}", *cards)
    prints = {(row.metric, row.fingerprint) for row in (*first.rows, *second.rows)}
    for name, found in groupby(sorted(prints), itemgetter(0)):
        one, *others = (fingerprint for _, fingerprint in found)
        yield from ((f"fingerprint of the metric {name}", one, other) for other in others)


def _fields(
    what: str,
    one: Mapping[str, object],
    other: Mapping[str, object],
    without: Sequence[str] = (),
    last: str = "",
) -> Iterator[tuple[str, object, object]]:
    keys = [key for key in {**one, **other} if key not in without] + [last] * bool(last)
    yield from ((f"{key} of {what}", one.get(key), other.get(key)) for key in keys)
