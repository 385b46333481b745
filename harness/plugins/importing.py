"""Imports of third-party code that would end this process, or never come back."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from harness.errors import InputError

_LEAVING = ("_exit", "abort", "execv", "execve")

VARIABLE = "RESTOBENCH_IMPORT_SECONDS"


class _TooLongError(BaseException):
    """Not an `Exception`: a module that catches those has to end all the same."""


def import_seconds() -> float:
    """How long a plugin may take to be imported.

    Raises:
        InputError: The variable of the environment is no such number.
    """
    given = os.environ.get(VARIABLE, "30")
    if given.isascii() and given.isdigit() and int(given):
        return int(given)
    raise InputError(f"{VARIABLE} is {given!r}; expected a whole number of seconds")


@contextmanager
def nobody_leaves() -> Iterator[None]:
    """Makes a `SystemExit` of what would end this process at once, such as `os._exit(0)`.

    Children of a fork leave as ever.
    """
    owner, real = os.getpid(), {name: getattr(os, name) for name in _LEAVING}
    held = True  # what a module keeps of these works again afterwards

    def refusing(name: str) -> Callable[..., NoReturn]:
        def refuse(*given: object) -> NoReturn:
            if held and os.getpid() == owner:
                raise SystemExit(f"os.{name}({', '.join(map(repr, given))})")
            real[name](*given)
            raise AssertionError("unreachable")

        return refuse

    for name in _LEAVING:
        setattr(os, name, refusing(name))
    try:
        yield
    finally:
        held = False
        for name in _LEAVING:
            setattr(os, name, real[name])


@contextmanager
def nobody_interrupts() -> Iterator[None]:
    """Makes an error of a `KeyboardInterrupt` that nobody's Ctrl-C is behind.

    Raises:
        RuntimeError: In its place.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before, pressed = signal.getsignal(signal.SIGINT), False

    def note(number: int, frame: FrameType | None) -> object:
        nonlocal pressed
        pressed = True
        return before(number, frame) if callable(before) else None

    if callable(before):
        signal.signal(signal.SIGINT, note)
    try:
        yield
    except KeyboardInterrupt:
        if pressed:
            raise
        raise RuntimeError("KeyboardInterrupt, though nobody pressed Ctrl-C") from None
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, before)


@contextmanager
def bounded() -> Iterator[None]:
    """Third-party code that is imported, and may neither leave nor wait for ever.

    Time is bounded in the main thread alone, and where nobody else has an alarm set: others cannot
    be told of one.

    Raises:
        TimeoutError: It took too long.
    """
    seconds = import_seconds()
    with nobody_leaves(), nobody_interrupts():
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getitimer(signal.ITIMER_REAL)[0]
        ):
            yield
            return

        def stop(*_: object) -> None:
            raise _TooLongError

        before = signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds, 1)  # again, where it is caught
        try:
            yield
        except _TooLongError:
            what = f"it takes longer than {seconds:g} s ({VARIABLE} gives it more)"
            raise TimeoutError(what) from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before or signal.SIG_DFL)


def leave(code: int, patience: float = 10) -> NoReturn:
    """Ends this process with this code.

    What plugins have left behind, threads and exit handlers, may have `patience` seconds; they
    change no code.
    """
    really = os._exit
    os._exit = lambda _: really(code)  # type: ignore[assignment]
    last = threading.Timer(patience, really, [code])
    last.daemon = True
    last.start()
    raise SystemExit(code)
