"""`cluster.toml`: what it may say, and one line for what it may not."""

from __future__ import annotations

import tomllib
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
    [
        ('"2:00:00"', 120),
        ('"1-12:00"', 2160),
        ('"30:00"', 30),
        ('"0:00:40"', 1),
        ("45", 45),
        ('"45"', 45),
        ('"1-6"', 1800),
        ('"0-00:45:30"', 46),
    ],
)
def test_times_are_those_of_sbatch(tmp_path: Path, time: str, minutes: int) -> None:
    assert read_cluster(write(tmp_path, f"time = {time}")).most_minutes() == minutes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("partitions = 'gpu'", "no key partitions; known: partition"),
        ("cpus = 'four'", "cpus is 'four'; expected a whole number above 0"),
        ("cpus = 0", "cpus is 0; expected a whole number above 0"),
        ("cpus = true", "cpus is true; expected a whole number above 0"),
        ("max_jobs = 1.5", "max_jobs is 1.5; expected a whole number above 0"),
        ("gpus = true", "gpus is true; expected a whole number, or MODEL:NUMBER"),
        ("gpus = -1", "gpus is -1; expected a whole number"),
        ("gpus = 'a100:'", "gpus is 'a100:'; expected a whole number"),
        ("memory = 'lots'", "memory is 'lots'; expected a whole number and K, M, G or T"),
        ("memory = 16", "memory is 16; expected"),
        ("exclusive = 1", "exclusive is 1; expected true or false"),
        ("chunk_seconds = inf", "inf is no finite number"),
        ("chunk_seconds = nan", "nan is no finite number"),
        ("chunk_seconds = 0", "chunk_seconds is 0; expected"),
        ("cell_seconds = -1.0", "cell_seconds is -1.0; expected"),
        ("cell_seconds = 1e308", "cell_seconds is 1e.308; expected .* no more than a year"),
        ("setup = [1]", "setup is"),
        ("setup = ['true', '#SBATCH --uid=0']", "setup is .*; expected a list of commands"),
        ('setup = ["true\\nfalse"]', "setup is .*; expected a list of commands"),
        ('partition = "all\\n#SBATCH --uid=0"', "partition is .*; expected one line of text"),
        ('python = "python\\nid"', "python is .*; expected one line of text"),
        ("account = ''", "account is ''; expected one line of text"),
        (
            'options = { comment = "a\\n#SBATCH --uid=0" }',
            "options.comment is .*; expected one line",
        ),
        ("options = { nice = 1.5 }", "options.nice is 1.5; expected one line of text, a whole"),
        ('options = { "x\\ny" = 1 }', "expected names of sbatch's long options"),
        ("options = { array = '0-9' }", "options has array, which restobench sets itself"),
        ("options = { quiet = true }", "options has quiet, which restobench sets itself"),
        ("options = { clusters = 'x' }", "options has clusters, which restobench sets itself"),
        ("options = { out = 'x' }", "options has out, which restobench sets itself"),
        ("options = { job_name = 'x' }", "options has job_name, which restobench sets itself"),
        ("options = { mem = '1G' }", "options has mem; give it as the key memory"),
        ("options = { cpus_per_task = 2 }", "give it as the key cpus"),
        ("options = 'nice'", "options is 'nice'; expected a table"),
        ("time = 'long'", "time is 'long'; expected HH:MM:SS"),
        ("time = true", "time is true; expected HH:MM:SS"),
        ("time = 0", "time is 0; expected HH:MM:SS"),
        ("time = '0:00:30'", "time is '0:00:30'; expected more than 30 s"),
        ("time = '0:00:00'", "time is '0:00:00'; expected more than 30 s"),
        ("cpus = ", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_cluster(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "gpus = 0", "gpus = 'a100:2'", "gpus = '2'", "memory = '16GB'", "memory = '1000'",
        "options = { nice = 100, mail-type = 'FAIL', requeue = true, mem-per-gpu = '8G' }",
        "time = '0:00:31'", "chunk_seconds = 20",
    ],
)  # fmt: skip
def test_what_sbatch_takes_is_taken(tmp_path: Path, text: str) -> None:
    read, told = read_cluster(write(tmp_path, text)), tomllib.loads(text)
    assert {name: getattr(read, name) for name in told} == told


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_cluster(tmp_path / "cluster.toml")
