"""What third-party code in a worker may not read, change or signal: Linux' Landlock.

The kernel keeps it from files that are hidden, from writing anywhere but where workers leave their
work, from what /proc says of other processes and from signalling them, and asks for no rights. It
does not keep it from the network, nor from a copy of a hidden file somewhere else.
"""

import ctypes
import os
import stat
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from harness.errors import UnavailableError

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""The numbers of Landlock's system calls, which are the same on every kind of machine."""

_READ = 0b101
"""Execute and read files. Names of files may be seen: Python searches folders for modules."""

_WRITE = 0b1_1111_1111_0010
"""Write and remove files, and make files, folders, links, pipes, devices."""

_MOVE, _TRUNCATE = 1 << 13, 1 << 14
_ON_FILES = 0b111 | _TRUNCATE
"""The rights that a rule about a single file may give."""

_NO_NEW_PRIVILEGES = 38
_SCOPES = 0b11
"""No signal to others, no socket of theirs in the abstract namespace; known to version 6."""

_hidden: list[Path] = []


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """Which version of Landlock this kernel has; 0: none."""
    if sys.platform != "linux":
        return 0
    found: int = ctypes.CDLL(None).syscall(_CREATE, None, 0, 1)
    return max(found, 0)


def hide(paths: Iterable[Path]) -> None:
    """Hides files and folders from all third-party code in workers that start from now on.

    Raises:
        UnavailableError: This kernel has no means to.
    """
    if version() < 3:  # before that, emptying a file was no writing
        raise UnavailableError(
            "--sandbox needs Landlock of Linux 6.2 or newer, which is not here: no kernel of that "
            "kind, or it is switched off"
        )
    _hidden.extend(path.resolve() for path in paths)


def hidden() -> tuple[Path, ...]:
    """What has been hidden so far; nothing: there is no sandbox."""
    return tuple(_hidden)


def restrict(hidden: Collection[Path], writable: Iterable[Path]) -> None:
    """Restricts this thread, and all that it starts from now on, for ever.

    Args:
        hidden: Files and folders that cannot be read, without symbolic links.
        writable: Folders below which files can be read and written all the same.

    Raises:
        OSError: The kernel will not.
    """
    known, me = version(), str(os.getpid())
    handled = _READ | _WRITE | _MOVE | _TRUNCATE
    asked = _Ruleset(handled, 0, _SCOPES if known >= 6 else 0)
    size = ctypes.sizeof(asked) if known >= 6 else 8
    ruleset = _call(_CREATE, ctypes.byref(asked), size, 0)
    for folder in (*writable, Path("/proc", me)):  # what a call costs is asked there
        _allow(ruleset, str(folder), handled)
    others = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    unseen = {f"/proc/{other}" for other in others if other != me} | {str(path) for path in hidden}
    for path in _readable("/", unseen):
        _allow(ruleset, path, _READ)
    # the rule is about this inode, of which the kernel makes another when nobody holds it
    os.open(f"/proc/{me}", os.O_PATH | os.O_CLOEXEC)
    ctypes.CDLL(None).prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    _call(_RESTRICT, ruleset, 0)
    os.close(ruleset)


def _readable(folder: str, hidden: Collection[str]) -> Iterator[str]:
    """The largest trees below a folder that hold nothing hidden.

    Links are left out: what they lead to lies in a tree of its own.
    """
    around = {parent for path in hidden for parent in map(str, Path(path).parents)}
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if path not in around:
            yield path
            continue
        with suppress(OSError), os.scandir(path) as entries:
            found = [entry.path for entry in entries if not entry.is_symlink()]
            waiting += [entry for entry in found if entry not in hidden]


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # gone meanwhile, or not ours
        return
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_FILES
        rule = _Rule(rights, descriptor)
        with suppress(OSError):  # a socket, or a pipe, that has no place in a tree
            _call(_ADD, ruleset, 1, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    found: int = libc.syscall(number, *arguments)
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return found
