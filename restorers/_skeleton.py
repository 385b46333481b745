"""A restorer's class to complete, for a network that wants more than `-r network:` can say."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.protocols import RestorerCard
from restorers._checkpoint import Weights
from restorers._their_modules import dotted_name, package_root

_TEXT = '''"""{cls} of {file}, as a restorer: `restobench run -b demo -r MODULE:{cls}Restorer`."""

import sys
from dataclasses import replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import numpy as np

from harness.protocols import Conditions, Restorer, RestorerCard, Task

FOLDER = {folder!r}
WEIGHTS = Path({weights!r})


class {cls}Restorer(Restorer):
    card = RestorerCard(
        name={name!r},
        tasks=({task}),  # Task.DENOISE, ...; none: any that keeps the size
        scales=({scale},),
        channels=({channels},),
        value_range={value_range},  # what black and white are to the network
        conditions=(),  # what it cannot do without: "sigma_255", "quality"
        parameters={parameters},
        licence="unknown",
        source={source!r},
    )

    def __init__(self, *, device: str = "cpu") -> None:
        sys.path.insert(0, FOLDER)
        network = import_module({module!r}).{cls}({arguments})
{load}
        network.load_state_dict(state)
        self._network, self._device = network.to(device).eval(), device
        digest = sha256(WEIGHTS.read_bytes()).hexdigest()
        self.card = replace(self.card, weights_sha256=(digest,))

    def restore(self, image: np.ndarray, conditions: Conditions) -> np.ndarray:
        """Float32 (C, H, W) in the card's range to (C, scale * H, scale * W)."""
        import torch

        with torch.inference_mode():
            # forward takes {takes}; `conditions` has sigma_255, quality, scale, kernel, ...
            restored = self._network(torch.from_numpy(image[None]).to(self._device))
        return restored[0].float().cpu().numpy()
'''


def skeleton(
    cls: Any, file: Path, path: Path, weights: Weights, arguments: Mapping[str, object]
) -> str:
    """The class, as text with fields of a card left open, which `complete` fills.

    Args:
        cls: The network's class.
        file: The Python file that it is in.
        path: The weight file.
        weights: Which of its weights fit best.
        arguments: What the class is called with.
    """
    root = package_root(file.resolve())
    known = {
        "cls": cls.__name__,
        "file": file.name,
        "folder": str(root),
        "weights": str(path.resolve()),
        "name": path.stem,
        "source": f"{cls.__name__} of {file.name}",
        "module": dotted_name(file.resolve(), root),
        "arguments": ", ".join(f"{key}={value!r}" for key, value in arguments.items()),
        "load": _load(path, weights),
        "takes": ", ".join(list(inspect.signature(cls.forward).parameters)[1:]),
    }
    text = _TEXT
    for field, value in known.items():
        text = text.replace(f"{{{field}}}", value).replace(f"{{{field}!r}}", repr(value))
    return text


def complete(text: str, card: RestorerCard | None) -> str:
    """Fills in what is known of a network that runs; of another, what most are."""
    scale = card.scales[0] if card else 1
    low, high = card.value_range if card else (0, 1)
    found = {
        "task": "Task.SUPER_RESOLVE," if scale > 1 else "",
        "scale": scale,
        "channels": card.channels[0] if card else 3,
        "value_range": f"({low:g}, {high:g})",
        "parameters": card.parameters if card else None,
    }
    for field, value in found.items():
        text = text.replace(f"{{{field}}}", str(value))
    return text


def _load(path: Path, weights: Weights) -> str:
    """The lines that read the weights, and take off what stands before and within names."""
    if path.suffix == ".safetensors":
        lines = ["from safetensors.torch import load_file", "", "state = load_file(WEIGHTS)"]
    else:
        read = 'state = torch.load(WEIGHTS, map_location="cpu", weights_only=True)'
        lines = ["import torch", "", read]
    lines += [f"state = state[{key!r}]" for key in filter(None, weights.container.split("."))]
    if weights.inside:
        parts = tuple(name.rstrip(".") for name in weights.inside.split(", "))
        kept = f'".".join(part for part in name.split(".") if part not in {parts!r})'
        lines.append(f"state = {{{kept}: value for name, value in state.items()}}")
    if weights.prefix:
        start = repr(weights.prefix)
        lines += [
            f"names = [name for name in state if name.startswith({start})]",
            f"state = {{name.removeprefix({start}): state[name] for name in names}}",
        ]
    return "\n".join(f"        {line}".rstrip() for line in lines)
