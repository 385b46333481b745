"""What restorers are kept from with `--sandbox`, and what they can do all the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from harness.errors import UnavailableError
from harness.images import write_image
from harness.workers import sandbox
from harness.workers.pool import WorkerPool, handover_folder

Command = Callable[..., tuple[int, str, str]]
needs_landlock = pytest.mark.skipif(
    sandbox.version() < 3, reason="this kernel has no Landlock that can do it"
)


@pytest.fixture(autouse=True)
def _nothing_stays_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_hidden", [])


def read(path: str) -> str:
    return Path(path).read_text()


def read_by_link(path: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "link").symlink_to(path)
        return Path(folder, "link").read_text()


def read_by_hard_link(path: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        os.link(path, Path(folder, "link"))
        return Path(folder, "link").read_text()


def read_in_a_child(path: str) -> str:
    return subprocess.run(["/bin/cat", path], capture_output=True, text=True, check=True).stdout


def read_by_proc(path: str) -> str:
    return Path(f"/proc/{os.getppid()}/root{path}").read_text()


def overwrite(path: str) -> str:
    Path(path).write_text("other")
    return "secret"


def empty(path: str) -> str:
    os.truncate(path, 0)
    return "secret"


def remove(path: str) -> str:
    Path(path).unlink()
    return "secret"


def move(path: str) -> str:
    Path(path).rename(f"{path}.moved")
    return "secret"


def put_beside(path: str) -> str:
    Path(f"{path}.new").write_text("x")
    return "secret"


def look_into_others(_path: str) -> str:
    return Path(f"/proc/{os.getppid()}/environ").read_text() and "secret"


def look_at_memory(_path: str) -> str:
    with Path(f"/proc/{os.getppid()}/mem").open("rb"):
        return "secret"


def signal_others(_path: str) -> str:
    os.kill(os.getppid(), 0)
    return "secret"


WAYS = (
    read, read_by_link, read_by_hard_link, read_in_a_child, read_by_proc, overwrite, empty, remove,
    move, put_beside, look_into_others, look_at_memory, signal_others,
)  # fmt: skip


def attempt(way: Callable[[str], str], path: str) -> bool:
    with suppress(OSError, subprocess.CalledProcessError):
        return way(path) == "secret"
    return False


@needs_landlock
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_third_party_code_is_kept_from_what_is_hidden(
    way: Callable[[str], str], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with WorkerPool(1, private=True) as pool:
        assert pool.run(attempt, way, str(secret), timeout=30), "without a sandbox it succeeds"
    secret.write_text("secret")
    sandbox.hide([secret])
    with WorkerPool(1, private=True) as pool:
        assert pool.run(attempt, way, str(secret), timeout=30) is False
    assert secret.read_text() == "secret"
    with WorkerPool(1) as pool:
        assert pool.run(attempt, read, str(secret), timeout=30), "our own code has to read it"


def use_what_is_needed(beside: str, handover: str) -> tuple[str, float]:
    import scipy.ndimage  # from a file that is read now

    from harness.workers.costs import measure

    Path(handover, "left").write_text("x")
    tempfile.mkstemp()
    Path(os.devnull).write_text("x")
    subprocess.run([sys.executable, "-c", "import json"], check=True)
    _, spent = measure(lambda: scipy.ndimage.gaussian_filter(np.ones(2**22), 1), "cpu")
    return Path(beside).read_text(), spent.growth_mib


@needs_landlock
def test_what_restoring_needs_goes_on(tmp_path: Path) -> None:
    for name in ("secret", "beside"):
        (tmp_path / name).write_text(name)
    sandbox.hide([tmp_path / "secret"])
    with WorkerPool(1, private=True) as pool:
        arguments = str(tmp_path / "beside"), str(handover_folder())
        for _ in range(2):  # the peak of memory is counted anew for each call
            found = pool.run(use_what_is_needed, *arguments, timeout=60)
            assert isinstance(found, tuple), found
            assert found[0] == "beside"
            assert 30 < found[1] < 200


BENCHMARK = """
metrics = ["psnr"]
[[sets]]
name = "own"
task = "denoise"
folder = "images"
degradations = [{ name = "gaussian-noise", sigma_255 = 20.0 }]
"""


@needs_landlock
def test_a_run_hides_its_references(command_line: Command, tmp_path: Path) -> None:
    photo = tmp_path / "images" / "photo.png"
    photo.parent.mkdir()
    ramp = np.linspace(0, 1, 64, dtype=np.float32)
    write_image(photo, np.stack([np.outer(ramp, ramp)] * 3))
    (tmp_path / "own.toml").write_text(BENCHMARK)
    restorers = (
        "identity",
        f"misbehaving:Peeks:file={photo}",
        f"misbehaving:Tampers:folder={photo.parent}",
    )
    given = [part for restorer in restorers for part in ("-r", restorer)]
    command = ("run", "-b", tmp_path / "own.toml", *given, "--out", tmp_path / "run")
    code, _, err = command_line(*command, "--sandbox")
    assert code == 0, err
    with sqlite3.connect(tmp_path / "run" / "results.sqlite") as store:
        scores = dict(store.execute("select restorer, value from scores"))
    plain = scores.pop("identity")
    assert plain > 20
    assert all(value < plain - 5 for value in scores.values()), "they found nothing: the negative"
    # again, from the cache: restorers get copies of images that they cannot read where they lie
    again = command_line(*command[:-1], tmp_path / "again", "--sandbox")
    assert again[0] == 0, again[2]


def test_where_there_is_none_it_says_so(
    command_line: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "version", lambda: 0)
    with pytest.raises(UnavailableError):
        sandbox.hide([tmp_path])
    code, _, err = command_line("run", "-b", "quickstart", "--out", tmp_path / "run", "--sandbox")
    assert code == 2
    assert err.startswith("error: --sandbox needs Landlock")
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "run").exists()
