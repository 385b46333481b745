"""The scorer's weights: one safetensors file, in half precision.

The network's shape is in its header.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from harness.atomic import atomic_file
from harness.dri.network.config import NetworkConfig
from harness.dri.network.network import DRINetwork
from harness.dri.shipped import DRI, STATED_TERMS
from harness.errors import InputError

FORMAT = "restobench/dri/1"
_UNFIT = RuntimeError, AssertionError, RecursionError, ZeroDivisionError, OverflowError
"""What building a network of another shape, or reading a deep header, may end in."""


def save_weights(network: DRINetwork, path: Path, history: Mapping[str, object]) -> str:
    """Writes a network.

    Args:
        network: What to write; learned tensors become float16.
        path: The .safetensors file; its folder is made.
        history: How it was trained, as JSON types.

    Returns:
        SHA-256 of the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: (value if name == "calibration" else value.half()).contiguous()
        for name, value in network.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "config": json.dumps(asdict(network.config), sort_keys=True),
        "history": json.dumps(history, sort_keys=True),
    }
    content = _sorted(save(tensors, metadata=header))
    with atomic_file(path) as partial:
        partial.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _sorted(content: bytes) -> bytes:
    """A safetensors file with the keys of its header in order.

    The library writes those of the metadata in another order each time, and equal weights would
    have different hashes.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8 : 8 + size]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)  # tensors begin at a multiple of 8 bytes
    return len(header).to_bytes(8, "little") + header + content[8 + size :]


def load_weights(path: Path = DRI.path, sha256: str | None = None) -> DRINetwork:
    """Reads a network, in evaluation mode and single precision.

    Args:
        path: The .safetensors file.
        sha256: What its hash has to be; by default that of a shipped file, if it is one.

    Raises:
        InputError: The file is missing, damaged, or not the one that was expected.
    """
    shipped = {item.path: item.sha256 for item in (DRI, STATED_TERMS)}
    expected = sha256 or shipped.get(path)
    if not path.is_file():
        raise InputError(f"the scorer's weights {path} are missing: reinstall restobench")
    seen = hashlib.sha256(path.read_bytes()).hexdigest()
    if expected and seen != expected:
        raise InputError(
            f"the scorer's weights {path} have SHA-256 {seen[:16]}..., expected {expected[:16]}..."
        )
    try:
        network = _unfilled(path)
        state = {name: value.float() for name, value in load_file(path).items()}
        missing, unexpected = network.load_state_dict(state, strict=False, assign=True)
    except (SafetensorError, TypeError, ValueError, KeyError, *_UNFIT) as error:
        why = f"{type(error).__name__}: {' '.join(str(error).split()):.200}"
        raise InputError(f"{path} cannot be read as the scorer's weights: {why}") from error
    if wrong := [name for name, value in state.items() if not bool(value.isfinite().all())]:
        raise InputError(f"{path} holds values that are NaN or infinite, in {wrong[0]}")
    if missing or unexpected:
        raise InputError(
            f"{path} does not fit its own configuration: {[*missing, *unexpected][:3]}"
        )
    return network.eval()


def _unfilled(path: Path) -> DRINetwork:
    """A network of the shape that a file speaks of, without values.

    Raises:
        InputError: It is of another format.
        ValueError: It speaks of more than it holds.
    """
    with safe_open(path, framework="pt") as file:
        header, tensors = file.metadata() or {}, len(list(file.keys()))
    if header.get("format") != FORMAT:
        raise InputError(f"{path} has format {header.get('format')!r}; expected {FORMAT}")
    config = NetworkConfig(**json.loads(header["config"]))
    if max(config.members, config.heads) > tensors:
        raise ValueError(f"its header speaks of more members or heads than its {tensors} tensors")
    with torch.device("meta"):  # no values before those of the file: to draw them takes longer
        return DRINetwork(config)
