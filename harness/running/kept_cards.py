"""Cards of networks given by path, kept in the cache: a second plan need not load the network.

A card is kept under the hash of everything that it was read from: the file and those beside it of
its name, how it was given, the code of its adapter and of what loads and probes it, and every
installed distribution. Only a card that decides alone what the restorer supports is kept, of a
network that went through the probe.
"""

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from harness.atomic import atomic_file
from harness.cards import RestorerCard
from harness.plugins.fingerprints import code_hash, file_hash
from harness.plugins.specification import RestorerSpec
from harness.storage.metadata import read_record
from harness.storage.places import cache_folder

LARGEST = 2**20
"""Bytes of a file that may be a card: whatever else lies there is not read."""


def card_key(spec: RestorerSpec) -> str | None:
    """What a restorer's card depends on, hashed; `None` where that is not one file."""
    file = Path(spec.argument or "")
    if not file.is_file():
        return None
    beside = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in _beside(file)]
    module = spec.cls().__module__
    parts = [
        *(sys.version, spec.plugin, str(spec.argument), repr(spec.parameters)),
        *(file_hash(file), repr(beside)),
        *(code_hash(module), code_hash("harness.restoring.in_worker")),
        *_installed(),
    ]
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()


def recall(spec: RestorerSpec, key: str) -> RestorerCard | None:
    """The card that was kept under a key; `None` where there is none, or it is damaged."""
    path = cache_folder("cards") / f"{key}.json"
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(LARGEST))
        card = read_record(RestorerCard, document["card"])
        intact = document["sha256"] == _digest(card, key)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    return card if intact and _is_whole(spec, card) else None


def keep(spec: RestorerSpec, key: str, card: RestorerCard) -> None:
    """Keeps a card, if it can be read back as it is and depends on no other file."""
    if type(card) is not RestorerCard or not _is_whole(spec, card):
        return
    # a folder that cannot be written to, or a third party's values that JSON does not have
    with suppress(OSError, ValueError, TypeError):
        content = {"card": asdict(card), "sha256": _digest(card, key)}
        text = json.dumps(content, allow_nan=False)
        if read_record(RestorerCard, json.loads(text)["card"]) != card:
            return
        cache_folder("cards").mkdir(parents=True, exist_ok=True)
        with atomic_file(cache_folder("cards") / f"{key}.json") as partial:
            partial.write_text(text, encoding="utf-8")


def _digest(card: RestorerCard, key: str) -> str:
    text = json.dumps([key, asdict(card)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_whole(spec: RestorerSpec, card: RestorerCard) -> bool:
    """Whether every further file that the card names lies beside the network, unchanged."""
    if not card.weights_sha256:
        return True
    return set(card.weights_sha256) <= {
        file_hash(path) for path in _beside(Path(str(spec.argument)))
    }


def _beside(file: Path) -> list[Path]:
    """Other files of a network's name: `net.bin` beside `net.param`."""
    found = (path for path in file.parent.iterdir() if path.name.startswith(f"{file.stem}."))
    return sorted(path for path in found if path.name != file.name and path.is_file())


def _installed() -> list[str]:
    """Every installed distribution with its version, by the names of their folders alone."""
    names = set()
    for place in sys.path:
        with suppress(OSError):
            names |= {path.name for path in Path(place).iterdir() if path.name.endswith("-info")}
    return sorted(names)
