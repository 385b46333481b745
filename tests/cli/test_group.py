"""The one place where errors become messages and exit codes."""

from __future__ import annotations

import errno
import json
import os
import resource
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.cli import output
from harness.cli.group import main
from harness.cli.output import json_document
from harness.errors import InputError, RestorationError, describe_error, plain
from harness.images import write_image
from harness.storage.store import load_run

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("arguments", [["list", "reports"], ["list", "--json"], ["--help"]])
def test_a_closed_pipe_is_no_regression(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    call = [sys.executable, "-m", "harness", *arguments]
    done = subprocess.run(call, stdout=writing, stderr=subprocess.PIPE, check=False, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_message_that_nobody_hears_is_no_regression() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    call = [sys.executable, "-m", "harness", "run", "-b", "gone"]
    done = subprocess.run(call, stdout=subprocess.PIPE, stderr=writing, check=False)
    os.close(writing)
    assert (done.returncode, done.stdout) == (141, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
@pytest.mark.parametrize(
    ("arguments", "code"), [("list reports", 0), ("list --json", 0), ("run -b gone", 2)]
)
def test_a_daemon_without_standard_streams_has_its_exit_code(
    closed: str, arguments: str, code: int
) -> None:
    call = f"{shlex.quote(sys.executable)} -m harness {arguments} {closed}"
    done = subprocess.run(call, shell=True, capture_output=True, check=False)  # noqa: S602
    assert (done.returncode, done.stderr) == (code, done.stderr if closed == ">&-" else b"")
    assert b"internal" not in done.stderr


def test_a_cache_that_cannot_be_made_is_one_line(
    command_line: Command, names: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.delenv("RESTOBENCH_IMAGE_CACHE", raising=False)
    monkeypatch.setenv("RESTOBENCH_CACHE", str(tmp_path / "file"))
    call = ("run", "-b", names["toml"], "-r", "identity", "--out", tmp_path / "run")
    code, out, error = command_line(*call)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"error: the cache of images {tmp_path}/file/images cannot be made")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("figure", "{run}", "--image", "a", "-o", "{picture}"),
        ("restore", "-r", "identity", "{folder}", "{pictures}"),
        ("restore", "-r", "identity", "{image}", "{picture}"),
        ("degrade", "jpeg:quality=20", "{folder}", "{pictures}"),
        ("degrade", "jpeg:quality=20", "{image}", "{picture}"),
    ],
    ids=" ".join,
)
def test_a_picture_of_a_run_is_no_place_for_another(
    command_line: Command, names: dict[str, Path], arguments: tuple[str, ...]
) -> None:
    picture = next((names["run"] / "restored").rglob("a.png"))
    before = {path: path.read_bytes() for path in picture.parent.iterdir()}
    known = {**names, "picture": picture, "pictures": picture.parent}
    code, _, error = command_line(*(item.format(**known) for item in arguments))
    assert code == 2, error
    assert f"a.png is a picture of the run {names['run']}" in error
    assert {path: path.read_bytes() for path in picture.parent.iterdir()} == before


def test_paths_and_names_in_what_is_printed_steer_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.echo("  leaderboard: \x1b[2J/a")
    output.echo("::error::m")
    output.echo("one\n::warning::two")
    wanted = "  leaderboard: \\x1b[2J/a\n\\x3a:error::m\none\n\\x3a:warning::two\n"
    assert capsys.readouterr().out == wanted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x9b1m\x00", r"\x1b[2J\x9b1m\x00"),
        ("::error::all is lost", r"\x3a:error::all is lost"),
        ("fine\n  ::error::\r\n##[error]no", r"fine ::error:: #\x23[error]no"),
        ("  ::stop-commands::x", r"\x3a:stop-commands::x"),
        ("caf\u00e9 \udcff \u202e", r"caf\u00e9 \udcff \u202e".replace(r"\u00e9", "\u00e9")),
    ],
)
def test_text_from_elsewhere_steers_nothing(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert describe_error(RestorationError(text)) == shown
    assert describe_error(ValueError(text)).startswith("ValueError: ")
    document = json_document("anything", [{"value": text}])
    assert not [letter for letter in document if not letter.isprintable() and letter != "\n"]
    assert "##[" not in document


def test_a_message_has_2000_characters_at_most_and_may_fail_itself() -> None:
    assert len(describe_error(RestorationError("\x00" * 10**6))) == 2000
    assert len(describe_error(ValueError("long" * 10**6))) == 2000

    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe_error(MuteError()) == "MuteError: it cannot say what is wrong"


def _raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr("harness.storage.clearing.held", fail)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.EACCES, errno.EROFS])
def test_what_the_system_refuses_is_one_line_and_no_internal_error(
    command_line: Command, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    _raising(monkeypatch, OSError(number, os.strerror(number), "/some/place"))
    code, out, error = command_line("cache")
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"error: /some/place: {os.strerror(number)}")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SystemExit(0), 2),
        (SystemExit("x"), 2),
        (KeyError("x"), 70),
        (BrokenPipeError(), 2),
        (RuntimeError("Symlink loop from '/x'"), 2),
        (RuntimeError("x"), 70),
    ],
)
def test_nothing_ends_a_command_as_if_it_were_done(
    command_line: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    _raising(monkeypatch, error)
    assert command_line("cache")[0] == code


def test_an_error_of_a_message_from_elsewhere_is_one_line(
    command_line: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    _raising(monkeypatch, InputError("bad\n::error::file"))
    assert command_line("cache") == (2, "", "error: bad ::error::file\n")


def test_what_code_in_c_prints_stays_out_of_a_document() -> None:
    program = (
        "import os, harness.storage.clearing as place; old = place.held\n"
        "place.held = lambda: (os.write(1, b'hello'), old())[1]\n"
        "from harness.cli import main; main(['cache', '--json'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert json.loads(done.stdout)["schema"] == "restobench/cache/1"
    assert b"hello" in done.stderr


BENCHMARK = """
metrics = ["psnr"]
[[sets]]
name = "own"
task = "denoise"
folder = "photos"
degradations = [{ name = "gaussian-noise", sigma_255 = 25 }]
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What commands read: an image, its folder, a benchmark, and two runs of it."""
    root = tmp_path_factory.mktemp("read")
    (root / "photos").mkdir()
    (root / "b.toml").write_text(BENCHMARK)
    image = np.random.default_rng(1).random((3, 32, 40), dtype=np.float32)
    for name in ("a", "b"):
        write_image(root / "photos" / f"{name}.png", image)
    given = ["--quiet", "run", "-b", str(root / "b.toml"), "-r", "identity", "--workers", "1"]
    with pytest.raises(SystemExit, match="0"):
        main([*given, "--out", str(root / "run")])
    shutil.copytree(root / "run", root / "other")
    return {
        "image": root / "photos" / "a.png",
        "folder": root / "photos",
        "toml": root / "b.toml",
        "run": root / "run",
        "other": root / "other",
    }


@pytest.fixture
def obstacle(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A path where nothing can be made: a file stands in the way, or the system refuses."""
    if request.param == "proc":
        return Path("/proc/self/no/x")
    (tmp_path / "in-the-way").write_text("mine")
    return tmp_path / "in-the-way" / "no"


WRITERS = [
    ("run", "-b", "{toml}", "-r", "identity", "--out", "{}"),
    ("restore", "-r", "identity", "{image}", "{}.png"),
    ("restore", "-r", "identity", "{image}", "{}/out.png"),
    ("degrade", "jpeg:quality=20", "{image}", "{}.png"),
    ("degrade", "jpeg:quality=20", "{folder}", "{}"),
    ("score", "{image}", "-m", "blur-effect", "--csv", "{}.csv"),
    ("baseline", "{run}", "-o", "{}.json"),
    ("report", "{run}", "--format", "markdown", "--out", "{}"),
    ("report", "{run}", "--format", "csv", "--format", "json", "--out", "{}"),
    ("compare", "{run}", "--baseline", "{run}", "--junit", "{}.xml"),
    ("history", "{run}", "--html", "{}.html"),
    ("history", "{run}", "--svg", "{}.svg"),
    ("merge", "{run}", "{other}", "-o", "{}"),
    ("figure", "{run}", "--image", "a", "-o", "{}.png"),
    ("figure", "{run}", "--image", "a", "-o", "{}.pdf"),
]


@pytest.mark.parametrize("obstacle", ["file", "proc"], indirect=True)
@pytest.mark.parametrize("arguments", WRITERS, ids=" ".join)
def test_output_that_cannot_be_made_is_one_line(
    command_line: Command,
    names: dict[str, Path],
    obstacle: Path,
    arguments: tuple[str, ...],
    tmp_path: Path,
) -> None:
    before = sorted(tmp_path.rglob("*"))
    given = [item.format(obstacle, **names) for item in arguments]
    code, _, error = command_line("--quiet", *given)
    assert code == 2, error
    assert error.splitlines()[-1].lower().startswith("error: "), error
    assert "internal" not in error
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "arguments",
    [item for item in WRITERS if item[0] in ("baseline", "compare", "figure", "history")],
)
def test_a_full_disk_leaves_no_half_of_a_file(
    command_line: Command, names: dict[str, Path], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    given = [item.format(tmp_path / "x", **names) for item in arguments]
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    load_run(names["run"])  # where something is left to be folded into the store, it is now
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, old[1]))  # Python ignores SIGXFSZ
    try:
        code, _, error = command_line(*given)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert code == 2, error
    assert not list(tmp_path.iterdir())
