"""Model cards: one Markdown file for each restorer.

Each has the metadata that model hubs read (`model-index`).
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from harness.atomic import atomic_file
from harness.protocols.report import ReportData
from harness.results import Leaderboard, LeaderboardRow
from reports.markdown import escape, origin
from reports.pivot import grouped
from reports.wording import (
    beside,
    bracketed,
    count,
    digits,
    interval,
    licence_mark,
    measured_on,
    number,
    plain,
    rank_range,
    seconds,
)

_Standing = tuple[Leaderboard, LeaderboardRow]


class ModelCardReport:
    """`OUT/model-cards/RESTORER.md`.

    What the restorer is, how it scores and ranks, what it costs, where it fails.
    """

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
            with atomic_file(folder / f"{stem}.md") as partial:
                partial.write_text(text, encoding="utf-8", errors="backslashreplace")
        return folder


def _card(report: ReportData, name: str) -> Iterator[str]:
    import yaml

    run = report.data.run
    card = run.restorer(name)
    standings = [
        (board, row) for board in report.leaderboards for row in board.rows if row.restorer == name
    ]
    front = yaml.safe_dump(_metadata(report, name, standings), sort_keys=False, allow_unicode=True)
    yield f"---\n{front.rstrip()}\n---\n\n# {escape(name)}\n"
    facts = {
        "Tasks": ", ".join(card.tasks),
        "Licence": card.licence + bracketed(licence_mark(card.licence)),
        "Parameters": "" if card.parameters is None else count(card.parameters),
        "Paper": card.paper,
        "Source": card.source,
        "Fingerprint": card.fingerprint,
    }
    yield from (f"- {key}: {escape(value)}" for key, value in facts.items() if value)
    yield f"- Measured by restobench: benchmark {origin(run)}"
    yield from _scores(report, standings)
    yield from _costs(report, name)
    yield from _limits(report, name)


def _metadata(report: ReportData, name: str, standings: Sequence[_Standing]) -> dict[str, object]:
    """The front matter of model hubs.

    Licences that they do not know by an identifier are `other`, with their name.
    """
    licence = report.data.run.restorer(name).licence
    known = re.fullmatch(
        r"(apache-2\.0|mit|bsd-[23]-clause|(l|a)?gpl-[23]\.0)(-only|-or-later)?", licence.lower()
    )
    tasks = {row["set"]: str(row["task"]) for row in report.rows}
    scored = [standing for standing in standings if None not in (standing[0].set, standing[1].mean)]
    results = [
        {
            "task": {"type": "image-to-image", "name": plain(tasks.get(place, ""))},
            "dataset": {"type": plain(place), "name": plain(place)},
            "metrics": [{"type": plain(board.metric), "value": row.mean} for board, row in found],
        }
        for place, found in grouped(scored, lambda standing: standing[0].set).items()
    ]
    return {
        "license": known[1] if known else "other",
        **({} if known or not licence else {"license_name": plain(licence)}),
        "pipeline_tag": "image-to-image",
        "tags": ["image-restoration", "restobench"],
        "model-index": [{"name": plain(name), "results": results}],
    }


def _scores(report: ReportData, standings: Sequence[_Standing]) -> Iterator[str]:
    if standings:
        yield from (
            "\n## Scores\n",
            "| set | metric | mean | 95 % interval | median | rank | of | images | failures |",
            "|---|---|---:|---:|---:|---:|---:|---:|---:|",
        )
    for board, row in standings:
        card = report.data.run.metric(board.metric)
        places, ranks = digits(card), rank_range(row.rank_low, row.rank_high)
        cells = (
            escape(board.set or "all sets"),
            escape(board.metric) + bracketed(escape(card.unit)),
            number(row.mean, places),
            interval(row.ci_low, row.ci_high, places),
            number(row.median, places),
            escape(f"{row.rank} [{ranks}]" if row.rank else "not ranked"),
            sum(other.rank is not None for other in board.rows),
            row.n,
            row.failures,
        )
        yield f"| {' | '.join(map(str, cells))} |"


def _costs(report: ReportData, name: str) -> Iterator[str]:
    found = [cost for cost in report.costs if cost.restorer == name]
    if found:
        hardware = report.data.run.environment
        device, processor = (escape(hardware.get(key, "")) for key in ("device", "processor"))
        yield from (
            f"\n## Cost\n\nDevice: {device} {processor}\n",
            "| set | seconds (median) | peak MiB | growth | GPU MiB | operations | measured on |",
            "|---|---:|---:|---:|---:|---:|---|",
        )
    for cost in found:
        memory = (number(mib, 0) for mib in (cost.peak_mib, cost.growth_mib, cost.cuda_mib))
        spent = seconds(cost.seconds) + bracketed(beside(cost))
        cells = spent, *memory, count(cost.flops), escape(measured_on(cost))
        yield f"| {escape(cost.set)} | {' | '.join(cells)} |"
    if why := next((cost.untimed for cost in found if cost.untimed), ""):
        yield f"\nNot ranked by time where marked: {escape(why)}."


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
        where, apart = f"{escape(item.set)}/{escape(item.image)}", f"{abs(item.gap):.1f}"
        yield (
            f"- {item.kind} may be on {where}: rank {item.rank} of {item.ranked} by "
            f"{escape(item.metric)}, {item.versus_rank} by {escape(item.versus)}, {apart} standard "
            "deviations apart"
        )
