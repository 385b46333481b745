"""Which images the weights have learnt from: a small JSON file beside them.

The training writes it:

```json
{
  "schema": "restobench/training-images/1",
  "sets": {"livec": {"3.webp": "0123456789abcdef"}, "bsds500": {}}
}
```

Set -> file, below the set's folder -> `harness.images.content_key` of the decoded pixels: an image
is known again under another name, in another folder and in another lossless format.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from harness.dri.shipped import TRAINING_IMAGES
from harness.errors import InputError
from harness.images import content_key, read_image

SCHEMA = "restobench/training-images/1"


def write_training_images(
    path: Path,
    sets: Mapping[str, Iterable[Path]],
    before: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> None:
    """Writes the file.

    Args:
        path: Where to.
        sets: A set's name -> the files that any stage learns from.
        before: What the network that is stood upon has learnt from, as `read_training_images` has
            it: it is known by the weights too.

    Raises:
        ImageError: A file cannot be read.
    """
    keys = {name: dict(files) for name, files in before.items()}
    for name, files in sets.items():
        paths = sorted(files)
        # names alone may be those of several images, in folders of their own
        base = os.path.commonpath([path.parent for path in paths]) if paths else ""
        own = {path.relative_to(base).as_posix(): content_key(read_image(path)) for path in paths}
        earlier = keys.get(name, {})
        others = {key: file for file, key in earlier.items() if own.get(file, key) != key}
        keys[name] = {**earlier, **own, **{f"{file} (before)": key for key, file in others.items()}}
    path.write_text(json.dumps({"schema": SCHEMA, "sets": keys}, indent=0) + "\n", encoding="utf-8")


def read_training_images(path: Path = TRAINING_IMAGES) -> dict[str, dict[str, str]]:
    """Reads the file: set -> file name -> content key.

    Raises:
        InputError: It is missing, damaged, or of another schema.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["schema"] != SCHEMA:
            raise InputError(f"{path} has schema {document['schema']!r}; expected {SCHEMA}")
        return {str(name): dict(keys) for name, keys in document["sets"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{path}, the list of the scorer's training images, cannot be read: {error!r}"
        ) from error
