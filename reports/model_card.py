"""Model cards: one Markdown file for each restorer, with the metadata that model hubs read (`model-index`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from harness.protocols import ReportData
from harness.results import Leaderboard, LeaderboardRow
from reports.markdown import escape
from reports.wording import count, digits, licence_mark, number, plain, rank_range, seconds


class ModelCardReport:
    """`OUT/model-cards/RESTORER.md`: what the restorer is, how it scores and ranks, what it costs, where it fails."""

    name: ClassVar[str] = "model-card"
    suffix: ClassVar[str] = ""

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the cards and returns their folder."""
        folder = out / "model-cards"
        folder.mkdir(parents=True, exist_ok=True)
        taken: set[str] = set()
        for name in report.data.run.restorers:
            stem = re.sub(r"[^\w.-]+", "_", name, flags=re.ASCII).strip("._")[:80] or "restorer"
            while stem.lower() in taken:
                stem += "-"
            taken.add(stem.lower())
            text = "\n".join(_card(report, name)) + "\n"
            (folder / f"{stem}.md").write_text(text, encoding="utf-8", errors="backslashreplace")
        return folder


_Standing = tuple[Leaderboard, LeaderboardRow]


def _card(report: ReportData, name: str) -> Iterator[str]:
    import yaml

    run, card = report.data.run, report.data.run.restorers[name]
    standings = [
        (board, row) for board in report.leaderboards for row in board.rows if row.restorer == name
    ]
    yield "---"
    yield yaml.safe_dump(
        _metadata(report, name, standings), sort_keys=False, allow_unicode=True
    ).rstrip()
    yield "---"
    yield ""
    yield f"# {escape(name)}"
    yield ""
    licence = str(card.get("licence") or "")
    mark = f" ({found})" if (found := licence_mark(licence)) else ""
    parameters = card.get("parameters")
    facts = {
        "Tasks": ", ".join(map(str, card.get("tasks") or ())),
        "Licence": licence + mark,
        "Parameters": count(parameters) if isinstance(parameters, int | float) else "",
        "Paper": card.get("paper"),
        "Source": card.get("source"),
        "Fingerprint": card.get("fingerprint"),
    }
    yield from (f"- {key}: {escape(value)}" for key, value in facts.items() if value)
    evaluation = run.plan.get("evaluation") or {}
    yield (
        f"- Measured by restobench: benchmark {escape(run.benchmark)}, evaluation "
        f"{escape(evaluation.get('name', ''))} "
        f"{escape(evaluation.get('hash', ''))}, run {escape(run.id)} of {escape(run.started)}"
    )
    yield from _scores(report, standings)
    yield from _costs(report, name)
    yield from _limits(report, name)


def _metadata(report: ReportData, name: str, standings: list[_Standing]) -> dict[str, Any]:
    """The front matter of model hubs; licences that they do not know by an identifier are `other`, with their name."""
    licence = str(report.data.run.restorers[name].get("licence") or "")
    known = re.fullmatch(
        r"(apache-2\.0|mit|bsd-[23]-clause|(l|a)?gpl-[23]\.0)(-only|-or-later)?", licence.lower()
    )
    tasks = {row["set"]: str(row["task"]) for row in report.rows}
    results = []
    for place in dict.fromkeys(board.set for board, _ in standings if board.set is not None):
        found = [
            (board, row) for board, row in standings if board.set == place and row.mean is not None
        ]
        if found:
            results.append(
                {
                    "task": {"type": "image-to-image", "name": plain(tasks.get(place, ""))},
                    "dataset": {"type": plain(place), "name": plain(place)},
                    "metrics": [
                        {"type": plain(board.metric), "value": row.mean} for board, row in found
                    ],
                }
            )
    return {
        "license": known[1] if known else "other",
        **({} if known or not licence else {"license_name": plain(licence)}),
        "pipeline_tag": "image-to-image",
        "tags": ["image-restoration", "restobench"],
        "model-index": [{"name": plain(name), "results": results}],
    }


def _scores(report: ReportData, standings: list[_Standing]) -> Iterator[str]:
    if not standings:
        return
    yield "\n## Scores\n"
    yield "| set | metric | mean | 95 % interval | median | rank | of | images | failures |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for board, row in standings:
        card = report.data.run.metrics.get(board.metric, {})
        places = digits(card)
        unit = f" ({escape(card['unit'])})" if card.get("unit") else ""
        ranked = sum(other.rank is not None for other in board.rows)
        doubt = (
            f"{number(row.ci_low, places)} to {number(row.ci_high, places)}"
            if row.ci_low is not None
            else ""
        )
        rank = (
            f"{row.rank} [{rank_range(row.rank_low, row.rank_high)}]" if row.rank else "not ranked"
        )
        cells = (
            escape(board.set or "all sets"),
            escape(board.metric) + unit,
            number(row.mean, places),
            doubt,
            number(row.median, places),
            escape(rank),
            ranked,
            row.n,
            row.failures,
        )
        yield f"| {' | '.join(map(str, cells))} |"


def _costs(report: ReportData, name: str) -> Iterator[str]:
    found = [cost for cost in report.costs if cost.restorer == name]
    if not found:
        return
    hardware = report.data.run.environment
    yield f"\n## Cost\n\nDevice: {escape(hardware.get('device', ''))} {escape(hardware.get('processor', ''))}\n"
    yield "| set | seconds (median) | peak MiB | operations |"
    yield "|---|---:|---:|---:|"
    for cost in found:
        yield (
            f"| {escape(cost.set)} | {seconds(cost.seconds)} | {number(cost.peak_mib, 0)} | "
            f"{count(cost.flops)} |"
        )


def _limits(report: ReportData, name: str) -> Iterator[str]:
    failures = [item for item in report.data.failures if item.cell.restorer == name]
    skipped = [item for item in report.data.skipped if item.restorer == name]
    strange = [item for item in report.disagreements if item.restorer == name][:5]
    if failures or skipped or strange:
        yield "\n## Limits\n"
    for skip in skipped:
        yield f"- skips {escape(skip.set)}: {escape(skip.reason)}"
    for failure in failures[:20]:
        where = f"{escape(failure.cell.set)}/{escape(failure.cell.image)}"
        yield f"- fails on {where}: {failure.kind}: {escape(failure.message[:300])}"
    if len(failures) > 20:
        yield f"- and {len(failures) - 20} failures more"
    for item in strange:
        yield (
            f"- {item.kind} may be on {escape(item.set)}/{escape(item.image)}: "
            f"{escape(item.metric)} and "
            f"{escape(item.versus)} are {abs(item.gap):.1f} standard deviations apart"
        )
