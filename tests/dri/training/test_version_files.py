"""Versions on disk."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from harness.dri.training.version_files import read_versions
from harness.errors import InputError


def archive() -> bytes:
    file = BytesIO()
    np.savez(file, images=np.zeros((1, 3, 4, 4), np.uint8), values=np.zeros((1, 2)), kinds=["x"])
    return file.getvalue()


def test_damaged_versions_are_named(tmp_path: Path) -> None:
    path, array = tmp_path / "0000.npz", BytesIO()
    path.write_bytes(archive())
    assert read_versions(path)[2] == ["x"]
    np.save(array, np.zeros(3))
    for content in (b"no archive", b"", archive()[:-40], array.getvalue()):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"0000\.npz is damaged, or of another training"):
            read_versions(path)
