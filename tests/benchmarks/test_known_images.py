"""A known set's name promises its pixels."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.catalogue import find_set
from harness.errors import ImageError
from harness.images import read_image, write_image


def test_an_image_that_is_not_the_pinned_one_is_refused(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sets/set12"
    folder.mkdir(parents=True)
    for name in ("01.png", "02.png"):
        shutil.copyfile(data / "sets/set12" / name, folder / name)
    monkeypatch.setenv("RESTOBENCH_DATA", str(tmp_path))
    changed = read_image(folder / "02.png")
    changed[0, 0, 0] = 1 - changed[0, 0, 0]
    write_image(folder / "02.png", changed)
    noisy = find_set("set12-sigma25")
    assert noisy.describe()["pinned"] is True
    assert noisy.sample("01").reference is not None
    message = "is not the 02 that set12 names: `restobench sets verify set12`"
    with pytest.raises(ImageError, match=message):
        noisy.sample("02")
