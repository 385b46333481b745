"""`restobench score`, from the command line to its rows."""

from __future__ import annotations

import csv
import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.cli.group import main
from harness.images import write_image
from harness.metrics.psnr import PSNR
from harness.plugins.kinds import metrics
from harness.protocols import Metric, MetricCard
from harness.results import MetricValue

Folders = tuple[Path, Path]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def folders(tmp_path: Path, generator: np.random.Generator) -> Folders:
    """Restored images a, b, c and their references, in whose folder another name comes first."""
    restored, references = tmp_path / "restored", tmp_path / "references"
    restored.mkdir()
    references.mkdir()
    for name in ("a", "b", "c"):
        image = generator.random((3, 32, 40), dtype=np.float32)
        write_image(references / f"{name}.png", image)
        write_image(restored / f"{name}.png", np.clip(image + 0.1, 0, 1))
    write_image(references / "0-not-asked-for.png", np.zeros((3, 8, 8), np.float32))
    return restored, references


def run(capsys: Capture, *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as leaving:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert isinstance(leaving.value.code, int)
    return leaving.value.code, captured.out, captured.err


def rows_of(out: str) -> list[dict[str, Any]]:
    document = json.loads(out)
    assert document["schema"] == "restobench/score/1"
    rows: list[dict[str, Any]] = document["rows"]
    assert all(set(row) == {"path", "metric", "value", "spread", "error"} for row in rows)
    return rows


def add_metric(monkeypatch: pytest.MonkeyPatch, name: str, answer: Any) -> None:
    class Added(Metric):
        card = MetricCard(name=name, needs_reference=False, higher_is_better=True)

        def __init__(self, device: str = "cpu") -> None:
            self.device = device

        def __call__(self, restored: Any, reference: Any = None) -> MetricValue:
            return answer(restored)  # type: ignore[no-any-return]

    monkeypatch.setitem(metrics._added, name, Added)


def test_pairs_by_name_not_by_position(folders: Folders, capsys: Capture) -> None:
    restored, references = folders
    both = ("-m", "psnr", "-m", "ssim-y")
    code, out, _ = run(capsys, "score", restored, "--reference", references, *both, "--json")
    rows = rows_of(out)
    assert code == 0
    assert [(Path(row["path"]).name, row["metric"]) for row in rows] == [
        (f"{name}.png", metric) for name in "abc" for metric in ("psnr", "ssim-y")
    ]
    values = [row["value"] for row in rows if row["metric"] == "psnr"]
    assert all(20 < value < 22 for value in values), "an offset of 0.1, some of it clipped"


def test_identical_images_are_inf(folders: Folders, capsys: Capture) -> None:
    _, references = folders
    arguments = ("--reference", references, "-m", "psnr", "--json")
    code, out, _ = run(capsys, "score", references / "a.png", *arguments)
    assert code == 0
    assert rows_of(out)[0]["value"] == "inf"


def test_an_unreadable_file_is_a_row(folders: Folders, capsys: Capture) -> None:
    restored, references = folders
    (restored / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n but no more")
    arguments = ("--reference", references, "-m", "psnr", "--json")
    code, out, _ = run(capsys, "score", restored, "gone.png", *arguments)
    rows = {Path(row["path"]).name: row for row in rows_of(out)}
    assert code == 3
    assert rows["a.png"]["error"] is None
    assert rows["b.png"]["value"] is None
    assert "cannot be read as an image" in rows["b.png"]["error"]
    assert "does not exist" in rows["gone.png"]["error"]


def test_a_missing_reference_hurts_only_metrics_that_need_it(
    folders: Folders, capsys: Capture
) -> None:
    restored, references = folders
    (references / "b.png").unlink()
    both = ("-m", "psnr", "-m", "blur-effect")
    code, out, _ = run(capsys, "score", restored, "--reference", references, *both, "--json")
    errors = {(Path(row["path"]).stem, row["metric"]): row["error"] for row in rows_of(out)}
    assert code == 3
    assert "no reference called 'b'" in errors["b", "psnr"]
    assert [error for error in errors.values() if error] == [errors["b", "psnr"]]


def test_two_references_of_one_name_are_not_guessed_at(folders: Folders, capsys: Capture) -> None:
    restored, references = folders
    (references / "a.bmp").write_bytes((references / "a.png").read_bytes())
    arguments = ("--reference", references, "-m", "psnr", "--json")
    code, out, _ = run(capsys, "score", restored / "a.png", *arguments)
    assert code == 3
    assert "a.bmp and a.png" in rows_of(out)[0]["error"]


def test_another_size_is_a_row(folders: Folders, capsys: Capture) -> None:
    restored, references = folders
    write_image(restored / "a.png", np.zeros((3, 16, 16), np.float32))
    code, out, _ = run(capsys, "score", restored, "--reference", references, "-m", "psnr", "--json")
    assert code == 3
    assert [row["error"] is None for row in rows_of(out)] == [False, True, True]


def test_a_grey_file_beside_a_colour_reference(tmp_path: Path, capsys: Capture) -> None:
    grey = np.linspace(0, 1, 32 * 32, dtype=np.float32).reshape(1, 32, 32)
    write_image(tmp_path / "grey.png", grey)
    write_image(tmp_path / "colour.png", np.repeat(grey, 3, 0))
    arguments = ("--reference", tmp_path / "colour.png", "-m", "psnr", "-m", "psnr-y", "--json")
    code, out, _ = run(capsys, "score", tmp_path / "grey.png", *arguments)
    assert code == 0
    assert [row["value"] for row in rows_of(out)] == ["inf", "inf"]


def test_crop_border(folders: Folders, capsys: Capture) -> None:
    _, references = folders
    spoilt = np.zeros((3, 32, 40), np.float32)
    inner = np.full((3, 28, 36), 0.5, np.float32)
    spoilt[:, 2:-2, 2:-2] = inner
    framed = np.pad(inner, ((0, 0), (2, 2), (2, 2)), constant_values=1)
    write_image(references / "spoilt.png", framed)
    restored = folders[0] / "spoilt.png"
    write_image(restored, spoilt)
    arguments = ("score", restored, "--reference", references, "-m", "psnr", "--json")
    assert rows_of(run(capsys, *arguments)[1])[0]["value"] < 20
    assert rows_of(run(capsys, *arguments, "--crop-border", 2)[1])[0]["value"] == "inf"


def test_csv_holds_the_same_rows(folders: Folders, tmp_path: Path, capsys: Capture) -> None:
    restored, references = folders
    target = tmp_path / "scores.csv"
    images = (restored, references / "a.png")
    arguments = ("--reference", references, "-m", "psnr", "--csv", target, "--json")
    code, out, _ = run(capsys, "score", *images, *arguments)
    with target.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert code == 0
    printed = [(row["path"], str(row["value"])) for row in rows_of(out)]
    assert [(row["path"], row["value"]) for row in written] == printed
    assert written[-1]["value"] == "inf"


def test_csv_into_no_folder_is_refused_before_any_work(
    folders: Folders, tmp_path: Path, capsys: Capture
) -> None:
    target = tmp_path / "no" / "scores.csv"
    code, out, err = run(capsys, "score", folders[0], "-m", "blur-effect", "--csv", target)
    assert (code, out) == (2, "")
    assert "does not exist" in err


def test_csv_is_written_whole_or_not_at_all(
    folders: Folders, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, link = tmp_path / "scores.csv", tmp_path / "link.csv"
    target.write_text("what was there")
    link.symlink_to(target)
    command = ("score", folders[0], "-m", "blur-effect", "--csv", link)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(csv.DictWriter, "writerows", fail)
        code, _, err = run(capsys, *command)
    assert code == 2
    assert f"--csv {link} cannot be written: No space left on device" in err
    assert target.read_text() == "what was there"
    assert run(capsys, *command)[0] == 0
    assert link.is_symlink()
    with target.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "link.csv", "references", "restored", "scores.csv",
    ]  # fmt: skip


def test_csv_into_a_pipe(folders: Folders, tmp_path: Path, capsys: Capture) -> None:
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    command = ("score", folders[0], "-m", "blur-effect", "--csv", tmp_path / "pipe")
    assert run(capsys, *command)[0] == 0
    with os.fdopen(reading) as pipe:
        assert pipe.readline().strip() == "path,metric,value,spread,error"
    assert (tmp_path / "pipe").is_fifo()


def test_the_table_ends_with_means(folders: Folders, capsys: Capture) -> None:
    restored, references = folders
    code, out, _ = run(capsys, "score", restored, "--reference", references, "-m", "psnr")
    assert code == 0
    assert out.splitlines()[0].split() == ["path", "metric", "value"]
    assert "mean psnr of 3 images" in out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "psnr"], "--reference DIR"),
        (["-m", "psnrr"], "Did you mean psnr"),
        (["-m", "blur-effect", "--device", "tpu"], "expected auto, cpu or cuda:0"),
    ],
)
def test_usage_errors_are_one_line(
    folders: Folders, capsys: Capture, arguments: list[str], message: str
) -> None:
    code, out, err = run(capsys, "score", folders[0], *arguments)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


def test_a_folder_without_images(tmp_path: Path, capsys: Capture) -> None:
    code, _, err = run(capsys, "score", tmp_path, "-m", "blur-effect")
    assert code == 2
    assert "holds no image" in err


def test_a_metric_without_its_weights_says_what_to_fetch(
    folders: Folders, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    code, _, err = run(capsys, "score", folders[0], "--reference", folders[1], "-m", "pyiqa-lpips")
    assert (code, len(err.splitlines())) == (2, 1)
    assert str(tmp_path / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth") in err


def test_a_metric_that_raises_or_gives_nan_is_a_row(
    folders: Folders, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_metric(monkeypatch, "explodes", lambda _: {}["key"])
    add_metric(monkeypatch, "nan", lambda _: MetricValue(float("nan")))
    add_metric(monkeypatch, "unsure", lambda image: MetricValue(float(image.shape[2]), 0.5))
    odd = ("-m", "explodes", "-m", "nan", "-m", "unsure")
    code, out, _ = run(capsys, "score", folders[0] / "a.png", *odd, "--json")
    assert code == 3
    assert [(row["value"], row["spread"], row["error"]) for row in rows_of(out)] == [
        (None, None, "KeyError: 'key'"),
        (None, None, "nan returned NaN"),
        (40.0, 0.5, None),
    ]


def test_a_file_name_that_is_no_text(folders: Folders, capsys: Capture) -> None:
    hostile = Path(bytes(folders[0]).decode() + "/caf\udce9\x1b[2J.png")
    hostile.write_bytes((folders[0] / "a.png").read_bytes())
    code, out, _ = run(capsys, "score", hostile, "-m", "blur-effect", "--json")
    assert code == 0
    assert rows_of(out)[0]["path"].endswith("caf\\udce9\x1b[2J.png")
    code, out, _ = run(capsys, "score", hostile, "-m", "blur-effect")
    assert code == 0
    assert "\x1b[2J" not in out, "a file's name must not steer the terminal"


def test_quiet_prints_errors_only(folders: Folders, capsys: Capture) -> None:
    code, out, err = run(capsys, "--quiet", "score", folders[0], "gone.png", "-m", "blur-effect")
    assert (code, out) == (3, "")
    assert err == "error: gone.png: blur-effect: gone.png does not exist\n"


def test_help_shows_examples_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from harness.cli.group import cli;"
        "cli.main(['score', '--help'], standalone_mode=False);"
        "assert not {'torch', 'numpy', 'pyiqa'} & set(sys.modules), 'heavy'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "restobench score photo.png" in done.stdout
    assert "--reference DIR" in done.stdout


def test_python_agrees_with_the_command(folders: Folders, capsys: Capture) -> None:
    from harness.images import read_image

    restored, references = folders
    arguments = ("--reference", references, "-m", "psnr", "--json")
    _, out, _ = run(capsys, "score", restored / "c.png", *arguments)
    ours = PSNR()(read_image(restored / "c.png"), read_image(references / "c.png")).value
    assert rows_of(out)[0]["value"] == pytest.approx(ours)


def test_images_find_their_references_as_results_of_papers_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = np.zeros((3, 16, 16), np.float32)
    (tmp_path / "sharp").mkdir()
    (tmp_path / "mine").mkdir()
    for id in ("img", "img_1", "Bird", "spare"):
        write_image(tmp_path / "sharp" / f"{id}.png", picture)
    for name in ("img_Net", "img_1_Net", "imgx4", "bird_Net"):
        write_image(tmp_path / "mine" / f"{name}.png", picture)
    paired = ("score", tmp_path / "mine", "--reference", tmp_path / "sharp", "-m", "psnr")
    code, out, err = run(capsys, *paired, "--json")
    rows = {Path(row["path"]).stem: row for row in json.loads(out)["rows"]}
    assert code == 3
    assert {name for name, row in rows.items() if row["error"] is None} == set(rows) - {"bird_Net"}
    assert "there is Bird.png" in rows["bird_Net"]["error"]
    told = "img_1_Net.png -> img_1.png, img_Net.png -> img.png, imgx4.png -> img.png"
    assert f"paired by name: {told}" in err
    assert "references of no image: Bird.png, spare.png" in err

    code, out, _ = run(capsys, *paired, "--pattern", "{id}_Net.png", "--json")
    errors = {Path(row["path"]).stem: row["error"] for row in json.loads(out)["rows"]}
    assert errors["img_Net"] is errors["img_1_Net"] is None
    assert "no reference by the pattern '{id}_Net.png'" in errors["imgx4"]
    assert run(capsys, *paired, "--pattern", "Net.png")[0] == 2
