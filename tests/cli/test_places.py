"""`run` on several devices and engines, `collect`, and `check` of an executor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.storage.store import load_run

Command = Callable[..., tuple[int, str, str]]
FEW = ("run", "-b", "quickstart", "--set", "photos-x2", "-m", "psnr", "-r", "bicubic", "--limit", 2)


def test_a_run_in_chunks_prints_ranks_and_a_page_as_any_other(
    command_line: Command, tmp_path: Path
) -> None:
    code, out, _ = command_line(*FEW, "--executor", "local", "--out", tmp_path / "run")
    assert code == 0
    assert "2 restored, 2 scored, 0 failures" in out
    assert (tmp_path / "run" / "report" / "index.html").is_file()
    code, out, _ = command_line(*FEW, "--out", tmp_path / "run")
    assert "0 restored, 0 scored, 0 failures" in out, "on one machine it goes on from there"
    [host] = {image.spent.host for image in load_run(tmp_path / "run").restored}
    assert load_run(tmp_path / "run").run.hosts()[str(host)]["processor"]


def test_a_dry_run_prints_chunks(command_line: Command, tmp_path: Path) -> None:
    code, out, _ = command_line(*FEW, "--executor", "local", "--out", tmp_path / "run", "--dry-run")
    assert code == 0
    assert "1 chunk of up to 2 cells; how long they take is not known" in out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--detach",), "--detach needs --executor"),
        (("--executor", "local", "--detach"), "--detach is for engines"),
        (("--executor", "local", "--devices", "cuda:0-1"), "--devices is for this machine"),
        (("--executor", "local", "--sandbox"), "ask the scheduler for work"),
        (("--devices", "cuda:0-1", "--device", "cpu"), "give one of them"),
        (("--devices", "gpus"), "is unknown; expected cuda:0-7"),
        (("--executor", ""), "no executor is called ''"),
        (("--executor", "slurm"), "slurm:cluster.toml"),
        (("--executor", "dask"), "scheduler's address"),
        (("--executor", "kubernetes"), "no executor is called 'kubernetes'"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    command_line: Command, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    code, _, told = command_line(*FEW, "--out", tmp_path / "run", *options)
    assert (code, told.count("\n")) == (2, 1)
    assert message in told


def test_devices_may_be_the_processor(command_line: Command, tmp_path: Path) -> None:
    code, out, _ = command_line(*FEW, "--devices", "cpu", "--out", tmp_path / "run")
    assert (code, "2 restored" in out) == (0, True)


def test_no_devices_are_no_devices(command_line: Command, tmp_path: Path) -> None:
    for more in ((), ("--executor", "local")):
        code, _, told = command_line(*FEW, "--devices", "", *more, "--out", tmp_path / "run")
        assert (code, "--devices" in told) == (2, True)
    assert not (tmp_path / "run").exists()


def test_executors_are_checked(command_line: Command) -> None:
    code, out, _ = command_line("check", "local", "--json")
    rows = json.loads(out)["rows"]
    assert code == 0
    assert [row["check"] for row in rows][:3] == ["protocol", "opens", "runs-a-chunk"]
    assert all(row["passed"] for row in rows)
    code, out, _ = command_line("check", "dask:no-such.json")
    assert code == 3
    assert "no such file, and no address" in out


def test_nothing_to_collect_is_told(command_line: Command, tmp_path: Path) -> None:
    code, _, told = command_line("collect", tmp_path)
    assert code == 2
    assert "has no jobs to collect" in told
    for more in ((), ("--executor", "local")):
        code, _, told = command_line("collect", tmp_path / "nosuch", *more)
        assert code == 2
        assert f"there is no folder {tmp_path / 'nosuch'}" in told
    assert not (tmp_path / "nosuch").exists()


def test_engines_are_imported_when_they_are_asked_for() -> None:
    script = (
        "import sys, harness.executors.dask, harness.executors.slurm, harness.cli.run; "
        "from harness.plugins.kinds import executors; "
        "[item.missing() for item in map(executors.get, executors)]; "
        "sys.exit(bool({'distributed', 'submitit', 'torch', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
