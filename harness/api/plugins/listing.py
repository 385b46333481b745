"""What is installed, and whether it is usable here. Imports no heavy package."""

from collections.abc import Sequence
from inspect import signature
from typing import Any

from harness.errors import describe_error

_REGISTRIES = {"metrics": ("metrics", "set_metrics")}
"""Of kinds that have more than one."""

KINDS = ("restorers", "benchmarks", "sets", "metrics", "reports", "degradations", "executors")

# what rows of each kind hold besides, as it is where a plugin cannot be asked
_UNKNOWN: dict[str, dict[str, object]] = {
    "restorers": {"tasks": [], "scale": [], "parameters": None},
    "benchmarks": {"sets": None, "images": None, "description": None},
    "sets": {"task": None, "sets": 1, "images": None, "pinned": None},
    "metrics": {
        "needs_reference": None,
        "higher_is_better": None,
        "state": "not supported",
        "megabytes": None,
        "unknown_sizes": None,
    },
    "reports": {},
    "degradations": {"parameters": []},
    "executors": {},
}


def list_plugins(kind: str) -> list[dict[str, object]]:
    """A row for each plugin; what is wrong with one is why it is not usable, and no error.

    Args:
        kind: One of `KINDS`.

    Returns:
        The rows of `restobench list --json`: kind, name, usable, reason, distribution, licence, and
        more of each kind.
    """
    return [row for registry in _REGISTRIES.get(kind, (kind,)) for row in _rows(kind, registry)]


def _rows(kind: str, name_of: str) -> list[dict[str, object]]:
    """The rows of one registry of a kind."""
    from harness.plugins import registry

    plugins = _registry(name_of)
    given = {name: plugins.origin(name).distribution for name in plugins}
    foreign = [name for name, by in given.items() if not by.startswith((registry.OWN, "this "))]
    asked = _asked_in_a_worker(kind, name_of, foreign)
    rows = []
    for name, distribution in given.items():
        row = _said(kind, name_of, name) if name not in asked else asked[name]
        row = {
            "kind": plugins.kind,
            "name": name,
            "reason": None,
            "distribution": distribution,
            "licence": None,
            **_UNKNOWN[kind],
            **row,
        }
        rows.append({**row, "usable": row["reason"] is None})
    return rows


def _registry(name: str) -> Any:
    from harness.plugins import kinds

    return getattr(kinds, name)


def _asked_in_a_worker(
    kind: str, registry: str, names: Sequence[str]
) -> dict[str, dict[str, object]]:
    """What third parties' plugins say of themselves: there they may end the process, or hang."""
    if not names:
        return {}
    from harness.plugins.importing import import_seconds
    from harness.workers.pool import Trouble, WorkerPool

    seconds = import_seconds() + 5  # to be imported in, and to answer
    found: dict[str, dict[str, object]] = {}
    with WorkerPool(1) as pool:
        for name in names:
            said = pool.run(_said, kind, registry, name, timeout=seconds)
            found[name] = (
                {"reason": f"cannot be asked: {said.message}"}
                if isinstance(said, Trouble)
                else said
            )
    return found


def _said(kind: str, registry: str, name: str) -> dict[str, object]:
    """What a plugin says of itself; what is wrong with it is its `reason`."""
    from harness.plugins.registry import why_missing

    try:
        plugin = _registry(registry).get(name)
        return {"reason": why_missing(plugin)} | _describe(kind, plugin)
    except (Exception, SystemExit) as error:  # a third party's code
        return {"reason": describe_error(error)}


def _describe(kind: str, plugin: Any) -> dict[str, object]:
    """What else there is to say of a plugin of one kind; builds sets and benchmarks to ask them."""
    card = getattr(plugin, "card", None)  # that of a file is not known before it is built
    match kind:
        case "restorers" if card:
            return {
                "licence": card.licence,
                "tasks": card.tasks,
                "scale": card.scales,
                "parameters": card.parameters,
            }
        case "metrics" if card:
            shown = ("licence", "needs_reference", "higher_is_better")
            return {name: getattr(card, name) for name in shown} | _state(plugin)
        case "sets":
            item = plugin()
            reason, told = item.absent(), item.describe()
            return {
                "reason": reason,
                "licence": told.get("licence"),
                "task": item.task,
                "images": len(item.ids()) if reason is None else None,
                "pinned": told.get("pinned"),
            }
        case "benchmarks":
            benchmark = plugin()
            reasons = [(item, item.absent()) for item in benchmark.sets]
            absent = [f"{item.name}: {why}" for item, why in reasons if why]
            here = [item for item, why in reasons if not why]
            return {
                "reason": absent[0] if absent and not here else None,
                "sets": len(benchmark.sets),
                "images": sum(len(item.ids()) for item in here),
                "description": benchmark.description,
            }
        case "degradations":
            return {"parameters": list(signature(plugin).parameters)}
    return {}


def _state(plugin: Any) -> dict[str, object]:
    """Whether a metric is here or can be fetched, and how much that is."""
    from harness.metrics.fetching import megabytes, state_of

    state = state_of(plugin)
    known, unknown = megabytes(plugin) if state == "fetchable" else (None, None)
    return {"state": state, "megabytes": known or None, "unknown_sizes": unknown}


def list_restorers() -> list[dict[str, object]]:
    """Restorers, with their tasks, scales and parameters; as of `list_plugins`."""
    return list_plugins("restorers")


def list_benchmarks() -> list[dict[str, object]]:
    """Benchmarks, with how many sets and images are here; as of `list_plugins`."""
    return list_plugins("benchmarks")


def list_sets() -> list[dict[str, object]]:
    """Degraded sets, with their tasks and images; as of `list_plugins`."""
    return list_plugins("sets")


def list_metrics() -> list[dict[str, object]]:
    """Metrics, with their directions; as of `list_plugins`."""
    return list_plugins("metrics")


def list_degradations() -> list[dict[str, object]]:
    """Degradations, with their parameters; as of `list_plugins`."""
    return list_plugins("degradations")


def list_reports() -> list[dict[str, object]]:
    """Formats of reports; as of `list_plugins`."""
    return list_plugins("reports")
