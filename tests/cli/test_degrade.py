"""`restobench degrade`: the same bytes however they are made, and nothing written over.

Every mistake is one line.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.degradations.noise import GaussianNoise, GaussianNoiseClipped
from benchmarks.degradations.practical import RealEsrgan
from benchmarks.sets import SyntheticSet
from benchmarks.sources import Folder, Photos
from harness.chain import Chain
from harness.errors import ImageError
from harness.images import image_hash, quantise, read_image, write_image
from harness.plugins.degradation_text import Recipe, parse_recipe
from harness.protocols import Task
from harness.set_identity import set_fingerprint
from harness.sets.degrading import DegradeTask, degrade_files, describe_recipe
from harness.sets.manifest import DegradedFile, Manifest, Place
from harness.storage.store import load_run

CommandLine = Callable[..., tuple[int, str, str]]
BLIND = "real-esrgan:scale=2"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for id in ("astronaut", "china", "coffee", "rocket"):
        write_image(folder / f"{id}.png", Photos(48).read(id))
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_workers_order_and_a_kill_make_no_difference(
    photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    assert command_line("degrade", BLIND, photos, tmp_path / "one")[0] == 0
    assert command_line("degrade", BLIND, photos, tmp_path / "four", "--workers", 4)[0] == 0

    recipe, out = parse_recipe(BLIND), tmp_path / "reversed"
    out.mkdir()
    masks = out / "masks"
    places = [Place(path, out / path.stem, masks / path.name) for path in sorted(photos.iterdir())]
    manifest = Manifest(out / "manifest.json", describe_recipe(recipe, "auto"), places)
    tasks = [DegradeTask(recipe, "auto", place) for place in reversed(places)]
    told: list[DegradedFile] = []
    degrade_files(tasks, manifest, advance=told.append)
    assert [row.error for row in told] == [None] * 4

    killed = tmp_path / "killed"
    code = "from harness.cli.group import main; main()"
    arguments = ["degrade", BLIND, str(photos), str(killed)]
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    while process.poll() is None and not list(killed.glob("*.png")):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert command_line("degrade", BLIND, photos, killed)[0] == 0

    expected = content(tmp_path / "one")
    assert len(expected) == 5
    for name in ("four", "reversed", "killed"):
        assert content(tmp_path / name) == expected, name


def test_the_pixels_are_those_of_a_set(
    photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    degraded_set = SyntheticSet("mine", Task.BLIND, Folder(photos), (RealEsrgan(2),), seed=5)
    out = tmp_path / "out"
    assert command_line("degrade", BLIND, photos, out, "--set", "mine", "--seed", 5)[0] == 0
    manifest = json.loads((out / "manifest.json").read_text())
    hashes = []
    for row, id in zip(manifest["rows"], degraded_set.ids(), strict=True):
        sample = degraded_set.sample(id)
        assert sample.reference is not None
        assert np.array_equal(read_image(out / row["output"]), sample.degraded)
        hashes.append((image_hash(sample.degraded), image_hash(sample.reference)))
    assert manifest["fingerprint"] == set_fingerprint(hashes)


def test_what_is_there_is_kept_and_what_was_damaged_is_made_again(
    photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    out = tmp_path / "out"
    command_line("degrade", "jpeg:quality=20", photos, out)
    before = content(out)
    kept = (out / "china.png").stat().st_mtime_ns
    (out / "coffee.png").write_bytes(b"damaged")
    (out / "rocket.png").unlink()
    assert command_line("degrade", "jpeg:quality=20", photos, out)[0] == 0
    assert content(out) == before
    assert (out / "china.png").stat().st_mtime_ns == kept


def test_nothing_is_written_over(photos: Path, tmp_path: Path, command_line: CommandLine) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "china.npy").write_text("mine")
    code, _, error = command_line("degrade", "jpeg:quality=20", photos, out)
    assert (code, content(out)) == (2, {"china.npy": b"mine"})
    assert "china.npy exists already" in error
    (out / "china.npy").unlink()
    command_line("degrade", "jpeg:quality=20", photos, out)
    before = content(out)
    for recipe, *options in (
        ["jpeg:quality=21"],
        ["jpeg:quality=20", "--seed", 1],
        ["jpeg:quality=20", "--mode", "grey"],
    ):
        code, _, error = command_line("degrade", recipe, photos, out, *options)
        assert (code, content(out)) == (2, before)
        assert "holds another set: its" in error


def test_nothing_is_written_through_a_link(
    photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (out / "masks").symlink_to(elsewhere)
    code, _, error = command_line("degrade", "missing-pixels:fraction=0.5", photos, out)
    assert (code, list(elsewhere.iterdir())) == (2, [])
    assert "is a link" in error


def test_masks_and_unclipped_values(
    photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    out = tmp_path / "out"
    code, text, _ = command_line(
        "degrade", "gaussian-noise:sigma_255=25+missing-boxes:fraction=0.2", photos, out, "--json"
    )
    document = json.loads(text)
    assert (code, document["schema"]) == (0, "restobench/degrade/1")
    row = document["rows"][0]
    degraded, mask = np.load(out / row["output"]), read_image(out / row["mask"])[0] > 0.5
    assert row["output"].endswith(".npy")
    assert degraded.min() < 0
    assert (degraded[:, mask] == 0).all()
    assert 0.2 <= mask.mean() < 0.5


def test_a_file_that_fails_does_not_stop_the_others(
    photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    (photos / "broken.png").write_bytes(b"no image")
    write_image(photos / "grey.png", np.zeros((1, 40, 40), np.float32))
    code, _, error = command_line("degrade", "bayer-mosaic", photos, tmp_path / "out")
    assert code == 3
    assert "broken.png: " in error
    assert "grey.png: bayer-mosaic: the image has one plane; expected RGB" in error
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["fingerprint"] is None
    assert sum(row["error"] is None for row in manifest["rows"]) == 4


def test_one_image_to_one_file(photos: Path, tmp_path: Path, command_line: CommandLine) -> None:
    target = tmp_path / "new" / "small.png"
    assert command_line("degrade", "imresize:scale=2", photos / "china.png", target)[0] == 0
    assert read_image(target).shape == (3, 24, 24)
    assert (tmp_path / "new" / "small.manifest.json").is_file()
    noise, target = "gaussian-noise:sigma_255=25", tmp_path / "n.png"
    code, _, error = command_line("degrade", noise, photos / "china.png", target)
    assert (code, target.exists()) == (3, False)
    assert "needs a .npy file" in error


def test_recipes(tmp_path: Path) -> None:
    noise, clipped = GaussianNoise(25.0), GaussianNoiseClipped(9.0)
    assert parse_recipe("photos-sigma25") == Recipe(Chain((noise,)), "photos-sigma25", 0)
    chain = parse_recipe("gaussian-blur:sigma=1e+1+jpeg:quality=5").chain
    assert [step.name for step in chain.steps] == ["gaussian-blur", "jpeg"]
    mine, both = tmp_path / "mine.toml", tmp_path / "both.toml"
    mine.write_text('seed = 4\ndegradations = [{name = "gaussian-noise-clipped", sigma_255 = 9.0}]')
    assert parse_recipe(str(mine)) == Recipe(Chain((clipped,)), "mine", 4)
    both.write_text('metrics = ["psnr"]\nsets = [{use = "photos-q10"}, {use = "photos-q20"}]')
    assert parse_recipe(str(both), "photos-q20").chain.conditions.quality == 20


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("gausian-blur:sigma=2", "Did you mean gaussian-blur"),
        ("jpeg", "missing a required argument: 'quality'; its parameters: quality"),
        ("jpeg:quality=200", "quality is 200; expected a whole number from 1 to 100"),
        ("jpeg:qualty=20", "its parameters: quality"),
        ("jpeg:20", "NAME:key=value"),
        ("jpeg:quality=20+", "quality is '20+'"),
        ("nowhere.toml", "nowhere.toml does not exist"),
        ("set5-x2", "was degraded by others"),
    ],
)
def test_a_wrong_recipe_is_one_line(
    recipe: str, message: str, photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    code, _, error = command_line("degrade", recipe, photos, tmp_path / "out")
    assert (code, (tmp_path / "out").exists()) == (2, False)
    assert message in error
    assert error.count("\n") == 1


def test_input_and_output_that_make_no_sense(
    photos: Path, tmp_path: Path, command_line: CommandLine
) -> None:
    write_image(photos / "china.jpeg.png", np.zeros((3, 8, 8), np.float32))
    (photos / "china.bmp").write_bytes((photos / "china.png").read_bytes())
    for output, message in (
        (photos, "is the input"),
        ("x.png", "must be one"),
        (tmp_path / "out", "two files called"),
    ):
        code, _, error = command_line("degrade", "jpeg:quality=20", photos, output)
        assert code == 2
        assert message in error


@pytest.mark.parametrize(("recipe", "suffix"), [("", ".npy"), ("+eight-bits", ".png")])
def test_what_is_degraded_is_read_by_restore_run_and_score(
    photos: Path, tmp_path: Path, command_line: CommandLine, recipe: str, suffix: str
) -> None:
    noisy, out = tmp_path / "pair/degraded", tmp_path / "out"
    shutil.copytree(photos, tmp_path / "pair/reference")
    assert command_line("degrade", f"gaussian-noise:sigma_255=25{recipe}", photos, noisy)[0] == 0
    assert {path.suffix for path in noisy.iterdir()} == {suffix, ".json"}
    assert command_line("restore", "-r", "identity", noisy, out)[0] == 0
    assert np.array_equal(
        read_image(out / "rocket.png"), quantise(read_image(noisy / f"rocket{suffix}"))
    )
    (tmp_path / "mine.toml").write_text(
        'metrics = ["psnr"]\nevaluation = "rgb"\n[[sets]]\nname = "mine"\ntask = "denoise"\n'
        'pairs = "pair"\n'
    )
    run = tmp_path / "run"
    arguments = ("run", "-b", tmp_path / "mine.toml", "-r", "identity", "--out", run)
    code, _, error = command_line(*arguments)
    assert code == 0, error
    code, text, _ = command_line("score", noisy, "--reference", photos, "-m", "psnr", "--json")
    scored = {Path(row["path"]).stem: row["value"] for row in json.loads(text)["rows"]}
    assert code == 0
    assert {score.cell.image: score.value for score in load_run(run).scores} == scored
    assert 18 < scored["rocket"] < 24, "sigma 25 is 20.2 dB, and clipping helps a little"


def test_arrays_that_are_no_images_are_refused(tmp_path: Path) -> None:
    wrong = {
        "bytes": np.zeros((8, 8, 3), np.uint8),
        "flat": np.zeros((8, 8), np.float32),
        "gaps": np.full((3, 8, 8), np.nan, np.float32),
        "things": np.array([{}], dtype=object),
    }
    for name, array in wrong.items():
        np.save(tmp_path / f"{name}.npy", array)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "gaps.npy").read_bytes()[:-5])
    (tmp_path / "text.npy").write_text("no array")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(ImageError, match=path.name):
            read_image(path)


def test_a_reference_is_a_picture(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((3, 8, 8), 1.5, np.float32))
    noisy = SyntheticSet("x", Task.DENOISE, Folder(tmp_path), (GaussianNoise(sigma_255=25),))
    with pytest.raises(ImageError, match=r"a: the reference holds values from 1\.5 to 1\.5"):
        noisy.sample("a")
