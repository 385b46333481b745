"""The weights: the shipped file is the one on the card; others are saved, loaded and refused."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from benchmarks.sources import Photos
from harness.dri.metric import Dri
from harness.dri.shipped import SHIPPED, SHIPPED_SHA256
from harness.dri.weights import load_weights, save_weights
from harness.errors import InputError


def test_the_shipped_file_is_the_one_on_the_card() -> None:
    assert hashlib.sha256(SHIPPED.read_bytes()).hexdigest() == SHIPPED_SHA256
    assert SHIPPED.stat().st_size <= 25 * 2**20
    card = (Path(__file__).parents[2] / "docs" / "dri.md").read_text()
    assert SHIPPED_SHA256 in card


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    dri = Dri()
    save_weights(dri.network, tmp_path / "own.safetensors", {})
    image = Photos().read("china")
    again = Dri(weights=str(tmp_path / "own.safetensors"))(image)
    assert again.value == pytest.approx(dri(image).value, abs=1e-3)


def test_damaged_missing_or_foreign_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are missing"):
        load_weights(tmp_path / "gone.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(SHIPPED.read_bytes()[:1000])
    with pytest.raises(InputError, match="cannot be read"):
        load_weights(tmp_path / "cut.safetensors")
    save_file({"x": np.zeros(1, np.float32)}, tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match="has format None"):
        load_weights(tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match="SHA-256"):
        load_weights(SHIPPED, sha256="0" * 64)
