"""docs/reliability.md lists what the tests try: the page is the one that the tests give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TABLE = Path(__file__).parents[1] / "faults" / "table.py"


def test_the_table_of_faults_is_up_to_date() -> None:
    pytest.importorskip("onnxruntime")  # without it some of the tests are not there
    command = [sys.executable, str(TABLE), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    number, *_ = done.stdout.splitlines()[-1].split()
    assert int(number) >= 120
