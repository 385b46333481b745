"""The weights: the shipped file is the one on the card; others are saved, loaded and refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from benchmarks.sources import Photos
from harness.dri.metric import Dri, DriStatedTerms
from harness.dri.shipped import DRI, STATED_TERMS
from harness.dri.weights import FORMAT, load_weights, save_weights
from harness.errors import InputError


def test_the_shipped_files_are_those_on_the_card() -> None:
    card = (Path(__file__).parents[2] / "docs" / "dri.md").read_text()
    for shipped in (DRI, STATED_TERMS):
        assert hashlib.sha256(shipped.path.read_bytes()).hexdigest() == shipped.sha256
        assert shipped.sha256 in card
    assert sum(shipped.path.stat().st_size for shipped in (DRI, STATED_TERMS)) <= 25 * 2**20


def test_both_score_and_know_what_they_learnt_from() -> None:
    image = Photos().read("china")
    both = Dri(), DriStatedTerms()
    assert both[0](image).value != both[1](image).value
    assert both[1].trained_on() < both[0].trained_on()


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    dri = Dri()
    save_weights(dri.network, tmp_path / "own.safetensors", {})
    image = Photos().read("china")
    again = Dri(weights=str(tmp_path / "own.safetensors"))(image)
    assert again.value == pytest.approx(dri(image).value, abs=1e-3)


def test_equal_weights_are_equal_files(tmp_path: Path) -> None:
    network = Dri().network
    one, other = (
        save_weights(network, tmp_path / name, {"of": "a test"}) for name in ("one", "other")
    )
    assert one == other == hashlib.sha256((tmp_path / "other").read_bytes()).hexdigest()


def test_weights_that_are_no_numbers_or_fit_no_header_are_refused(tmp_path: Path) -> None:
    content = DRI.path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header, path = json.loads(content[8 : 8 + size]), tmp_path / "own.safetensors"
    config = json.loads(header["__metadata__"]["config"])

    def write(metadata: dict[str, str], tensors: bytes) -> None:
        text = json.dumps({**header, "__metadata__": metadata}).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + tensors)

    tensors = content[8 + size :]
    write(header["__metadata__"], b"\xff" * len(tensors))
    with pytest.raises(InputError, match="values that are NaN or infinite"):
        load_weights(path)
    write({"format": FORMAT}, tensors)
    with pytest.raises(InputError, match=r"own\.safetensors cannot be read .* KeyError: 'config'"):
        load_weights(path)
    other = json.dumps({**config, "dimension": 32})
    write({"format": FORMAT, "config": other}, tensors)
    with pytest.raises(InputError, match=r"cannot be read .* size mismatch"):
        load_weights(path)
    for change in ({"members": 10**9}, {"heads": 10**9}, {"dimension": 65}, {"members": "many"}):
        write({"format": FORMAT, "config": json.dumps({**config, **change})}, tensors)
        with pytest.raises(InputError, match=r"own\.safetensors cannot be read"):
            load_weights(path)


def test_damaged_missing_or_foreign_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are missing"):
        load_weights(tmp_path / "gone.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(DRI.path.read_bytes()[:1000])
    with pytest.raises(InputError, match="cannot be read"):
        load_weights(tmp_path / "cut.safetensors")
    save_file({"x": np.zeros(1, np.float32)}, tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match="has format None"):
        load_weights(tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match="SHA-256"):
        load_weights(DRI.path, sha256="0" * 64)
