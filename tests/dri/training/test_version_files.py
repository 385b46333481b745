"""Versions on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.dri.training.version_files import read_versions
from harness.errors import InputError


def test_damaged_versions_are_named(tmp_path: Path) -> None:
    (tmp_path / "0000.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"0000\.npz holds no versions"):
        read_versions(tmp_path / "0000.npz")
