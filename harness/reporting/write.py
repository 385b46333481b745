"""Writes reports of a run: reads the store, computes what reports show, and hands it to report plugins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import InputError
from harness.plugins import reports
from harness.protocols import Report
from harness.reporting.assemble import assemble
from harness.results import RunData
from harness.results.verdicts import Comparison
from harness.storage.store import load_run


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the user wants a report.

    Attributes:
        title: Heading; empty: the benchmark's name.
        notes: Free text shown under the heading.
        policy: Which images count: see `harness.ranking.leaderboards.leaderboards`.
        intervals: Whether tables that can do without show intervals.
        comparison: The run judged against a baseline.
    """

    title: str = ""
    notes: str = ""
    policy: str = "common"
    intervals: bool = True
    comparison: Comparison | None = None


def write_reports(
    folder: Path,
    formats: Sequence[str] = ("html",),
    out: Path | None = None,
    presentation: Presentation | None = None,
) -> list[Path]:
    """Writes reports of a run folder.

    Args:
        folder: The run folder.
        formats: Names of report plugins.
        out: A folder for the reports; or the file itself, when there is one format and the suffix
            is its own (`.html` included: everything else then goes into `NAME-files/` beside it).
            Default: `folder/report`.
        presentation: Title, notes, and what is shown.

    Returns:
        For each format, the page or file to open.

    Raises:
        UnknownNameError: A format that nobody has registered.
        StoreError: No run in the folder.
        InputError: The reports cannot be written there.
    """
    writers = [(name, reports.get(name)()) for name in dict.fromkeys(formats)]
    return write_run_reports(load_run(folder), folder, writers, out, presentation)


def write_run_reports(
    data: RunData,
    folder: Path,
    writers: Sequence[tuple[str, Report]],
    out: Path | None = None,
    presentation: Presentation | None = None,
) -> list[Path]:
    """As `write_reports`, for a run that is already in memory and report objects with their names."""
    wanted = presentation or Presentation()
    report = assemble(
        data,
        folder,
        title=wanted.title,
        notes=wanted.notes,
        policy=wanted.policy,
        intervals=wanted.intervals,
    )
    report = replace(report, comparison=wanted.comparison)
    written = []
    for name, writer in writers:
        target = _target(
            name, writer, folder / "report" if out is None else out, single=len(writers) == 1
        )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            written.append(writer.write(report, target))
        except OSError as error:
            raise InputError(
                f"the {name} report cannot be written to {target}: {error.strerror or error}"
            ) from error
    return written


def _target(name: str, writer: Report, out: Path, *, single: bool) -> Path:
    """Where one report goes: files are named `leaderboard.SUFFIX` in a folder; folders are the folder itself."""
    if single and out.suffix.lower() in (writer.suffix or ".html", f".{name}"):
        return out
    if out.is_file():
        wanted = writer.suffix or ".html"
        raise InputError(
            f"--out {out} is a file; a {name} report goes into a folder or a file that ends in "
            f"{wanted}"
        )
    return out / f"leaderboard{writer.suffix}" if writer.suffix else out
