"""Where a run happened."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from harness.storage.provenance import describe_environment, installed_versions


def test_versions_are_those_of_the_installed_distributions() -> None:
    # not of all: other tests put distributions of their own on the path
    known = (
        "click",
        "numpy",
        "opencv-python-headless",
        "pandas",
        "pillow",
        "scikit-image",
        "torch",
    )
    wanted = {name: version(name) for name in known}
    assert installed_versions([*known, "no-such-distribution"]) == wanted


def test_the_commit_and_whether_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*command: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        done = subprocess.run(
            ["git", *identity, *command],  # noqa: S607
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert describe_environment("cpu")["git"] is None
    git("init")
    (tmp_path / "a").write_text("1")
    assert describe_environment("cpu")["git"] is None, "no commit yet"
    git("add", "a")
    git("commit", "-m", "a")
    (tmp_path / "untracked").write_text("1")
    clean = {"commit": git("rev-parse", "HEAD"), "dirty": False}
    assert describe_environment("cpu")["git"] == clean
    (tmp_path / "a").write_text("2")
    assert describe_environment("cpu")["git"] == {**clean, "dirty": True}
