"""The example plugin as a stranger would use it: built, installed, found by entry point, run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.restoring.probing import wrong_range

SOURCE = Path(__file__).parents[2] / "examples" / "third_party_plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the plugin's wheel has been installed into, without a network."""
    folder = tmp_path_factory.mktemp("plugin")
    # setuptools leaves its build folder beside the source
    shutil.copytree(SOURCE, folder / "source")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "-w", folder, folder / "source"]
    subprocess.run([*pip, *wheel], check=True)
    [built] = folder.glob("restobench_rlfn-*.whl")
    install = ["install", "--no-deps", "--no-index", "--target", folder / "site", built]
    subprocess.run([*pip, *install], check=True)
    return folder / "site"


def restobench(site: Path, *arguments: object, weights: Path | None = None) -> Any:
    """The JSON that a command prints in a process which sees the installed plugin."""
    paths = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": paths}
    environment.pop("RLFN_WEIGHTS", None)
    if weights is not None:
        environment["RLFN_WEIGHTS"] = str(weights)
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "--json" in command else done.stdout


def test_listed_with_its_distribution_and_what_is_missing(site: Path) -> None:
    rows = restobench(site, "list", "restorers", "--json")["rows"]
    [row] = [row for row in rows if row["name"] == "rlfn"]
    assert row["distribution"] == "restobench-rlfn 1.0.0"
    assert (row["usable"], row["licence"], row["scale"]) == (False, "Apache-2.0", [2, 4])
    assert "export RLFN_WEIGHTS=" in row["reason"]


def test_its_published_figures(site: Path, data: Path, tmp_path: Path) -> None:
    weights = data / "weights" / "rlfn"
    if not weights.is_dir():
        pytest.skip(f"{weights} does not exist")
    run, sets = tmp_path / "run", ("--set", "set5-x2", "--set", "set5-x4")
    arguments = ("run", "-b", "sr-y", *sets, "-m", "psnr-y", "-r", "rlfn")
    restobench(site, *arguments, "--out", run, "--data", data, weights=weights)
    rows = restobench(site, "rank", run, "--json")["rows"]
    means = {row["set"]: row["mean"] for row in rows}
    assert means["set5-x2"] == pytest.approx(38.066, abs=1e-3)
    assert means["set5-x4"] == pytest.approx(32.238, abs=1e-3)


def test_in_the_wrong_range_it_is_told_so(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLFN_WEIGHTS", str(data / "weights" / "rlfn"))
    monkeypatch.syspath_prepend(str(SOURCE))
    from restobench_rlfn.restorer import RLFN  # type: ignore[import-not-found]

    if RLFN.missing() is not None:
        pytest.skip(RLFN.missing())
    restorer = RLFN()
    assert wrong_range(restorer) is None
    restorer.card = replace(RLFN.card, value_range=(0.0, 1.0))
    assert "set range=255 (a class: value_range on its card)" in str(wrong_range(restorer))
