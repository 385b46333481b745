"""Files that appear whole or not at all, and whether they still are what was written."""

import errno
import os
import stat
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
        # numpy says how many bytes it wrote, and no more; errors of the network are of other types
        if type(error) is OSError and error.errno is None:
            raise OSError(errno.ENOSPC, f"{error}; is the disk full?", str(path)) from error
        if isinstance(error, IsADirectoryError):  # in the place of the file, not of the partial
            raise IsADirectoryError(error.errno, error.strerror, str(path)) from None
        if error.errno and error.filename is None:  # a full disk does not say whose
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


FileMark = tuple[int, int, int, str]
"""Size, two times in nanoseconds, and a hash of the bytes."""


def mark_of(path: Path) -> FileMark:
    """What tells later whether a file has changed.

    Raises:
        OSError: It cannot be read.
    """
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, _hash(path)


def is_unchanged(path: Path, mark: FileMark) -> bool:
    """Whether a file, and no link or pipe, has the bytes that it had.

    It is read only where its times are others: it was copied, linked or touched.
    """
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != mark[0]:
            return False
        times = found.st_mtime_ns, found.st_ctime_ns
        return times == tuple(mark[1:3]) or _hash(path) == mark[3]
    except OSError:
        return False


def _hash(path: Path) -> str:
    import xxhash  # not every command needs it

    return xxhash.xxh3_64_hexdigest(path.read_bytes())
