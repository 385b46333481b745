"""Files that appear whole or not at all."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_file(path: Path, *, pipes: bool = False) -> Iterator[Path]:
    """Gives a file to write beside `path`, which takes its place once the block has ended.

    After an error it does not. Whoever reads `path` sees what was there before or all that is new,
    never a part. A link at either place is replaced and not followed.

    Args:
        path: What to write; its folder is there.
        pipes: Whether a pipe or a device that is there, such as `/dev/stdout`, is written itself:
            for what a user names. In a folder of our own nobody reads one, and it is replaced.

    Yields:
        Where to write it.

    Raises:
        OSError: It cannot be written; what was at `path` is as it was.
    """
    if pipes and path.exists() and not (path.is_file() or path.is_dir()):
        yield path
        return
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        partial.unlink(missing_ok=True)  # a link that somebody put there must not be followed
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno and error.filename is None:  # a full disk does not say whose
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)
