"""The pytest plugin, in a test session of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LAB = """
from altered import ShiftedPixel, Plain

class Denoiser({parent}):
    pass
"""

TEST = """
from lab import Denoiser

def test_denoiser(restobench):
    checked = restobench.check(
        Denoiser, "quickstart",
        sets=["photos-sigma25"], metrics=["psnr"], baseline="baselines/lab.json",
    )
    found = checked.findings if checked else ()
    assert {str(item.verdict) for item in found if item.metric == "psnr"} <= {"equal"}
"""


def session(folder: Path, parent: str, *arguments: str) -> tuple[int, str]:
    (folder / "lab.py").write_text(LAB.format(parent=parent))
    (folder / "test_lab.py").write_text(TEST)
    paths = [str(folder), str(Path(__file__).parent / "faults")]
    pytest_here = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [*pytest_here, str(folder), *arguments],
        capture_output=True, text=True, check=False, env=environment, cwd=folder,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def test_a_lab_writes_a_baseline_and_is_told_of_a_regression(folder: Path) -> None:
    code, out = session(folder, "Plain")
    assert code == 1
    assert "--restobench-update" in out
    code, out = session(folder, "Plain", "--restobench-update")
    assert (code, (folder / "baselines" / "lab.json").is_file()) == (0, True), out
    code, out = session(folder, "Plain")
    assert code == 0, out
    code, out = session(folder, "ShiftedPixel")
    assert code == 1
    assert "mine on photos-sigma25: psnr regressed; by -" in out
    assert "worst image" in out
