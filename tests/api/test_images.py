"""Single images: scored, degraded and restored as the command line does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import harness
from benchmarks.sources import Photos
from harness.errors import ImageError, InputError
from harness.images import read_image, write_image

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, Photos(64).read("coffee"))
    return path


def test_arrays_and_files_score_as_on_the_command_line(
    photo: Path, tmp_path: Path, command_line: Command
) -> None:
    other = tmp_path / "restored" / "photo.png"
    other.parent.mkdir()
    write_image(other, 0.9 * read_image(photo))
    code, out, _ = command_line(
        "score", other, "--reference", photo, "-m", "psnr-y", "-m", "ssim", "--json"
    )
    assert code == 0
    wanted = {row["metric"]: row["value"] for row in json.loads(out)["rows"]}
    metrics = ["psnr-y", "ssim"]
    files = harness.score(other, metrics, reference=photo)
    arrays = harness.score(read_image(other), metrics, reference=read_image(photo))
    for frame in (files, arrays):
        assert list(frame.columns) == ["path", "metric", "value", "spread", "error"]
        assert dict(zip(frame["metric"], frame["value"], strict=True)) == wanted
    assert harness.score([other, photo], "blur-effect")["path"].tolist() == [str(other), str(photo)]


def test_what_cannot_be_scored_is_said(photo: Path) -> None:
    image = read_image(photo)
    with pytest.raises(InputError, match="reference="):
        harness.score(image, "psnr")
    with pytest.raises(InputError, match="calls of their own"):
        harness.score([image, photo], "niqe")
    with pytest.raises(ImageError, match="float32"):
        harness.score(image.astype(np.float64), "blur-effect")
    small = harness.score(image, "psnr", reference=image[:, 1:])
    assert "they must agree" in small["error"][0]


def test_an_image_is_degraded_as_a_file_is(
    photo: Path, tmp_path: Path, command_line: Command
) -> None:
    recipe = "gaussian-noise-clipped:sigma_255=25+jpeg:quality=40"
    assert command_line("degrade", recipe, photo, tmp_path / "noisy.png", "--seed", 3)[0] == 0
    wanted = read_image(tmp_path / "noisy.png")
    assert np.array_equal(harness.degrade(photo, recipe, seed=3), wanted)
    image = read_image(photo)
    assert np.array_equal(harness.degrade(image, recipe, seed=3, name="photo"), wanted)
    assert not np.array_equal(harness.degrade(image, recipe, seed=4, name="photo"), wanted)


def test_an_image_is_restored_as_a_file_is(
    photo: Path, tmp_path: Path, command_line: Command
) -> None:
    command = ("restore", "-r", "bicubic", "--scale", 3, photo, tmp_path / "x.png")
    assert command_line(*command)[0] == 0
    restored = harness.restore(photo, "bicubic", harness.Conditions(scale=3))
    write_image(tmp_path / "y.png", restored)
    assert (tmp_path / "y.png").read_bytes() == (tmp_path / "x.png").read_bytes()
    image = read_image(photo)
    assert np.array_equal(harness.restore(image, lambda x: x), image)
    with pytest.raises(InputError, match="wiener needs to know kernel"):
        harness.restore(photo, "wiener")


def test_lists_are_those_of_the_command_line(command_line: Command) -> None:
    for kind in ("restorers", "metrics", "sets", "benchmarks", "reports", "degradations"):
        code, out, _ = command_line("list", kind, "--json")
        assert code == 0
        rows = getattr(harness, f"list_{kind}")()
        assert [row["name"] for row in json.loads(out)["rows"]] == [row["name"] for row in rows]


@pytest.mark.parametrize(
    ("images", "reference", "message"),
    [
        (torch.zeros(3, 8, 8), None, "of type Tensor; expected a numpy array"),
        ([np.zeros((3, 8, 8), np.float32), torch.zeros(3, 8, 8)], None, "of type Tensor"),
        ([], None, "there is no image"),
        (3, None, "of type int"),
        (np.zeros((3, 8, 8), np.float32), [1], "reference is a list; expected one array"),
        (np.full((3, 8, 8), 99, np.float32), None, "from 99 to 99, where 0 is black and 1 is"),
        (np.zeros((3, 8, 8), np.float32), np.full((3, 8, 8), 99, np.float32), "reference holds"),
    ],
)
def test_what_is_no_image_is_said(images: Any, reference: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        harness.score(images, "blur-effect", reference=reference)
