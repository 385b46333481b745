"""Weight files as tools leave them: under prefixes, in containers, beside other networks, or none.

What is loaded restores as the plain file does.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spandrel
import torch
import yaml

from harness import basicsr_shim
from harness.errors import InputError
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, Restorer
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer
from restorers._checkpoint import read_weights

State = dict[str, torch.Tensor]
NETWORK = {
    "type": "SRVGGNetCompact", "num_in_ch": 3, "num_out_ch": 3, "num_feat": 8, "num_conv": 2,
    "upscale": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def state() -> State:
    """The weights of a small network, which spandrel and basicsr know."""
    if basicsr_shim.missing():
        pytest.skip(str(basicsr_shim.missing()))
    torch.manual_seed(0)
    weights: State = basicsr_shim.build_network(NETWORK).state_dict()
    assert spandrel.ModelLoader().load_from_state_dict(dict(weights)).architecture.id == "Compact"
    return weights


def under(prefix: str, state: State) -> State:
    return {prefix + key: value for key, value in state.items()}


def zeros(state: State) -> State:
    return {key: torch.zeros_like(value) for key, value in state.items()}


def build(path: Path) -> Restorer:
    return build_restorer(parse_restorer(str(path)))


def restore(restorer: Restorer) -> Any:
    image = np.random.default_rng(3).random((3, 12, 16), dtype=np.float32)
    return restore_image(restorer, image, Conditions(scale=2))


@pytest.fixture
def expected(state: State, tmp_path: Path) -> Any:
    torch.save(state, tmp_path / "plain.pth")
    restorer = build(tmp_path / "plain.pth")
    assert "prefix" not in restorer.card.source
    return restore(restorer)


PREFIXES = (
    "_orig_mod.", "module.", "net_g.", "netG.", "generator.", "generator_ema.", "model.",
    "network.", "module._orig_mod.", "model.net_g.", "my_wrapper.", "online_model.",
    "ema_model.module.", "net._orig_mod.", "shadow.", "_forward_module.module.",
)  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_is_taken_off_and_said(
    prefix: str, state: State, expected: Any, tmp_path: Path
) -> None:
    torch.save(under(prefix, state), tmp_path / "weights.pth")
    restorer = build(tmp_path / "weights.pth")
    assert f"without the prefix {prefix!r}" in restorer.card.source
    assert np.array_equal(restore(restorer), expected)


WITHIN: dict[str, Callable[[str], str]] = {
    "_orig_mod.": lambda key: key.replace("body.", "body._orig_mod.", 1),
    "_checkpoint_wrapped_module.": lambda key: f"module.{key}".replace(
        "body.0.", "body.0._checkpoint_wrapped_module."
    ),
    "module.": lambda key: key.replace("body.", "body.module."),
    "_orig_mod., _fsdp_wrapped_module.": lambda key: (
        f"_fsdp_wrapped_module.{key}" if ".0." in key else f"_orig_mod.{key}"
    ),
}


@pytest.mark.parametrize("inside", WITHIN)
def test_what_wraps_a_part_of_a_network_is_taken_out_and_said(
    inside: str, state: State, expected: Any, tmp_path: Path
) -> None:
    torch.save({WITHIN[inside](key): value for key, value in state.items()}, tmp_path / "a.pth")
    restorer = build(tmp_path / "a.pth")
    assert f"without {inside!r} within names" in restorer.card.source
    assert np.array_equal(restore(restorer), expected)


CONTAINERS: dict[str, Callable[[State], object]] = {
    "params_ema of two": lambda state: {"params": zeros(state), "params_ema": state},
    "params beside a counter": lambda state: {"params": state, "iter": 3},
    "three levels": lambda state: {"model": {"state_dict": {"params_ema": state}}},
    "Lightning": lambda state: {
        "state_dict": under("model.", state) | {"loss_fn.weight": torch.ones(2)},
        "optimizer_states": [{"state": {}}],
        "hyper_parameters": {"lr": 0.1},
    },
    "a generator and its mean": lambda state: {
        "state_dict": under("generator.", zeros(state))
        | under("generator_ema.", state)
        | {"discriminator.weight": torch.ones(2), "step_counter": torch.ones(1)},
        "optimizer": {"state": {"exp_avg": torch.ones(3)}},
    },
    "averaged weights": lambda state: under("module.", state) | {"n_averaged": torch.tensor(3)},
    "ema_pytorch": lambda state: {
        "ema": under("online_model.", zeros(state))
        | under("ema_model.", state)
        | {"initted": torch.tensor(True), "step": torch.tensor(3)},
    },
    "a mean within a mean": lambda state: {
        "model": zeros(state),
        "ema": {"module": {"shadow": state}, "decay": 0.99, "updates": 7},
    },
    "a mean in one dictionary": lambda state: {
        "state_dict": under("model.", zeros(state))
        | under("ema.shadow.", state)
        | {"ema.decay": torch.ones(1), "ema.num_updates": torch.ones(1)},
    },
    "an optimiser first": lambda state: {"optimizer": {"a": torch.ones(2)}, "net": state},
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_weights_are_found_where_trainers_put_them(
    container: str, state: State, expected: Any, tmp_path: Path
) -> None:
    torch.save(CONTAINERS[container](state), tmp_path / "weights.pth")
    restorer = build(tmp_path / "weights.pth")
    assert np.array_equal(restore(restorer), expected)
    assert any(word in restorer.card.source for word in ("from '", "without the prefix"))


def test_a_part_of_a_network_is_not_taken_for_all_of_it(state: State, tmp_path: Path) -> None:
    more = under("upscale.", state) | under("refine.", state)
    torch.save(more, tmp_path / "two.pth")
    with pytest.raises(InputError, match=r"of no architecture .*; it holds upscale\.body\.0"):
        build(tmp_path / "two.pth")


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "net_g."])
def test_basicsr_takes_them_off_too(prefix: str, state: State, tmp_path: Path) -> None:
    torch.save({"params": under(prefix, state)}, tmp_path / "weights.pth")
    paths = {"pretrain_network_g": "weights.pth"}
    content = {"name": "small", "scale": 2, "network_g": NETWORK, "path": paths}
    (tmp_path / "options.yml").write_bytes(b"\xef\xbb\xbf" + yaml.safe_dump(content).encode())
    restorer = build_restorer(parse_restorer(f"basicsr:{tmp_path / 'options.yml'}"))
    assert f"without the prefix {prefix!r}" in restorer.card.source


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_in_a_file_decides_and_not_its_name(
    suffix: str, state: State, expected: Any, tmp_path: Path
) -> None:
    from safetensors.torch import save_file

    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        save_file({key: value.clone() for key, value in state.items()}, path)
    else:
        torch.save(state, path)
    assert np.array_equal(restore(build(path)), expected)


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n"
NO_NETWORKS = {
    "a pointer of Git LFS": (LFS, "git lfs pull"),
    "a pointer of git-annex": (b"/annex/objects/SHA256E-s1--0.pth\n", "git annex get"),
    "a web page": (b"\n<!DOCTYPE html><html><body>Log in</body></html>", "is a web page"),
    "an XML error": (b"<?xml version='1.0'?><Error>AccessDenied</Error>", "is a web page"),
    "an empty file": (b"", "is empty"),
    "a message": (b"Entry not found", "is text, which begins with 'Entry not found'"),
    "a JSON message": (b'{"error": "gated"}', "is text"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0", "is compressed"),
    "an image": (b"\x89PNG\r\n\x1a\n\0\0", "is an image"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "HDF5"),
}


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".safetensors", ".onnx", ".ts", ".pb"])
@pytest.mark.parametrize("kind", NO_NETWORKS)
def test_what_is_no_network_is_called_what_it_is(kind: str, suffix: str, tmp_path: Path) -> None:
    if suffix == ".onnx":
        pytest.importorskip("onnxruntime")
    content, message = NO_NETWORKS[kind]
    (tmp_path / f"net{suffix}").write_bytes(content)
    with pytest.raises(InputError) as error:
        build(tmp_path / f"net{suffix}")
    assert message in str(error.value)
    assert "would run code" not in str(error.value)
    assert "\n" not in str(error.value)


def cut_short(state: State, path: Path) -> None:
    torch.save(state, path)
    os.truncate(path, path.stat().st_size // 2)


def random_bytes(_state: State, path: Path) -> None:
    path.write_bytes(np.random.default_rng(1).bytes(5000))


def a_list(_state: State, path: Path) -> None:
    torch.save([1, 2], path)


def an_optimiser(_state: State, path: Path) -> None:
    torch.save({"optimizer": {"exp_avg": torch.ones(3)}, "epoch": 3}, path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (cut_short, "lacks its end: download it again"),
        (random_bytes, "is no checkpoint of torch, or damaged"),
        (a_list, "no named tensors, but a list"),
        (an_optimiser, "no named tensors, but a dict"),
    ],
)
def test_damaged_weights_are_not_called_hostile(
    make: Callable[[State, Path], None], message: str, state: State, tmp_path: Path
) -> None:
    make(state, tmp_path / "net.pth")
    with pytest.raises(InputError, match=message):
        build(tmp_path / "net.pth")


def test_a_pickled_network_is_refused_with_the_class_that_it_names(tmp_path: Path) -> None:
    torch.save(torch.nn.Conv2d(3, 3, 3), tmp_path / "whole.pth")
    with pytest.raises(InputError, match=r"more than weights \(torch\.nn\.modules\.conv\.Conv2d\)"):
        build(tmp_path / "whole.pth")


@pytest.mark.parametrize("content", ["zeros", "zip"])
def test_what_torch_says_of_itself_is_not_repeated(tmp_path: Path, content: str) -> None:
    path = tmp_path / "net.pth"
    if content == "zeros":
        path.write_bytes(bytes(5000))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "text")
    with pytest.raises(InputError, match="it is no checkpoint of torch, or damaged") as raised:
        read_weights(str(path))
    assert "weights_only" not in str(raised.value)
