"""Scorers of one's own, as the metric `dri-NAME`: adapted to votes, or trained.

Each is a weight file and what is said of it, in the user's folder and apart from the package.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs

from harness.atomic import atomic_file
from harness.dri.metric import Dri, DriStatedTerms
from harness.errors import InputError
from harness.protocols import Family

SCHEMA = "restobench/scorer/1"
PREFIX = "dri-"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def scorers_folder() -> Path:
    """Where they lie: RESTOBENCH_SCORERS, or a folder of the user's data."""
    own = os.environ.get("RESTOBENCH_SCORERS")
    return Path(own) if own else Path(platformdirs.user_data_dir("restobench"), "scorers")


def check_name(name: str) -> str:
    """The name itself.

    Raises:
        InputError: It cannot be one.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"a scorer cannot be called {name!r}: expected letters, digits, hyphens")
    if f"{PREFIX}{name}" == DriStatedTerms.card.name:
        raise InputError(f"a scorer cannot be called {name!r}: {PREFIX}{name} is in the package")
    return name


def weights_path(name: str) -> Path:
    """The weight file of a scorer; what is said of it lies beside it, as JSON."""
    return scorers_folder() / f"{check_name(name)}.safetensors"


def write_card(name: str, told: Mapping[str, object]) -> Path:
    """Writes what is said of a scorer, with the hash of its weights."""
    path = weights_path(name)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    card = {"schema": SCHEMA, "name": name, "sha256": sha256, **told}
    out = path.with_suffix(".json")
    out.write_text(json.dumps(card, indent=1, sort_keys=True))
    return out


def free_path(name: str) -> Path:
    """Where the weights of a new scorer come to lie.

    Raises:
        InputError: The name is taken, or cannot be one.
    """
    path = weights_path(name)
    if path.exists():
        raise InputError(f"{path} is there already; give another --name, or remove it")
    return path


def keep_trained(name: str, weights: Path, images: Path, upon: str) -> str:
    """Keeps trained weights as the metric `dri-NAME`.

    Args:
        name: Of the metric, without `dri-`.
        weights: What a training has written.
        images: Its list of training images.
        upon: What it stood upon, by the name of packaged weights or their path; empty: nothing.

    Returns:
        The metric's name.

    Raises:
        InputError: The name is taken or cannot be one, or a file is damaged.
    """
    from harness.dri.training_images import read_training_images
    from harness.dri.weights import load_weights

    load_weights(weights)
    sets = read_training_images(images)
    path = free_path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as partial:
        partial.write_bytes(weights.read_bytes())
    learnt = sorted({key for keys in sets.values() for key in keys.values()})
    write_card(name, {"upon": upon, "sets": sorted(sets), "learnt": learnt})
    return f"{PREFIX}{name}"


def _card_of(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["schema"] != SCHEMA or not isinstance(told["sha256"], str):
            raise ValueError("it is of another kind")
        told["learnt"] = frozenset(map(str, told["learnt"]))
        return {**told, "how": _how(told)}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is damaged: {error}; adapt or train it again") from error


def _how(told: Mapping[str, Any]) -> str:
    """What a card says was done; as a trained scorer's or an adapted one's has it."""
    if "sets" in told:
        if not isinstance(told["sets"], list):
            raise TypeError("its sets are no list")
        upon = str(told["upon"])
        return f"trained upon {upon}" if upon else "trained"
    return f"adapted to {told.get('votes', 0):g} votes of run {told.get('run', '')}"


def _names() -> list[str]:
    files = scorers_folder().glob("*.json")
    return sorted(f"{PREFIX}{path.stem}" for path in files if _NAME.fullmatch(path.stem))


def _make(name: str) -> type[Dri]:
    path = weights_path(name.removeprefix(PREFIX))
    told = _card_of(path.with_suffix(".json"))
    upon = str(told.get("upon", Dri.card.name))  # votes are learnt from upon the package's
    base = {item.card.name: item for item in (Dri, DriStatedTerms)}.get(upon)
    licence = base.card.licence if base else Dri.card.licence.partition(";")[0]
    if "sets" in told:
        sets = ", ".join(map(str, told["sets"]))
        licence += f"; and on {sets}, under their terms" if base else f"; trained on {sets}"

    class Adapted(Dri):
        """The scorer of somebody's own."""

        card = replace(
            Dri.card,
            name=name,
            version=told["sha256"][:12],
            preferred=False,
            licence=licence,
            source=f"{Dri.card.source}; {told['how']}",
        )

        weights_sha256: str = told["sha256"]

        def __init__(self, device: str = "cpu") -> None:
            from harness.dri.weights import load_weights

            self.device = device
            self.network = load_weights(path, told["sha256"]).to(device)

        @classmethod
        def trained_on(cls) -> frozenset[str]:
            """What the scorer before it was trained on, and what it has learnt from."""
            learnt: frozenset[str] = told["learnt"]
            return base.trained_on() | learnt if base else learnt

    return Adapted


family = Family("metric", _names, _make)
"""The entry point `dri-*`."""
