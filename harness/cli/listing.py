"""`restobench list`: what is installed, and whether it is usable here. Imports no heavy package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

KINDS = ("restorers", "benchmarks", "sets", "metrics", "reports", "degradations")

EXAMPLES = """
\b
Examples:
  restobench list
  restobench list metrics
  restobench list restorers --json
"""


@click.command("list", epilog=EXAMPLES)
@click.argument("kind", required=False, type=click.Choice(KINDS))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(kind: str | None, as_json: bool) -> None:
    """List restorers, benchmarks, sets, metrics, reports, degradations: what each is, and what it needs."""
    from harness.cli.output import print_json, print_table

    kinds = [kind] if kind else list(KINDS)
    rows = {name: list(_ROWS[name]()) for name in kinds}
    if as_json:
        print_json("list", [row for name in kinds for row in rows[name]])
        return
    for name in kinds:
        click.echo(
            f"\n{name} ({len(rows[name])})" if len(kinds) > 1 else f"{name} ({len(rows[name])})"
        )
        shown = [{key: _show(value) for key, value in row.items()} for row in rows[name]]
        print_table(shown, _COLUMNS[name])


def _show(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value


def _row(
    registry: Any, name: str, reason: str | None, licence: str | None, **more: Any
) -> dict[str, Any]:
    return {
        "kind": registry.kind,
        "name": name,
        "usable": reason is None,
        "reason": reason,
        "distribution": registry.origin(name).distribution,
        "licence": licence,
        **more,
    }


def _plugins(registry: Any) -> Iterator[tuple[str, Any, str | None]]:
    """Name, plugin and the reason why it is not usable; one that does not import is a row, not an error."""
    from harness.errors import PluginError

    for name in registry:
        try:
            plugin = registry.get(name)
            reason = plugin.missing() if hasattr(plugin, "missing") else None
        except PluginError as error:
            yield name, None, str(error)
        else:
            yield name, plugin, reason


def _restorers() -> Iterator[dict[str, Any]]:
    from harness.plugins import restorers

    for name, plugin, reason in _plugins(restorers):
        card = getattr(plugin, "card", None)
        yield _row(
            restorers,
            name,
            reason,
            card and card.licence,
            tasks=[str(task) for task in card.tasks] if card else [],
            scale=list(card.scales) if card else [],
            parameters=card and card.parameters,
        )


def _metrics() -> Iterator[dict[str, Any]]:
    from harness.plugins import metrics

    for name, plugin, reason in _plugins(metrics):
        card = getattr(plugin, "card", None)
        yield _row(
            metrics,
            name,
            reason,
            card and card.licence,
            needs_reference=card and card.needs_reference,
            higher_is_better=card and card.higher_is_better,
        )


def _sets() -> Iterator[dict[str, Any]]:
    from harness.errors import HarnessError
    from harness.plugins import sets

    for name, factory, reason in _plugins(sets):
        task, licence, images, pinned = None, None, None, None
        if factory is not None:
            try:
                item = factory()
                reason, task = item.absent(), str(item.task)
                licence, pinned = (item.describe().get(key) for key in ("licence", "pinned"))
                images = len(item.ids()) if reason is None else None
            except HarnessError as error:
                reason = str(error)
        yield _row(sets, name, reason, licence, task=task, sets=1, images=images, pinned=pinned)


def _benchmarks() -> Iterator[dict[str, Any]]:
    from harness.errors import HarnessError
    from harness.plugins import benchmarks

    for name, factory, reason in _plugins(benchmarks):
        row: dict[str, Any] = {"sets": None, "images": None, "description": None}
        if factory is not None:
            try:
                benchmark = factory()
                reasons = [item.absent() for item in benchmark.sets]
                here = [
                    item for item, why in zip(benchmark.sets, reasons, strict=True) if why is None
                ]
                absent = [
                    f"{item.name}: {why}"
                    for item, why in zip(benchmark.sets, reasons, strict=True)
                    if why
                ]
                row = {
                    "sets": len(benchmark.sets),
                    "images": sum(len(item.ids()) for item in here),
                    "description": benchmark.description,
                }
                reason = absent[0] if absent and not here else None
            except HarnessError as error:
                reason = str(error)
        yield _row(benchmarks, name, reason, None, **row)


def _reports() -> Iterator[dict[str, Any]]:
    from harness.plugins import reports

    for name, _plugin, reason in _plugins(reports):
        yield _row(reports, name, reason, None)


def _degradations() -> Iterator[dict[str, Any]]:
    from inspect import signature

    from harness.plugins import degradations

    for name, plugin, reason in _plugins(degradations):
        yield _row(
            degradations,
            name,
            reason,
            None,
            parameters=list(signature(plugin).parameters) if plugin else [],
        )


_ROWS = {
    "restorers": _restorers,
    "benchmarks": _benchmarks,
    "sets": _sets,
    "metrics": _metrics,
    "reports": _reports,
    "degradations": _degradations,
}
_COLUMNS = {
    "restorers": [
        "name",
        "tasks",
        "scale",
        "parameters",
        "licence",
        "usable",
        "distribution",
        "reason",
    ],
    "benchmarks": ["name", "sets", "images", "usable", "distribution", "description", "reason"],
    "sets": ["name", "task", "images", "pinned", "licence", "usable", "distribution", "reason"],
    "metrics": [
        "name",
        "needs_reference",
        "higher_is_better",
        "licence",
        "usable",
        "distribution",
        "reason",
    ],
    "reports": ["name", "usable", "distribution", "reason"],
    "degradations": ["name", "parameters", "usable", "distribution", "reason"],
}
