"""The wheel of restobench itself: built, installed into an environment of its own, and run.

The environment borrows the heavy packages of the one that the tests run in, and nothing of the
checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "source").mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, folder / "source")
    for name in ("harness", "restorers", "benchmarks", "reports"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / "source" / name, ignore=ignored)
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "-w", folder, folder / "source"]
    subprocess.run([*PIP, *map(str, wheel)], check=True)
    [built] = folder.glob("restobench-*.whl")
    own = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(own)], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    site = own / "lib" / version / "site-packages"
    # a path alone: what is installed there in place of files, such as this checkout, is not seen
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["--python", own / "bin/python", "install", "--no-deps", "--no-index", built]
    subprocess.run([*PIP, *map(str, install)], check=True)
    return own


def test_the_wheel_runs_the_quickstart(environment: Path, tmp_path: Path) -> None:
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    where = [str(environment / "bin/python"), "-c", "import harness; print(harness.__file__)"]
    found = subprocess.run(
        where, cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )
    package = Path(found.stdout.strip()).parent
    assert package.is_relative_to(environment)
    assert "University of Texas at Austin" in (package / "dri/weights/NOTICE.txt").read_text()
    command = [environment / "bin/restobench", "run", "-b", "quickstart", "--limit", "1"]
    done = subprocess.run(
        [*map(str, command), "--out", "run"],
        cwd=tmp_path, env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "0 failures" in done.stdout
    assert (tmp_path / "run/report/index.html").is_file()
