"""A stored run, and a study of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from voted_run import TEXTS, store

from harness.api.people.studies import StudyWishes, make_study
from harness.people.sessions import Budget
from harness.people.study import Study
from harness.protocols.report import ReportData


@pytest.fixture(scope="session")
def stored(fabricated: ReportData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fabricated run as a run folder; not to be written into."""
    folder = tmp_path_factory.mktemp("stored") / "run"
    shutil.copytree(fabricated.run_folder, folder)
    return store(fabricated.data, folder)


@pytest.fixture
def run(stored: Path, tmp_path: Path) -> Path:
    """A run folder of one's own."""
    return Path(shutil.copytree(stored, tmp_path / "run"))


@pytest.fixture
def study(run: Path, tmp_path: Path) -> Study:
    """A study of the noisy set, with its page in `page`."""
    wishes = StudyWishes(TEXTS, Budget(6, 8, 8), sets=("photos-sigma25",))
    return make_study(run, tmp_path / "page", wishes)[0]
