"""Files that appear whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Gives a file to write beside `path`, which takes its place once the block has ended.

    After an error it does not. Whoever reads `path` sees what was there before or all that is new,
    never a part. A link at either place is replaced and not followed. A pipe or a device, such as
    `/dev/stdout`, is no file that could be replaced: it is written itself.

    Args:
        path: What to write; its folder is there.

    Yields:
        Where to write it.

    Raises:
        OSError: It cannot be written; what was at `path` is as it was.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.unlink(missing_ok=True)  # a link that somebody put there must not be followed
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
