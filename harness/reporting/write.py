"""Hands what reports show to report plugins, and says where each writes."""

from collections.abc import Mapping
from pathlib import Path

from harness.errors import InputError
from harness.plugins.kinds import reports
from harness.protocols.report import Report, ReportData
from harness.reporting.standing import note_report


def report_writers(formats: tuple[str, ...]) -> dict[str, Report]:
    """Report plugins by name, each once.

    Raises:
        UnknownNameError: A format that nobody has registered.
    """
    return {name: reports.get(name)() for name in formats}


def write_reports(
    report: ReportData, writers: Mapping[str, Report], out: Path | None = None
) -> list[Path]:
    """Writes reports of a run.

    Args:
        report: What to show.
        writers: Report plugins by name.
        out: A folder for the reports; or the file itself, when there is one format and the suffix
            is its own (`.html` included: everything else then goes into `NAME-files/` beside it).
            Default: `report` in the run folder.

    Returns:
        For each format, the page or file to open.

    Raises:
        InputError: The reports cannot be written there.
    """
    written = []
    for name, writer in writers.items():
        place = report.run_folder / "report" if out is None else out
        target = _target(name, writer, place, single=len(writers) == 1)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            written.append(writer.write(report, target))
            if out is None:
                note_report(report, name, writer, written[-1])
        except OSError as error:
            raise InputError(
                f"the {name} report cannot be written to {target}: {error.strerror or error}"
            ) from error
    return written


def _target(name: str, writer: Report, out: Path, *, single: bool) -> Path:
    """Where one report goes: a file `leaderboard.SUFFIX` in a folder, or the folder itself."""
    wanted = writer.suffix or ".html"
    if single and out.suffix.lower() in (wanted, f".{name}"):
        return out
    if out.is_file():
        raise InputError(
            f"{out} is a file; a {name} report goes into a folder or a file that ends in {wanted}"
        )
    return out / f"leaderboard{writer.suffix}" if writer.suffix else out
