"""kill -9 of whatever takes part in a run, at random moments: the ranks are as undisturbed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from harness.storage.store import load_run

FAULTS = Path(__file__).parents[1] / "faults"
KILLS = 40
COSTS = ("seconds", "peak_mib", "growth_mib", "beside")
Command = Callable[..., tuple[int, str, str]]

RUN = """
import sys; sys.path.insert(0, {faults!r})
from pathlib import Path
from misbehaving import TinySet
from harness.running.plan import make_plan
from harness.protocols import Benchmark, Evaluation
from harness.running import runner, schedule
if __name__ == "__main__":
    sets = (TinySet(images=tuple("abcdef"), size=80),)
    restorers = ["misbehaving:Counting:marks={marks},sleep=0.05", "misbehaving:Halves"]
    plan = make_plan(Benchmark("test", "", sets, ("psnr", "ssim"), Evaluation("rgb")), restorers)
    schedule.TRIP_SECONDS = float(sys.argv[2])
    runner.run_plan(plan, Path(sys.argv[1]), workers=2)
"""


def start(tmp_path: Path, folder: Path, trip: str = "0.04") -> subprocess.Popen[bytes]:
    """Starts a run; pieces of work that take less than `trip` seconds go to workers together."""
    script = tmp_path / "script.py"
    if not script.exists():
        (tmp_path / "marks").touch()
        script.write_text(RUN.format(faults=str(FAULTS), marks=tmp_path / "marks"))
    command = [sys.executable, str(script), str(folder), trip]
    output = (tmp_path / "output").open("ab")
    return subprocess.Popen(command, start_new_session=True, stdout=output, stderr=output)


def below(process: psutil.Process, part: str) -> list[psutil.Process]:
    """The guard and the server of workers below it, or the workers, of a run."""
    with suppress(psutil.Error):
        guards = [child for child in process.children() if child.children()]
        servers = [server for guard in guards for server in guard.children()]
        if part == "server":
            return guards + servers
        return [worker for server in servers for worker in server.children()]
    return []


def kill(process: subprocess.Popen[bytes], part: str) -> None:
    with suppress(psutil.Error, ProcessLookupError):
        if part == "group":
            os.killpg(process.pid, signal.SIGKILL)
        elif part == "parent":
            process.kill()
        else:
            found = below(psutil.Process(process.pid), part)
            if found:
                random.choice(found).kill()


def is_complete(folder: Path) -> bool:
    if not (folder / "results.sqlite").is_file():
        return False
    with suppress(Exception):
        data = load_run(folder)
        return data.run.status == "finished" and not data.failures and len(data.scores) == 24
    return False


def ranks(command_line: Command, folder: Path) -> list[dict[str, object]]:
    code, out, _ = command_line("rank", folder, "--json")
    assert code == 0
    rows = json.loads(out)["rows"]
    return [{key: row[key] for key in row if key not in COSTS} for row in rows]


def test_ranks_after_kills_are_those_of_an_undisturbed_run(
    tmp_path: Path, command_line: Command
) -> None:
    random.seed(18)
    started = time.monotonic()
    assert start(tmp_path, tmp_path / "undisturbed").wait(timeout=120) == 0
    takes = time.monotonic() - started
    expected = ranks(command_line, tmp_path / "undisturbed")
    assert len(expected) == 4
    number = finished = 0
    for count in range(KILLS // 4):
        folder = tmp_path / f"run{number}"
        process, began = start(tmp_path, folder, ("0.04", "inf")[count // 2 % 2]), time.monotonic()
        # the run outlives what is killed first; at the end it is killed itself
        parts = "worker", "server", "worker", ("group", "parent")[count % 2]
        moments = sorted(random.uniform(0.2, 1.7 * takes) for _ in parts)
        for moment, part in zip(moments, parts, strict=True):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            kill(process, part)
        process.wait(timeout=120)
        if is_complete(folder):
            assert ranks(command_line, folder) == expected
            number, finished = number + 1, finished + 1
    while not is_complete(tmp_path / f"run{number}"):
        assert start(tmp_path, tmp_path / f"run{number}").wait(timeout=120) == 0
    assert ranks(command_line, tmp_path / f"run{number}") == expected
    assert finished, "some went through"
