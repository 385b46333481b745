"""Which report is there already, so that the same one is not written twice.

Beside a run's own report lies a note of what it was made of: a hash of the run, the options and the
code, and the files that were written.
"""

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.atomic import atomic_file, is_unchanged, mark_of
from harness.protocols.report import Report, ReportData
from harness.reporting.images import SampleImages
from harness.results import RunData
from harness.results.columns import Rows, as_columns
from harness.storage.places import safe_name


def standing_report(data: RunData, run_folder: Path, writers: Mapping[str, Report]) -> list[Path]:
    """The pages of a run's own reports without options, if they would be the same again.

    Nothing of them may be missing, and no picture be at hand that they lack.

    Args:
        data: The run.
        run_folder: Its folder.
        writers: Report plugins by name.

    Returns:
        What `write_reports` would, or nothing.
    """
    report = ReportData(data, (), run_folder)
    pages = [_standing(report, name, writer) for name, writer in writers.items()]
    return [page for page in pages if page is not None] if None not in pages else []


def _standing(report: ReportData, name: str, writer: Report) -> Path | None:
    folder, find = report.run_folder / "report", SampleImages(report.data, report.run_folder)
    try:
        note = json.loads(_note(folder, name).read_bytes())
        files = note["files"]
        same = note["of"] == _made_of(report, writer) and note["page"] in files
        if not same or any(find(*item) for item in note["missed"]):
            return None
        whole = all(is_unchanged(folder / path, mark) for path, mark in files.items())
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return None  # no note, or none of ours
    return folder / note["page"] if whole else None


def note_report(report: ReportData, name: str, writer: Report, page: Path) -> None:
    """Notes what the report of a run in its own folder was made of.

    Args:
        report: What it shows.
        name: Of the report plugin.
        writer: The plugin.
        page: The page or file to open.
    """
    folder, find = report.run_folder / "report", report.find_image
    paths = [page] if writer.suffix else sorted(folder.rglob("*"))
    files = [path for path in paths if path.is_file() and not path.name.startswith(".")]
    note = {
        "of": _made_of(report, writer),
        "page": os.path.relpath(page, folder),
        "files": {path.relative_to(folder).as_posix(): mark_of(path) for path in files},
        "missed": find.missed if isinstance(find, SampleImages) else [],
    }
    with atomic_file(_note(folder, name)) as partial:
        partial.write_text(json.dumps(note), encoding="utf-8")


def _made_of(report: ReportData, writer: Report) -> str:
    """Hash of a run, of the options that its report is made with, and of the code that makes it."""
    data, scores = report.data, as_columns(report.data.scores)
    rows = data.failures, data.skipped, dict(data.samples), scores.names, data.set_scores
    options = report.title, report.notes, report.policy, report.intervals, report.comparison
    digest = hashlib.sha256(repr((data.run, rows, options)).encode())
    for numbers in (scores.codes, scores.values, scores.spreads):
        digest.update(numbers.tobytes())
    if isinstance(data.restored, Rows):
        for column in data.restored.columns:
            digest.update(pickle.dumps(column))  # four times as quick as `repr`
    else:
        digest.update(repr(data.restored).encode())
    for module in ("harness", type(writer).__module__):
        for path in _files_of(module):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _note(folder: Path, name: str) -> Path:
    return folder / f".made-of-{safe_name(name)}.json"


def _files_of(module: str) -> Iterable[Path]:
    """The files of a module's package; where it has none, or several share its name, its own."""
    package = sys.modules[module.partition(".")[0]]
    path = Path(str(package.__file__ or sys.modules[module].__file__))
    if path.name != "__init__.py":
        return [path]
    found = path.parent.rglob("*")
    return sorted(item for item in found if item.is_file() and "__pycache__" not in item.parts)
