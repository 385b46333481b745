"""Names and messages that are not UTF-8, and cards of odd types: no command ends with 70."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.cards import MetricCard, RestorerCard, Task, WeightFile, plain_types
from harness.errors import as_utf8
from harness.images import write_image
from harness.results import RunRestorer
from harness.storage.store import load_run

CommandLine = Callable[..., tuple[int, str, str]]
NAME = os.fsdecode(b"caf\xe9")
SHOWN = "caf\\udce9"
BENCHMARK = """
name = "latin"
metrics = ["psnr"]
[evaluation]
name = "rgb"
[[sets]]
name = "noisy"
task = "denoise"
folder = "{folder}"
degradations = [{{ name = "gaussian-noise", sigma_255 = 25 }}]
"""
OBJECTS = f"""
import numpy as np
from harness.errors import RestorationError
from harness.protocols import Restorer, RestorerCard

NAME = {NAME!r}

class _Base(Restorer):
    def __init__(self, *, device="cpu"):
        self.card = RestorerCard(type(self).__name__, parameters=0, weights_sha256=("a",))
    def restore(self, image, conditions):
        return image

class Raises(_Base):
    def restore(self, image, conditions):
        raise ValueError(NAME)

class Invalid(_Base):
    def restore(self, image, conditions):
        raise RestorationError(NAME)

class OddError(_Base):
    def restore(self, image, conditions):
        class Odd(Exception):
            def __str__(self):
                return NAME
        raise Odd

class Skips(_Base):
    def supports(self, degraded_set):
        return NAME if degraded_set.name == "noisy" else None

class Named(_Base):
    def __init__(self, *, device="cpu"):
        self.card = RestorerCard("named-" + NAME, licence=NAME, paper=NAME, source=NAME,
            weights_sha256=(NAME,), not_tracked=NAME)

class Numpy(_Base):
    def __init__(self, *, device="cpu"):
        self.card = RestorerCard(np.str_("numpy"), scales=(np.int64(1),), channels=np.array([1, 3]),
            size_multiple=np.int64(2), value_range=(np.float32(0), np.float32(1)),
            parameters=np.int64(7), only_when_named=np.bool_(False), weights_sha256=("a",))

class OddCard(_Base):
    def __init__(self, *, device="cpu"):
        self.card = RestorerCard("odd-card", paper=object(), parameters=3.5, source={{"a": NAME}},
            weights_sha256=("a",))
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which to work: images with a name in Latin-1, and a benchmark of them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    images = tmp_path / "images"
    images.mkdir()
    generator = np.random.default_rng(0)
    for name in (NAME, "plain"):
        write_image(images / f"{name}.png", generator.random((3, 24, 32), dtype=np.float32))
    (tmp_path / "latin.toml").write_text(BENCHMARK.format(folder=images))
    (tmp_path / "no_utf8.py").write_text(OBJECTS)
    return tmp_path


OBJECTS_FAILING = ("Raises", "Invalid", "OddError")
OBJECTS_GOOD = ("Named", "Numpy", "OddCard")


def test_a_run_its_resume_and_all_that_is_made_of_it(
    folder: Path, command_line: CommandLine
) -> None:
    (folder / "results").mkdir()
    for name in (NAME, "plain"):
        (folder / "results" / f"{name}.png").hardlink_to(folder / "images" / f"{name}.png")
    restorers = [f"no_utf8:{name}" for name in (*OBJECTS_FAILING, *OBJECTS_GOOD)]
    given = [part for text in ("identity", "folder:results", *restorers) for part in ("-r", text)]
    run = ["run", "-b", "latin.toml", "--out", "run", *given]
    for _ in range(2):
        code, _, err = command_line(*run)
        assert code == 3, err
    data = load_run(folder / "run")
    assert {score.cell.image for score in data.scores} == {SHOWN, "plain"}
    good = {"identity", "results", f"named-{SHOWN}", "numpy", "odd-card"}
    assert {score.cell.restorer for score in data.scores} == good
    assert {failure.cell.restorer for failure in data.failures} == set(OBJECTS_FAILING)
    assert all(SHOWN in failure.message for failure in data.failures)
    for command in (
        ["rank", "run"], ["rank", "run", "--json"], ["report", "run", "--format", "json"],
        ["report", "run", "--format", "markdown"], ["report", "run", "--format", "csv"],
        ["baseline", "run", "-o", "base.json"], ["compare", "run", "--baseline", "base.json"],
    ):  # fmt: skip
        code, out, err = command_line(*command)
        assert code in (0, 2, 3), err
        assert "internal error" not in err
        (out + err).encode()


def test_what_a_restorer_skips_for_a_reason_without_utf8(
    folder: Path, command_line: CommandLine
) -> None:
    given = ["-r", "no_utf8:Skips", "-r", "identity"]
    code, _, err = command_line("run", "-b", "latin.toml", "--out", "run", *given)
    assert code == 0, err
    assert [SHOWN in skip.reason for skip in load_run(folder / "run").skipped] == [True]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "command",
    [
        ["score", "images", "-m", "blur-effect"],
        ["score", "images", "-m", "blur-effect", "--json"],
        ["score", "images", "-m", "blur-effect", "--csv", "out.csv"],
        ["score", "images", "-m", "psnr", "--reference", "images"],
        ["score", f"images/{NAME}.png", "-m", "blur-effect"],
        ["score", f"missing-{NAME}.png", "-m", "blur-effect"],
        ["restore", "-r", "identity", "images", "restored"],
        ["restore", "-r", "identity", f"images/{NAME}.png", f"{NAME}-restored.png"],
        ["restore", "-r", "no_utf8:Raises", "images", "restored"],
        ["degrade", "jpeg:quality=20", "images", "degraded"],
        ["run", "-b", f"{NAME}.toml", "-r", "identity"],
        ["run", "-b", "latin.toml", "-r", f"{NAME}.pth"],
        ["run", "-b", "latin.toml", "-r", f"{NAME}"],
        ["run", "-b", "latin.toml", "-r", "identity", "--out", f"run-{NAME}"],
        ["rank", f"run-{NAME}"],
    ],
    ids=[
        "score-folder", "score-json", "score-csv", "score-reference", "score-file", "score-missing",
        "restore-folder", "restore-file", "restore-raises", "degrade", "benchmark-missing",
        "weights-missing", "restorer-unknown", "run-folder", "rank-missing",
    ],
)  # fmt: skip
def test_commands_with_names_that_are_no_text(
    command_line: CommandLine, command: list[str]
) -> None:
    code, out, err = command_line(*command)
    assert code in (0, 2, 3), err
    assert "internal error" not in err
    (out + err).encode()  # neither holds what a terminal or a log cannot show
    expected_to_work = command[0] in ("score", "degrade") or "run-" in command[-1]
    if expected_to_work and command[0] != "rank" and "missing" not in command[1]:
        assert code == 0, err


def test_runs_in_folders_whose_names_are_no_text_are_merged(
    folder: Path, command_line: CommandLine
) -> None:
    runs = [f"{name}-{NAME}" for name in ("a", "b")]
    for run, restorer in zip(runs, ("identity", "tv"), strict=True):
        arguments = ("run", "-b", "latin.toml", "-r", restorer, "--out", run)
        assert command_line(*arguments)[0] == 0
    code, out, err = command_line("merge", *runs, "-o", f"both-{NAME}")
    assert (code, err) == (0, "")
    out.encode()
    assert set(load_run(folder / f"both-{NAME}").run.restorers) == {"identity", "tv"}


@pytest.mark.usefixtures("folder")
def test_noise_is_the_same_in_a_folder_and_in_a_run(command_line: CommandLine) -> None:
    assert command_line("degrade", "latin.toml", "images", "degraded")[0] == 0
    assert command_line("run", "-b", "latin.toml", "-r", "identity", "--out", "run")[0] == 0
    document = json.loads(next(Path("degraded").glob("*manifest.json")).read_text())
    hashes = [row["degraded_sha256"] for row in document["rows"]]
    samples = load_run(Path("run")).samples
    assert sorted(hashes) == sorted(sample.degraded_sha256 for sample in samples.values())
    assert Path("degraded", f"{NAME}.npy").is_file()


def test_images_that_are_told_apart_stay_so() -> None:
    names = [os.fsdecode(b"caf\xe9"), os.fsdecode(b"caf\xe8"), "caf\u00e9"]
    assert len({as_utf8(name) for name in names}) == 3
    assert as_utf8("caf\u00e9 \U0001f600") == "caf\u00e9 \U0001f600"


def test_cards_become_plain_and_stay_what_they_are() -> None:
    card = RestorerCard(
        name=np.str_(NAME),  # type: ignore[arg-type]
        tasks=(Task.DENOISE,),
        scales=(np.int64(2),),  # type: ignore[arg-type]
        channels=np.array([1, 3]),  # type: ignore[arg-type]
        value_range=(np.float32(0), np.float32(255)),  # type: ignore[arg-type]
        parameters=np.int64(7),  # type: ignore[arg-type]
        only_when_named=np.bool_(True),  # type: ignore[arg-type]
        weights=(WeightFile(NAME, "1", "p", "s", "MIT"),),
    )
    plain = plain_types(card)
    assert plain == RestorerCard(
        SHOWN, (Task.DENOISE,), (2,), channels=(1, 3), value_range=(0.0, 255.0), parameters=7,
        only_when_named=True, weights=(WeightFile(SHOWN, "1", "p", "s", "MIT"),),
    )  # fmt: skip
    assert [type(item) for item in (plain.name, plain.parameters, plain.scales[0])] == [
        str,
        int,
        int,
    ]
    assert json.loads(json.dumps(RunRestorer.of(plain, "f", "t").value_range)) == [0, 255]
    metric = MetricCard("m", np.bool_(True), True, tolerance=np.float32(0.5))  # type: ignore[arg-type]
    assert plain_types(metric) == MetricCard("m", True, True, tolerance=0.5)
