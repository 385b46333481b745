"""What somebody else registers, families too, is what a benchmark file may name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = """
from functools import partial

from benchmarks.degradations.noise import GaussianNoise
from benchmarks.sets import SyntheticSet
from benchmarks.sources import Photos
from harness.known_sets import KnownSet
from harness.protocols import Family, Task


class Dim:
    def __init__(self, by=0.5):
        self.name, self.params = "third-dim", {"by": by}

    def __call__(self, image, generator):
        return image * self.params["by"]


def make(name):
    return SyntheticSet(name, Task.DENOISE, Photos(48), (GaussianNoise(25.0),))


def known(name):
    return KnownSet(name, name, 1, "MIT", "ours", "by hand", files={"HR/a.png": None})


degradations = Family("degradation", lambda: ["third-dim"], lambda name: Dim)
sets = Family("set", lambda: ["third-a", "third-b"], lambda name: partial(make, name))
known_sets = Family("known_set", lambda: ["third-known"], known)
"""

ENTRY_POINTS = """
[restobench.degradations]
third-* = third_plugins:degradations

[restobench.sets]
third-* = third_plugins:sets

[restobench.known_sets]
third-* = third_plugins:known_sets
"""

BENCHMARK = """
metrics = ["psnr"]

[[sets]]
use = ["third-a", "photos-x2"]

[[sets]]
photos = 48
name = "dimmed"
task = "low-light"
degradations = [{name = "third-dim", by = 0.25}]

[[sets]]
known = "third-known"
name = "known"
task = "denoise"
degradations = [{name = "gaussian-noise", sigma_255 = 25}]
"""

SCRIPT = """
import json, sys
from harness.plugins.kinds import resolve_benchmark
sets = resolve_benchmark(sys.argv[1]).sets
sample = sets[2].sample("coffee")
rest = [item.absent() for item in sets], sets[3].describe(), float(sample.degraded.max())
print(json.dumps([[item.name for item in sets], *rest]))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with an installed distribution of somebody else's."""
    (tmp_path / "third_plugins.py").write_text(PLUGINS)
    info = tmp_path / "third-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    return tmp_path


def python(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "RESTOBENCH_DATA": str(site / "data")}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_benchmark_file_names_what_others_register(site: Path) -> None:
    (site / "mine.toml").write_text(BENCHMARK)
    done = python(site, "-c", SCRIPT, str(site / "mine.toml"))
    assert done.returncode == 0, done.stderr
    names, absent, described, brightest = json.loads(done.stdout)
    assert names == ["third-a", "photos-x2", "dimmed", "known"]
    assert absent[:3] == [None, None, None]
    assert "third-known" in absent[3], "its folder is looked for where those of known sets lie"
    assert described["licence"] == "MIT"
    assert 0 < brightest <= 0.25


def test_near_names_of_others_are_suggested(site: Path) -> None:
    (site / "mine.toml").write_text(BENCHMARK.replace("third-a", "third-aa"))
    done = python(site, "-m", "harness", "run", "-b", str(site / "mine.toml"), "-r", "identity")
    assert done.returncode == 2
    assert "no set is called 'third-aa'. Did you mean" in done.stderr
    assert "third-a" in done.stderr
