"""JUnit XML and GitHub output stay well-formed whatever a restorer is called."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from harness.regression.verdict_files import github_annotations, job_summary, write_junit
from harness.results import Comparison, Finding, Verdict

HOSTILE = "x\x00]]><script>|\n::error::%0A`\x1b[2J"


def judged(*findings: Finding) -> Comparison:
    return Comparison("baseline.json", "", findings)


def test_junit_is_xml(tmp_path: Path) -> None:
    findings = [Finding(HOSTILE, HOSTILE, "psnr", verdict, reason=HOSTILE) for verdict in Verdict]
    write_junit(judged(*findings), tmp_path / "verdict.xml")
    suite = ElementTree.parse(tmp_path / "verdict.xml").getroot()
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["8", "1", "1", "3"]


@given(st.text())
def test_no_text_starts_a_command_of_its_own(text: str) -> None:
    finding = Finding(text, text, text, Verdict.REGRESSED, reason=text)
    for line in github_annotations(judged(finding)):
        assert "\n" not in line
        assert "\r" not in line
        assert line.startswith("::error title=")
        title = line.removeprefix("::error title=").partition("::")[0]
        assert ":" not in title


@given(st.text())
def test_the_summary_stays_a_table(text: str) -> None:
    lines = job_summary(judged(Finding(text, text, text, Verdict.FAILED, reason=text))).splitlines()
    assert len(lines) == 7
    assert "<" not in lines[6].replace("\\<", "")
