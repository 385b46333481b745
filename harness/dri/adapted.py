"""Scorers of one's own: the scorer after it has learnt from votes, as the metric `dri-NAME`.

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


def _card_of(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["schema"] != SCHEMA or not isinstance(told["sha256"], str):
            raise ValueError("it is of another kind")
        told["learnt"] = frozenset(map(str, told["learnt"]))
        return dict(told)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged: {error}; adapt the scorer again") from error


def _names() -> list[str]:
    files = scorers_folder().glob("*.json")
    return sorted(f"{PREFIX}{path.stem}" for path in files if _NAME.fullmatch(path.stem))


def _make(name: str) -> type[Dri]:
    path = weights_path(name.removeprefix(PREFIX))
    told = _card_of(path.with_suffix(".json"))

    class Adapted(Dri):
        """The scorer, adapted to votes."""

        card = replace(
            Dri.card,
            name=name,
            version=told["sha256"][:12],
            preferred=False,
            source=f"{Dri.card.source}; adapted to {told.get('votes', 0):g} votes of run "
            f"{told.get('run', '')}",
        )

        weights_sha256: str = told["sha256"]

        def __init__(self, device: str = "cpu") -> None:
            from harness.dri.weights import load_weights

            self.device = device
            self.network = load_weights(path, told["sha256"]).to(device)

        @classmethod
        def trained_on(cls) -> frozenset[str]:
            """What the scorer before it was trained on, and what was voted on."""
            learnt: frozenset[str] = told["learnt"]
            return Dri.trained_on() | learnt

    return Adapted


family = Family("metric", _names, _make)
"""The entry point `dri-*`."""
