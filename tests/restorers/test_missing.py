"""What is not installed is listed with the command that mends it."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.plugins.kinds import loaders, restorers

EXTRAS = {"bm3d": "noncommercial", "ncnn": "ncnn", "onnxruntime": "onnx"}
"""Packages that a plain installation lacks, and the extra that holds each."""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without extras and without weights."""
    find: Callable[..., Any] = importlib.util.find_spec

    def without_extras(name: str, *more: Any) -> Any:
        return None if name in EXTRAS else find(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", without_extras)
    monkeypatch.setenv("RESTOBENCH_CACHE", str(tmp_path / "empty"))


@pytest.mark.usefixtures("bare")
def test_every_restorer_says_what_it_lacks(
    command_line: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, _ = command_line("list", "restorers", "--json")
    rows = {row["name"]: row for row in json.loads(out)["rows"]}
    assert code == 0
    for name in restorers:
        needs_something = bool(restorers.get(name).card.weights) or name in EXTRAS
        mend = rf"pip install 'restobench\[\w+\]'|restobench zoo get {name}`"
        mends = re.search(mend, rows[name]["reason"] or "")
        assert rows[name]["usable"] is (not needs_something), name
        assert bool(mends) is needs_something, rows[name]["reason"]


@pytest.mark.usefixtures("bare")
def test_every_loader_says_what_it_lacks() -> None:
    known = {name: loaders.get(name) for name in loaders}
    absent = {name: cls.missing() for name, cls in known.items() if hasattr(cls, "missing")}
    lacking = {name: reason for name, reason in absent.items() if reason is not None}
    assert {".onnx", ".param"} <= set(lacking)
    mend = re.compile(r"pip install 'restobench\[\w+\]'|Python 3\.1\d")
    assert all(mend.search(reason) for reason in lacking.values()), lacking


@pytest.mark.parametrize(("package", "extra"), EXTRAS.items())
def test_the_extra_that_is_named_holds_the_package(package: str, extra: str) -> None:
    from configparser import ConfigParser

    setup = ConfigParser()
    setup.read(Path(__file__).parents[2] / "setup.cfg")
    assert re.search(rf"^{package}\b", setup["options.extras_require"][extra], re.MULTILINE)
