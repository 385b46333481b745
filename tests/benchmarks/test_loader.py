"""Benchmarks from TOML: the built-in ones load, and a mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.images import check_image, write_image
from harness.plugins.kinds import benchmarks, metrics, resolve_benchmark
from harness.plugins.specification import parse_restorer
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
        ('name = "night"', 'crop = 8\nname = "night"',
         "line 7: crop: is 8; expected the height and width"),
        ("[[sets]]", '[[sets]]\nuse = "set5-x2"\ncrop = 64\n[[sets]]',
         "crop: set5-x2 is not degraded from a folder"),
        ("metrics =", "metricks =",
         r"line 4: metricks: is no key of a benchmark; did you mean metrics\?"),
        ('["psnr"]', "[]", "metrics: is empty"),
        ('["psnr"]', "[7]", "line 4: metrics: holds 7; expected names"),
        ("denoise", "denoice", "line 8: task: is 'denoice'"),
        ("crop_border = 3", "crop_border = -3", "crop_border: is -3"),
        ("sigma_255 = 30.0", "sigma = 30.0", "line 10: sigma: gaussian-noise does not take"),
        ("quality = 70", "quality = 700", "line 10: quality: jpeg: quality is 700"),
        ("degradations", "pattern", "line 10: pattern: is no key of a set with folder"),
        ("sigma_255 = 30.0", "sigma_255 = 300.0", "sigma_255 is 300.0"),
        ("gaussian-noise", "gausian-noise", "Did you mean gaussian-noise"),
        ('folder = "night"', "",
         "line 6: source: a set has no source; expected one of use, known,"),
        ('folder = "night"', 'folder = "night"\nimages = "night"',
         "line 10: images: a set has folder and images; expected one"),
        ("[[sets]]", "[[sets]", "cannot be read"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        resolve_benchmark(str(write(tmp_path, GOOD.replace(old, new))))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        resolve_benchmark(str(tmp_path / "gone.toml"))


RECIPE = """
metrics = "psnr"

[[sets]]
name = "photos-{level}-{seed}"
task = "denoise"
photos = 64
degradations = [
    { name = "gaussian-noise-clipped", sigma_255 = "{sigma_255}" },
    { name = "jpeg", quality = "{quality}" },
]
levels = [
    { label = "mild", sigma_255 = 5, quality = 80 },
    { label = "strong", sigma_255 = 30, quality = 30 },
]
seeds = [0, 1]

[[sets]]
name = "{source}-blur{level}"
task = "deblur"
known = ["set14", "kodak24"]
degradations = [{ name = "gaussian-blur", sigma = "{level}" }]
levels = [1, 2.5]
optional = true
"""


def test_levels_seeds_and_sources_make_a_set_each(tmp_path: Path) -> None:
    benchmark = resolve_benchmark(str(write(tmp_path, RECIPE)))
    assert [item.name for item in benchmark.sets] == [
        "photos-mild-0", "photos-mild-1", "photos-strong-0", "photos-strong-1",
        "set14-blur1", "set14-blur2.5", "kodak24-blur1", "kodak24-blur2.5",
    ]  # fmt: skip
    by_name = {item.name: item for item in benchmark.sets}
    strong = by_name["photos-strong-1"].describe()
    assert strong["degradations"] == [
        {"name": "gaussian-noise-clipped", "sigma_255": 30},
        {"name": "jpeg", "quality": 30},
    ]
    assert strong["seed"] == 1
    assert by_name["kodak24-blur1"].describe()["pinned"] is True
    assert benchmark.optional == {name for name in by_name if "blur" in name}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"photos-{level}-{seed}"', '"photos-{level}"',
         r"line 5: name: .*expected \{seed\} in it, for there are 2"),
        ('quality = "{quality}"', 'quality = "{qualitty}"',
         r"line 10: .*'\{qualitty\}' stands for nothing; known here"),
        ("quality = 30", "quality = 300", "line 10: quality: jpeg: quality is 300"),
        ("seeds = [0, 1]", "seeds = []", "line 16: seeds"),
        ("seeds = [0, 1]", "seeds = [0, 1]\nseed = 3", "line 17: seed: is there beside seeds"),
        ('"kodak24"]', '"kodak25"]',
         "line 21: known: no known set is called 'kodak25'. Did you mean kodak24"),
        ('sigma = "{level}"', 'sgima = "{level}"', "line 22: sgima: gaussian-blur does not take"),
        ('task = "deblur"', "task = 7", "line 20: task: is 7; expected str"),
        ("levels = [1, 2.5]", "levels = [1, true]", "line 23: levels: holds True"),
        ("optional = true", 'optional = "yes"', "line 24: optional: is 'yes'; expected bool"),
        ("metrics =", "metrics = 3\nrestorers =", "line 2: metrics: is 3; expected list or str"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_later_set_is_named_with_its_own_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in RECIPE
    with pytest.raises(InputError, match=message):
        resolve_benchmark(str(write(tmp_path, RECIPE.replace(old, new))))


def test_use_takes_a_list(tmp_path: Path) -> None:
    text = 'metrics = ["psnr"]\n[[sets]]\nuse = ["photos-x2", "photos-q20"]\n'
    benchmark = resolve_benchmark(str(write(tmp_path, text)))
    assert [item.name for item in benchmark.sets] == ["photos-x2", "photos-q20"]
    with pytest.raises(InputError, match="line 3: use: 'photos-x2' is there twice"):
        resolve_benchmark(str(write(tmp_path, text.replace("photos-q20", "photos-x2"))))


@pytest.mark.parametrize("name", list(benchmarks))
def test_built_in_benchmarks_make_what_they_promise(name: str) -> None:
    for degraded_set in resolve_benchmark(name).sets:
        if not degraded_set.name.startswith("photos-"):
            continue
        sample = degraded_set.sample(degraded_set.ids()[0])
        assert sample.reference is not None
        planes, height, width = check_image(sample.degraded).shape
        scale = degraded_set.conditions.scale
        assert sample.reference.shape == (planes, height * scale, width * scale), degraded_set.name
        assert not np.array_equal(sample.reference, sample.degraded), degraded_set.name
