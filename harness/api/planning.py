"""What is going to be evaluated: names for worker processes, and objects for this process."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

from harness.cards import check_feeding, plain_name, plain_types
from harness.errors import InputError, as_utf8
from harness.plugins.fingerprints import VERSION, metric_fingerprint
from harness.plugins.kinds import resolve_benchmark
from harness.plugins.specification import RestorerSpec, parse_restorer, unique_name
from harness.protocols import Benchmark, Restorer, card_mismatch
from harness.restoring.build import build_restorer
from harness.restoring.wrapping import Feeding, as_restorer, is_restorer
from harness.results import Skipped
from harness.running.plan import (
    Plan,
    PlannedRestorer,
    choose_ids,
    choose_metrics,
    choose_sets,
)


class Choice(TypedDict, total=False):
    """Which part of a benchmark is run; `harness.api.evaluation.evaluate` says what each means."""

    sets: Sequence[str]
    metrics: Sequence[str]
    limit: int | None


def find_benchmark(benchmark: str | Path | Benchmark) -> Benchmark:
    """A benchmark as it is, by its name, or by its file.

    Raises:
        InputError: It is something else, or there is none of this name.
    """
    if isinstance(benchmark, Benchmark):
        return benchmark
    if not isinstance(benchmark, str | Path):
        raise InputError(
            f"benchmark is {benchmark!r:.60}; expected a name, a TOML file or a harness.Benchmark"
        )
    return resolve_benchmark(str(benchmark))


def name_things(things: object) -> dict[str, object]:
    """What is evaluated, by names; numbers stand for those that the caller has not named.

    Raises:
        InputError: There is nothing, or a name that cannot be.
    """
    if isinstance(things, Mapping):
        if things and all(hasattr(thing, "is_floating_point") for thing in things.values()):
            raise InputError(
                "weights alone restore nothing: load them into their network, "
                "network.load_state_dict(weights), and give that"
            )
        found = {str(name): thing for name, thing in things.items()}
        if wrong := [name for name in found if not name or name.startswith("#")]:
            raise InputError(f"{wrong[0]!r} is no name of a restorer; give another")
    else:
        single = isinstance(things, str | bytes | type) or hasattr(things, "__array__")
        single = single or callable(things) or is_restorer(things)
        listed = [things] if single or not isinstance(things, Iterable) else list(things)
        found = {f"#{number}": thing for number, thing in enumerate(listed)}
    if not found:
        raise InputError("no restorer is given")
    return found


def as_text(thing: object) -> str | None:
    """What a worker would find it by; `None` for an object of this process alone."""
    if isinstance(thing, str | Path):
        return str(thing)
    if not isinstance(thing, type):
        return None
    if issubclass(thing, _module_class()):
        raise InputError(
            f"{thing.__name__} is the class of a network; give one that was built, "
            f"{thing.__name__}(...)"
        )
    if thing.__module__ == "__main__":
        return None
    # one that was made in a function or by `exec` is nowhere to be found
    module, name = thing.__module__, thing.__qualname__
    found = getattr(sys.modules.get(module), name, None)
    return f"{module}:{name}" if found is thing else None


def _module_class() -> type | tuple[type, ...]:
    torch = sys.modules.get("torch")
    found: type | tuple[type, ...] = () if torch is None else torch.nn.Module
    return found


def build_here(
    things: Mapping[str, object], feeding: Feeding, device: str
) -> dict[str, tuple[Restorer, str]]:
    """Builds restorers in this process.

    Returns:
        Name in the results -> the restorer, and what the caller gave for it.

    Raises:
        InputError: Something is no restorer, or two have one name.
    """
    built: dict[str, tuple[Restorer, str]] = {}
    for key, thing in things.items():
        own = None if key.startswith("#") else key
        if isinstance(thing, str | Path):
            spec = parse_restorer(str(thing))
            spec.check()
            restorer = build_restorer(spec, device)
            name, said = own or unique_name(spec, restorer.card, built), spec.text
        else:
            given = thing(device=device) if isinstance(thing, type) else thing
            restorer = as_restorer(given, feeding, own)
            check_feeding(restorer.card)
            name, said = own or plain_name(restorer.card), "an object of this process"
        name = as_utf8(name)
        if name in built:
            raise InputError(f"two restorers are called {name!r}; give a mapping of names")
        built[name] = restorer, said
    return built


def plan_here(benchmark: Benchmark, device: str, **choice: Unpack[Choice]) -> Plan:
    """A plan without restorers, for `with_built`.

    Args:
        benchmark: What is run.
        device: Of the metrics.
        choice: Which part of the benchmark.

    Raises:
        InputError: A set that is not there.
        UnavailableError: A metric that is not usable here.
    """
    sets, skipped = choose_sets(benchmark, choice.get("sets", ()))
    cards, absent = choose_metrics(choice.get("metrics", ()), benchmark.metrics)
    return Plan(
        benchmark=benchmark,
        sets=sets,
        ids=choose_ids(sets, choice.get("limit")),
        restorers=(),
        metrics=cards,
        metric_fingerprints={name: metric_fingerprint(name, device) for name in cards},
        skipped=tuple(skipped),
        device=device,
        absent_metrics=absent,
    )


def with_built(plan: Plan, built: Mapping[str, tuple[Restorer, str]]) -> Plan:
    """A plan with restorers that have been built.

    What they restore is never taken for what they restored before: nothing tells one state of an
    object from the next.

    Args:
        plan: Of `plan_here`.
        built: As of `build_here`.
    """
    planned, skipped = [], list(plan.skipped)
    for name, (restorer, said) in built.items():
        ask = getattr(restorer, "supports", None)
        reasons = {
            item.name: ask(item) if ask else card_mismatch(restorer.card, item)
            for item in plan.sets
        }
        skipped += [Skipped(name, set_name, why) for set_name, why in reasons.items() if why]
        able = frozenset(set_name for set_name, why in reasons.items() if not why)
        spec = RestorerSpec(said, name, None, ())
        fingerprint = f"{VERSION}:here-{secrets.token_hex(8)}"
        planned.append(PlannedRestorer(name, spec, plain_types(restorer.card), fingerprint, able))
    return replace(plan, restorers=tuple(planned), skipped=tuple(skipped))


def require_cells(plan: Plan) -> Plan:
    """Refuses a plan without anything to do.

    Raises:
        InputError: Says why every restorer is skipped.
    """
    if not plan.cells():
        reasons = dict.fromkeys(
            f"{skip.restorer or skip.set} {skip.reason}" for skip in plan.skipped
        )
        told = "; ".join(reasons) or "no image is left"
        raise InputError(f"nothing to run on {plan.benchmark.name}: {told}")
    return plan
