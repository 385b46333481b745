"""The list of what the shipped weights have learnt from: an image is known by its pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.dri.metric import Dri
from harness.dri.training_images import read_training_images, write_training_images
from harness.errors import InputError
from harness.images import content_key, quantise, read_image, write_image


def test_an_image_is_known_under_another_name_and_format(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    images = [quantise(generator.random((3, 20, 30), dtype=np.float32)) for _ in range(2)]
    for name, image in zip("ab", images, strict=True):
        write_image(tmp_path / f"{name}.png", image)
    write_training_images(
        tmp_path / "list.json", {"mine": [tmp_path / "b.png", tmp_path / "a.png"], "none": []}
    )
    known = read_training_images(tmp_path / "list.json")
    assert list(known["mine"]) == ["a.png", "b.png"]
    assert known["none"] == {}
    write_image(tmp_path / "renamed.bmp", images[0])
    key = content_key(read_image(tmp_path / "renamed.bmp"))
    assert key == known["mine"]["a.png"] != known["mine"]["b.png"]


def test_images_of_one_name_in_several_folders_are_told_apart(
    tmp_path: Path, generator: np.random.Generator
) -> None:
    paths = [tmp_path / "images" / name / "0.png" for name in ("s0", "s1")]
    for path in paths:
        path.parent.mkdir(parents=True)
        write_image(path, generator.random((3, 8, 9), dtype=np.float32))
    write_training_images(tmp_path / "list.json", {"mine": paths})
    known = read_training_images(tmp_path / "list.json")["mine"]
    assert known == {
        f"s{place}/0.png": content_key(read_image(path)) for place, path in enumerate(paths)
    }


def test_what_was_learnt_before_stays_known(tmp_path: Path, generator: np.random.Generator) -> None:
    write_image(tmp_path / "a.png", generator.random((3, 8, 9), dtype=np.float32))
    before = {"mine": {"a.png": "another", "b.png": "earlier"}, "base": {"c.png": "base"}}
    write_training_images(tmp_path / "list.json", {"mine": [tmp_path / "a.png"]}, before)
    known = read_training_images(tmp_path / "list.json")
    own = content_key(read_image(tmp_path / "a.png"))
    assert {*known["mine"].values()} == {own, "another", "earlier"}
    assert known["mine"]["a.png"] == own
    assert known["base"] == {"c.png": "base"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "other/1", "sets": {}}', '{"schema": 1, "sets": [1]}']
)
def test_a_damaged_list_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "list.json").write_text(text)
    with pytest.raises(InputError, match=r"list\.json"):
        read_training_images(tmp_path / "list.json")


def test_the_shipped_list_holds_the_mos_images_and_no_test_set(data: Path) -> None:
    known = Dri.trained_on()
    for path in sorted((data / "livec" / "images").iterdir())[::100]:
        assert content_key(read_image(path)) in known
    for name in ("kodak24", "bsd68", "set14/HR"):
        for path in sorted((data / "sets" / name).iterdir())[:3]:
            assert content_key(read_image(path, mode="rgb")) not in known
