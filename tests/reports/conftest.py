"""One fabricated run for all tests of reports."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fabricated_run import fabricate

from harness.protocols import ReportData
from harness.report_data import assemble


@pytest.fixture(scope="session")
def fabricated(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """A report's data over real images."""
    folder = tmp_path_factory.mktemp("run")
    return assemble(fabricate(folder, images=8, side=128), folder, title="A title", notes="Some notes")
