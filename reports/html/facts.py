"""What is the same on every page, and where the run came from.

Counts, sets, metrics, environment, troubles.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from harness.protocols.report import ReportData
from reports.html.headlines import summary
from reports.html.metrics_in_words import about
from reports.html.places import Places
from reports.pivot import grouped
from reports.wording import count, licence_mark

MOST_DESCRIBED = 300
"""Letters of a page's description, which search engines and messengers show."""


def common(report: ReportData) -> dict[str, object]:
    """What the frame of every page shows."""
    run = report.data.run
    said = summary(report.headlines) or "A benchmark of image restoration."
    return {
        "description": said if len(said) <= MOST_DESCRIBED else f"{said[:MOST_DESCRIBED]}…",
        "notes": report.notes,
        "started": _when(run.started),
        "evaluation": run.plan.evaluation,
        "environment": list(_flatten(run.environment)),
    }


def provenance(report: ReportData, places: Places) -> dict[str, object]:
    """Restorers with licences, metrics, and how many of everything there are."""
    run = report.data.run
    return {
        "restorers": [
            {
                "name": name,
                "link": places.restorer(name),
                "card": card,
                "mark": licence_mark(card.licence),
                "parameters": "" if card.parameters is None else count(card.parameters),
            }
            for name, card in sorted(run.restorers.items())
        ],
        "any_restricted": any(licence_mark(card.licence) for card in run.restorers.values()),
        "metric_cards": [(name, about(card), card) for name, card in sorted(run.metrics.items())],
        "counts": {
            "restorers": len(run.restorers),
            "sets": len({board.set for board in report.leaderboards if board.set is not None}),
            "images": len(report.data.samples),
        },
    }


def troubles(report: ReportData, places: Places) -> dict[str, object]:
    """Failures counted by restorer, kind and metric, each with its first message.

    And what was skipped.
    """
    groups = grouped(
        report.data.failures, lambda item: (item.cell.restorer, item.kind.value, item.metric or "")
    )
    rows = [
        {
            "restorer": name,
            "link": places.restorer(name),
            "kind": kind,
            "metric": metric,
            "count": len(found),
            "message": found[0].message,
            "set": found[0].cell.set,
            "image": found[0].cell.image,
        }
        for (name, kind, metric), found in sorted(
            groups.items(), key=lambda group: (group[0][0], -len(group[1]))
        )
    ]
    return {"failures": rows, "skipped": report.data.skipped[:1000]}


def _when(started: str) -> str:
    try:
        return f"{datetime.fromisoformat(started).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return started


def _flatten(mapping: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested mappings as pairs of words."""
    for key, value in mapping.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key} ")
        elif value is not None:
            yield f"{prefix}{key}", str(value)
