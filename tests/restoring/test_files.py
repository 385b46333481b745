"""A restorer in a process of its own that misbehaves while it is loaded."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import NoReturn

import pytest

from harness.errors import InputError
from harness.plugins.specification import parse_restorer
from harness.protocols import RestorerCard
from harness.restoring.files import restore_files
from harness.workers.launching import LikeTheUsers

BUILDS = """
import os, signal, time
class Builds:
    def __init__(self, *, device="cpu"):
        {does}
"""


def begin(folder: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    name = f"builds_{folder.name}"
    (folder / f"{name}.py").write_text(BUILDS.format(does=does))
    monkeypatch.syspath_prepend(folder)

    def known(card: RestorerCard) -> NoReturn:
        raise AssertionError(card)

    restore_files(parse_restorer(f"{name}:Builds"), "cpu", [], known)


def test_weights_that_end_too_early_are_told_from_a_death(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python raises of a file what it raises of a pipe whose other end is gone."""
    with pytest.raises(InputError, match="EOFError: Ran out of input"):
        begin(tmp_path, monkeypatch, "raise EOFError('Ran out of input')")


def test_ctrl_c_while_it_is_loaded_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        begin(tmp_path, monkeypatch, "os.kill(os.getppid(), signal.SIGINT); time.sleep(60)")
    left = multiprocessing.active_children()
    assert not [process for process in left if isinstance(process, LikeTheUsers)]
