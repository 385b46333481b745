"""The images of the known sets: facts from `known_images.toml`, hashes from `known_images.json`.

`python -m benchmarks.known_images FOLDER` writes the hashes of the sets that lie in FOLDER
(`FOLDER/set5`, ...) and leaves those of the others as they are.
"""

import functools
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from harness.formats import image_files
from harness.known_sets import KnownSet, hash_file
from harness.protocols import Family

FACTS = Path(__file__).with_name("known_images.toml")
HASHES = Path(__file__).with_name("known_images.json")


@functools.cache
def facts() -> dict[str, dict[str, Any]]:
    """What is known of each set, by name."""
    return tomllib.loads(FACTS.read_text(encoding="utf-8"))


@functools.cache
def hashes() -> dict[str, dict[str, str]]:
    """Set -> path within its folder -> SHA-256 (`harness.known_sets.hash_file`)."""
    content: dict[str, dict[str, str]] = json.loads(HASHES.read_text(encoding="utf-8"))
    return content


@functools.cache
def known_set(name: str) -> KnownSet:
    """One known set of `facts`."""
    row = dict(facts()[name])
    url, names = row.pop("url", ""), row.pop("names", [])
    files: dict[str, str | None] = {**dict.fromkeys(names), **hashes().get(name, {})}
    parts = ("degraded", "reference") if row.pop("paired", False) else ()
    urls = {path: url.replace("{path}", path) for path in files} if url else {}
    return KnownSet(name, files=files, urls=urls, parts=parts, **row)


family = Family("known_set", facts, known_set)
"""The entry point `*`."""


def hash_folder(folder: Path) -> dict[str, str]:
    """The hash of every image below a folder, by its path."""
    files = image_files(folder, deep=True)
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


if __name__ == "__main__":
    root = Path(sys.argv[1])
    here = {name: hash_folder(root / name) for name in facts() if (root / name).is_dir()}
    content = hashes() | here
    HASHES.write_text(json.dumps(content, indent=0, sort_keys=True) + "\n", encoding="utf-8")
