"""Benchmarks from TOML: the built-in ones load, and a mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.images import write_image
from harness.plugins import benchmarks, metrics, parse_restorer, resolve_benchmark
from harness.protocols import Task


@pytest.mark.parametrize("name", list(benchmarks))
def test_built_in_benchmarks_name_things_that_exist(name: str) -> None:
    benchmark = resolve_benchmark(name)
    assert benchmark.name == name
    assert benchmark.sets
    assert benchmark.description
    for metric in benchmark.metrics:
        assert metrics.get(metric).card.name == metric
    for restorer in benchmark.restorers:
        assert parse_restorer(restorer).cls()


GOOD = """
name = "mine"
evaluation = { name = "own", crop_border = 3 }
metrics = ["psnr"]

[[sets]]
name = "night"
task = "denoise"
folder = "night"
degradations = [{ name = "gaussian-noise", sigma_255 = 30.0 }, { name = "jpeg", quality = 70 }]
"""


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "night").mkdir(exist_ok=True)
    write_image(tmp_path / "night" / "one.png", np.zeros((3, 16, 16), np.float32))
    (tmp_path / "mine.toml").write_text(text)
    return tmp_path / "mine.toml"


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    benchmark = resolve_benchmark(str(write(tmp_path, GOOD)))
    [night] = benchmark.sets
    assert (benchmark.name, benchmark.evaluation.crop_border) == ("mine", 3)
    assert (night.task, night.ids(), night.absent()) == (Task.DENOISE, ("one",), None)
    assert (night.conditions.sigma_255, night.conditions.quality) == (30.0, 70)


def test_a_known_set_can_be_cropped_and_is_another_set_then(tmp_path: Path) -> None:
    text = GOOD + '[[sets]]\nuse = "kodak24-x2"\n[[sets]]\nuse = "kodak24-x2"\ncrop = 96\n'
    _, whole, cropped = resolve_benchmark(str(write(tmp_path, text))).sets
    assert (whole.name, cropped.name) == ("kodak24-x2", "kodak24-x2-crop96")
    assert cropped.describe() == {**whole.describe(), "crop": 96}


def test_a_folder_can_be_cropped(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace('folder = "night"', 'folder = "night"\ncrop = 32'))
    write_image(tmp_path / "night" / "one.png", np.zeros((3, 40, 50), np.float32))
    [night] = resolve_benchmark(str(path)).sets
    reference = night.sample("one").reference
    assert reference is not None
    assert reference.shape == (3, 32, 32)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "night"', 'crop = 8\nname = "night"', "line 7: crop: is 8; expected the height and width"),
        ("[[sets]]", '[[sets]]\nuse = "set5-x2"\ncrop = 64\n[[sets]]', "crop: set5-x2 is not degraded from a folder"),
        ("metrics =", "metricks =", r"line 4: metricks: is no key of a benchmark; did you mean metrics\?"),
        ('["psnr"]', "[]", "metrics: is empty"),
        ('["psnr"]', '"psnr"', "metrics: is 'psnr'; expected list"),
        ("denoise", "denoice", "line 8: task: is 'denoice'"),
        ("crop_border = 3", "crop_border = -3", "crop_border: is -3"),
        ("sigma_255 = 30.0", "sigma = 30.0", "gaussian-noise does not take"),
        ("sigma_255 = 30.0", "sigma_255 = 300.0", "sigma_255 is 300.0"),
        ("gaussian-noise", "gausian-noise", "Did you mean gaussian-noise"),
        ('folder = "night"', "", "expected one of use, photos, folder, pairs, images"),
        ('folder = "night"', 'folder = "night"\nimages = "night"', "expected one of use, photos, folder"),
        ("[[sets]]", "[[sets]", "cannot be read"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        resolve_benchmark(str(write(tmp_path, GOOD.replace(old, new))))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        resolve_benchmark(str(tmp_path / "gone.toml"))
