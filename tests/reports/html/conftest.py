"""The pages of the fabricated run, written once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import Page, write

from harness.protocols.report import ReportData

Site = tuple[Path, dict[str, Page]]


@pytest.fixture(scope="session")
def site(fabricated: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The report's folder and its pages."""
    out = tmp_path_factory.mktemp("report")
    return out, write(fabricated, out)
