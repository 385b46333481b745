"""What a regression check leaves for machines: JUnit XML, GitHub annotations, a job summary."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from harness.atomic import atomic_file
from harness.errors import InputError, plain
from harness.results import Comparison, Finding, Verdict

BAD = (Verdict.REGRESSED, Verdict.FAILED)

_JUNIT = {Verdict.REGRESSED: "failure", Verdict.FAILED: "error"} | dict.fromkeys(
    (Verdict.NEW, Verdict.GONE, Verdict.INCOMPARABLE), "skipped"
)


def describe(row: Finding) -> str:
    """One line: what happened, by how much, and where it is worst."""
    interval = ""
    if row.difference is not None and row.ci_low is not None:
        p = "" if row.p is None else f" p {row.p:.2g},"
        interval = f"by {row.difference:+.4g} [{row.ci_low:+.4g}, {row.ci_high:+.4g}],{p} n {row.n}"
    worst = f"worst image {row.worst_image}" if row.worst_image else ""
    return "; ".join(filter(None, (row.verdict, interval, worst, row.reason)))


def write_junit(comparison: Comparison, path: Path) -> None:
    """Writes JUnit XML: one test case a finding, regressions as failures, failing cells as errors.

    Raises:
        InputError: The file cannot be written.
    """
    counts = Counter(_JUNIT.get(row.verdict) for row in comparison.findings)
    suite = ElementTree.Element(
        "testsuite",
        name="restobench compare",
        tests=str(len(comparison.findings)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
    )
    for row in comparison.findings:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_xml_text(f"{row.restorer}.{row.set}"),
            name=_xml_text(row.metric),
        )
        if row.verdict in _JUNIT:
            ElementTree.SubElement(case, _JUNIT[row.verdict], message=_xml_text(describe(row)))
    try:
        with atomic_file(path.resolve(), pipes=True) as partial:
            ElementTree.ElementTree(suite).write(partial, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise InputError(f"--junit {path} cannot be written: {error.strerror}") from error


def _xml_text(text: str) -> str:
    """XML has no place for control characters, whatever a restorer called itself."""
    return plain(text)


def github_annotations(comparison: Comparison) -> list[str]:
    """GitHub workflow commands: an error for each that is bad, a notice for each improvement.

    Regressions come first: GitHub shows ten annotations of a kind and step.
    """
    kinds = {Verdict.REGRESSED: "error", Verdict.FAILED: "error", Verdict.IMPROVED: "notice"}
    return [
        f"::{kind} title={_title(row)}::{_command_text(describe(row))}"
        for verdict, kind in kinds.items()
        for row in comparison.of(verdict)
    ]


def _command_text(text: str) -> str:
    # GitHub's own escapes: a name with a line break must not start a command of its own
    return plain(text).replace("%", "%25")


def _title(row: Finding) -> str:
    title = _command_text(f"{row.restorer} on {row.set}: {row.metric} {row.verdict}")
    return title.replace(":", "%3A").replace(",", "%2C")


def append_summary(comparison: Comparison, path: str | None) -> None:
    """Appends the job summary to the file that GitHub names in GITHUB_STEP_SUMMARY.

    Elsewhere there is none.

    Raises:
        InputError: The file cannot be written.
    """
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(job_summary(comparison))
    except OSError as error:
        raise InputError(
            f"GITHUB_STEP_SUMMARY {path} cannot be written: {error.strerror}"
        ) from error


def job_summary(comparison: Comparison) -> str:
    """A Markdown table of everything that is not the same, for the summary page of a job."""
    counts = Counter(row.verdict for row in comparison.findings)
    shown = [f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]]
    lines = ["## restobench", "", ", ".join(shown) or "nothing to compare", ""]
    told = [row for row in comparison.findings if row.verdict not in (Verdict.SAME, Verdict.EQUAL)]
    if told:
        lines += ["| restorer | set | metric | |", "|---|---|---|---|"]
    lines += [
        f"| {' | '.join(map(_cell, (row.restorer, row.set, row.metric, describe(row))))} |"
        for row in told
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    special = r"\`*_{}[]<>()#+-.!|~"
    return _xml_text("".join(f"\\{letter}" if letter in special else letter for letter in text))
