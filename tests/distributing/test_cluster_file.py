"""`cluster.toml`: what it may say, and one line for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.executors.cluster_file import Cluster, read_cluster


def write(folder: Path, text: str) -> Path:
    path = folder / "cluster.toml"
    path.write_text(text)
    return path


def test_every_key_of_the_page_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text()
    text = page.partition("```toml\n")[2].partition("```")[0]
    cluster = read_cluster(write(tmp_path, text))
    assert cluster.most_minutes() == 240
    assert cluster.has_gpus()
    assert all(f"\n{name} = " in f"\n{text}" for name in Cluster.__dataclass_fields__)


@pytest.mark.parametrize(
    ("time", "minutes"),
    [('"2:00:00"', 120), ('"1-12:00"', 2160), ('"30:00"', 30), ('"0:00:30"', 1), ("45", 45)],
)
def test_times_are_those_of_sbatch(tmp_path: Path, time: str, minutes: int) -> None:
    assert read_cluster(write(tmp_path, f"time = {time}")).most_minutes() == minutes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("partitions = 'gpu'", "no key partitions; known: partition"),
        ("cpus = 'four'", "cpus is 'four'; expected int"),
        ("cpus = 0", "cpus is 0"),
        ("gpus = true", "gpus is True"),
        ("setup = [1]", "setup is"),
        ("time = 'long'", "time is 'long'; expected HH:MM:SS"),
        ("cpus = ", "is no TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_cluster(write(tmp_path, text))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_cluster(tmp_path / "cluster.toml")
