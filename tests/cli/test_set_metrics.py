"""A metric of sets out of a distribution of its own, measured in a worker by one command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

LEAVING = """
import os

from harness.protocols import SetMetric, SetMetricCard


class Leaver(SetMetric):
    card = SetMetricCard("leaver")

    def __init__(self, device="cpu"):
        pass

    def features(self, image):
        os._exit(7)
"""
PAGE = Path(__file__).parents[2] / "docs" / "add-a-metric.md"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """One that has the distribution of the page installed."""
    [source] = re.findall(r"```python\n# my_set_metrics.py\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "my_set_metrics.py").write_text(source)
    info = tmp_path / "palette-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: palette\nVersion: 1.0\n")
    (tmp_path / "leaving.py").write_text(LEAVING)
    entry = "[restobench.set_metrics]\npalette = my_set_metrics:Palette\nleaver = leaving:Leaver\n"
    (info / "entry_points.txt").write_text(entry)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def test_the_pages_metric_is_measured_and_shown(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "small.toml").write_text(
        """
metrics = ["psnr"]

[[sets]]
name = "tiny"
task = "denoise"
photos = 64
degradations = [{ name = "gaussian-noise", sigma_255 = 25.0 }]
"""
    )

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "harness", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    plan = "run", "-b", tmp_path / "small.toml", "-r", "identity", "-m", "palette", "--limit", 3
    started = call(*plan, "--out", tmp_path / "run")
    assert started.returncode == 0, started.stderr
    assert "palette: identity on tiny, 3 images" in started.stderr
    assert "tiny, 3 images as a whole, by palette" in started.stdout
    lost = call(*plan, "-m", "leaver", "--out", tmp_path / "run", "--extend")
    assert lost.returncode == 3, "a metric of sets that was asked for has no value"
    assert "palette: identity" not in lost.stderr, "what is measured is not measured again"
    rows = json.loads(call("rank", tmp_path / "run", "--json").stdout)["set_standings"]
    row, dead = sorted(rows, key=lambda row: row["metric"] == "leaver")
    assert dead["value"] is None
    assert "exit code 7" in dead["reason"]
    assert 0 < row["value"] < 0.05, "clipped noise moves a mean by little"
    assert (row["rank"], row["reason"]) == (None, "not ranked: 3 images, of at least 24")
    [image, *_] = (tmp_path / "run" / "restored").rglob("*.png")
    refused = call("score", image, "-m", "palette")
    assert refused.returncode == 2
    assert "palette is a metric of sets" in refused.stderr
