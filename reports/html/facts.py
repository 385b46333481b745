"""What is the same on every page, and where the run came from: counts, sets, metrics, environment, troubles."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from harness.protocols import ReportData
from harness.results import Failure
from reports.html.places import Places
from reports.wording import count, licence_mark


def common(report: ReportData) -> dict[str, Any]:
    """What the frame of every page shows."""
    run = report.data.run
    return {
        "notes": report.notes,
        "started": _when(run.started),
        "evaluation": run.plan.get("evaluation") or {},
        "environment": list(flatten(run.environment)),
    }


def provenance(report: ReportData, places: Places) -> dict[str, Any]:
    """Restorers with licences, metrics, planned sets, environment."""
    run = report.data.run
    return {
        "restorers": [
            _restorer(name, card, places) for name, card in sorted(run.restorers.items())
        ],
        "any_restricted": any(
            licence_mark(str(card.get("licence") or "")) for card in run.restorers.values()
        ),
        "metric_cards": [{**card, "name": name} for name, card in sorted(run.metrics.items())],
        "planned_sets": list((run.plan.get("sets") or {}).items()),
        "counts": {
            "restorers": len(run.restorers),
            "sets": len({board.set for board in report.leaderboards if board.set is not None}),
            "images": len(report.data.samples),
        },
    }


def failures_by_restorer(report: ReportData) -> dict[str, list[Failure]]:
    """Failures of each restorer."""
    found: dict[str, list[Failure]] = defaultdict(list)
    for failure in report.data.failures:
        found[failure.cell.restorer].append(failure)
    return found


def troubles(
    failures: Mapping[str, Sequence[Failure]], report: ReportData, places: Places
) -> dict[str, Any]:
    """Failures counted by restorer, kind and metric, each with its first message; and what was skipped."""
    rows = []
    for name, found in sorted(failures.items()):
        kinds = Counter((failure.kind.value, failure.metric or "") for failure in found)
        for (kind, metric), number in kinds.most_common():
            first = next(f for f in found if (f.kind.value, f.metric or "") == (kind, metric))
            rows.append(
                {
                    "restorer": name,
                    "link": places.restorer(name),
                    "kind": kind,
                    "metric": metric,
                    "count": number,
                    "message": first.message,
                    "set": first.cell.set,
                    "image": first.cell.image,
                }
            )
    return {"failures": rows, "skipped": report.data.skipped[:1000]}


def _when(started: str) -> str:
    try:
        return f"{datetime.fromisoformat(started).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return started


def _restorer(name: str, card: Mapping[str, Any], places: Places) -> dict[str, Any]:
    licence = str(card.get("licence") or "")
    parameters = card.get("parameters")
    return {
        "name": name,
        "link": places.restorer(name),
        "licence": licence,
        "mark": licence_mark(licence),
        "parameters": count(parameters) if isinstance(parameters, int | float) else "",
        "paper": card.get("paper") or "",
        "source": card.get("source") or "",
    }


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as pairs of words."""
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key} ")
        elif value is not None:
            yield f"{prefix}{key}", str(value)
