"""Plugins of somebody else that end the process, wait for ever or print: named, and bounded.

A distribution that registers them lies on the path of a command in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

GOOD = (
    "from harness.protocols import Restorer, RestorerCard\n"
    "class Plugin(Restorer):\n"
    "    card = RestorerCard(name='r', licence='MIT', scales=())\n"
    "    def __init__(self, *, device='cpu'): pass\n"
    "    def restore(self, image, conditions): return image.copy()\n"
)
ASKED = GOOD + "    @staticmethod\n    def missing(): {}\n"
TALKS = (
    "import atexit, os, threading, time\n"
    "def talk():\n"
    "    while True: print('TALK'); os.write(1, b'TALK'); time.sleep(0.01)\n"
    "threading.Thread(target=talk, daemon=True).start()\n"
    "atexit.register(lambda: (print('TALK'), os._exit(0)))\n"
)
DIED = "cannot be asked: the worker process died"
LISTED = {
    "leaves": ("import sys; sys.exit(0)", "SystemExit: 0"),
    "leaves at once": ("import os; os._exit(0)", "SystemExit: os._exit(0)"),
    "aborts": ("import os; os.abort()", "SystemExit: os.abort()"),
    "becomes another program": ("import os; os.execv('/bin/true', ['true'])", "os.execv("),
    "leaves in C": ("import ctypes; ctypes.CDLL(None)._exit(0)", DIED),
    "is killed": ("import os; os.kill(os.getpid(), 9)", f"{DIED} of SIGKILL"),
    "reads what is not its own": ("import ctypes; ctypes.string_at(0)", f"{DIED} of SIGSEGV"),
    "interrupts itself": ("raise KeyboardInterrupt", "though nobody pressed Ctrl-C"),
    "is nothing": ("Plugin = None", "TypeError: it is None"),
    "sleeps": ("import time; time.sleep(1000)", "it takes longer than 1 s"),
    "catches everything": (
        "import time\ntry: time.sleep(1000)\nexcept Exception: pass", "longer than 1 s",
    ),
    "waits for itself": ("import threading; threading.Semaphore(0).acquire()", "longer than 1 s"),
    "leaves when asked": (ASKED.format("import os; os._exit(0)"), DIED),
    "sleeps when asked": (
        ASKED.format("import time; time.sleep(1000)"), "cannot be asked: no result within 6 s",
    ),
    "says what is missing": (ASKED.format("print('x'); return 'a package'"), "a package"),
    "fails when asked": (ASKED.format("raise KeyError('x')"), "KeyError"),
    "prints": (f"import os; print('TALK'); os.system('echo TALK')\n{GOOD}", None),
    "goes on printing": (TALKS + GOOD, None),
}  # fmt: skip
FAMILY = "import os; os._exit(0)"


def module(name: str) -> str:
    return "odd_" + name.replace(" ", "_")


@pytest.fixture(scope="session")
def command(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[int, str, str]]:
    """The command line, where these plugins are installed."""
    site = tmp_path_factory.mktemp("site")
    entries = {"restobench.restorers": [], "restobench.metrics": []}
    for name, (text, _) in LISTED.items():
        (site / f"{module(name)}.py").write_text(text)
        entries["restobench.restorers"].append(f"{module(name)} = {module(name)}:Plugin")
    (site / "odd_family.py").write_text(FAMILY)
    entries["restobench.metrics"].append("odd-* = odd_family:family")
    about = site / "odd-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    groups = [f"[{group}]\n" + "\n".join(lines) + "\n" for group, lines in entries.items()]
    (about / "entry_points.txt").write_text("\n".join(groups))
    path = os.pathsep.join([*filter(None, sys.path), str(site)])
    variables = {**os.environ, "PYTHONPATH": path, "RESTOBENCH_IMPORT_SECONDS": "1"}

    def call(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "harness", *arguments],
            capture_output=True, text=True, check=False, env=variables, timeout=300,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture(scope="session")
def reasons(command: Callable[..., tuple[int, str, str]]) -> dict[str, str | None]:
    code, out, error = command("list", "restorers", "--json")
    assert code == 0, error
    rows = {row["name"]: row for row in json.loads(out)["rows"]}
    assert rows["bicubic"]["usable"]
    return {name: row["reason"] for name, row in rows.items() if row["distribution"] == "odd 1.0"}


@pytest.mark.parametrize("plugin", LISTED)
def test_a_plugin_that_is_broken_is_a_row(reasons: dict[str, str | None], plugin: str) -> None:
    assert reasons.keys() == set(map(module, LISTED))
    expected, said = LISTED[plugin][1], reasons[module(plugin)]
    assert said is None if expected is None else expected in str(said)


@pytest.mark.parametrize("plugin", ["leaves", "leaves at once", "sleeps", "catches everything"])
def test_a_command_that_needs_it_says_so_in_one_line(
    command: Callable[..., tuple[int, str, str]], plugin: str
) -> None:
    code, out, error = command("check", module(plugin))
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"error: the restorer {module(plugin)!r} of odd 1.0 does not import")
    assert str(LISTED[plugin][1]) in error


def test_what_goes_on_printing_breaks_no_document_and_changes_no_code(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, error = command("check", module("goes on printing"), "--json")
    assert {row["passed"] for row in json.loads(out)["rows"]} == {True}
    assert code == 0
    assert "TALK" in error
    # a restorer that is not there: the plugin is imported, and its exit handler would say 0
    code, out, error = command("check", module("goes on printing"), "no-such-restorer", "--json")
    assert (code, out) == (2, "")


def test_a_family_that_is_broken_keeps_nobody_from_the_others(
    command: Callable[..., tuple[int, str, str]],
) -> None:
    code, out, error = command("list", "metrics", "--json")
    assert code == 0, error
    rows = {row["name"]: row for row in json.loads(out)["rows"]}
    assert "os._exit(0)" in rows["odd-*"]["reason"]
    assert rows["psnr"]["usable"]
