"""Executors by what a user writes after `--executor`, and whether they keep their contract."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from harness.distributing.handshake import DAEMONIC, is_daemonic
from harness.errors import HarnessError, describe_error
from harness.plugins.kinds import executors
from harness.plugins.registry import require_usable
from harness.protocols.executor import Chunk, Executor, Ran
from harness.testing import Check

ANSWER = 42


def build_executor(text: str) -> Executor:
    """Builds what `NAME` or `NAME:ARGUMENT` names.

    Raises:
        UnknownNameError: Nobody registers the name.
        UnavailableError: It is not usable here.
        InputError: It does not take the argument.
    """
    name, _, argument = text.partition(":")
    found = executors.get(name)
    require_usable(f"executor {name}", found)
    return found(argument)


def is_executor(text: str) -> bool:
    """Whether a text names an executor."""
    return text.partition(":")[0] in executors


def check_executor(text: str, folder: Path, timeout: float = 120.0) -> Iterator[Check]:
    """Checks an executor, one check after the other; it has to be usable.

    Args:
        text: As `build_executor` takes it.
        folder: Where it may leave files; every node of a durable executor sees it.
        timeout: Seconds that one chunk may take.
    """
    try:
        executor = build_executor(text)
    except HarnessError as error:
        yield Check(text, "builds", False, describe_error(error))
        return
    shape = isinstance(executor, Executor)
    yield Check(text, "protocol", shape, "" if shape else "it lacks a method of Executor")
    with tempfile.TemporaryDirectory(prefix="restobench-check-", dir=folder) as own:
        yield from _examine(_Examined(executor, Path(own), timeout), text)


def _examine(examined: _Examined, text: str) -> Iterator[Check]:
    checks: dict[str, Callable[[], str | None]] = {
        "opens": examined.opens,
        "runs-a-chunk": partial(examined.comes_back, _answer, None),
        "tells-an-error": examined.tells_an_error,
        "may-start-processes": partial(examined.comes_back, _start_process, DAEMONIC),
        "closes": examined.closes,
    }
    for name, examine in checks.items():
        try:
            problem = examine()
        except Exception as error:  # a third party's code
            problem = describe_error(error)
        yield Check(text, name, problem is None, problem or "")
        if name == "opens" and problem:
            return


class _Examined:
    """An executor while it is looked at."""

    def __init__(self, executor: Executor, folder: Path, timeout: float) -> None:
        self._executor, self._folder, self._timeout = executor, folder, timeout
        self._number = 0

    def opens(self) -> str | None:
        """It opens, and has a place for a chunk."""
        self._executor.open(self._folder)
        counts = self._executor.slots(), self._executor.ahead()
        return None if min(counts) >= 1 else f"it has {counts[0]} slots and takes {counts[1]} ahead"

    def _send(self, call: Callable[[], object]) -> tuple[Future[Ran], Chunk]:
        self._number += 1
        sign = self._folder / f"chunk-{self._number}.json"
        durable = self._executor.durable
        chunk = Chunk(
            f"check-{self._folder.name}-{self._number}",
            1,
            1.0,
            partial(_into_file, call, sign) if durable else call,
            sign,
        )
        [future] = self._executor.submit([chunk])
        return future, chunk

    def comes_back(self, call: Callable[[], object], advice: str | None) -> str | None:
        """What a call returns arrives, or lies in its file."""
        future, chunk = self._send(call)
        value = future.result(self._timeout).value
        if self._executor.durable:
            value = int(chunk.sign.read_text()) if chunk.sign.is_file() else None
        return None if value == ANSWER else advice or f"{ANSWER} came back as {value!r}"

    def tells_an_error(self) -> str | None:
        """A call that fails is told, and not waited for."""
        future, _ = self._send(_fail)
        error = future.exception(self._timeout)
        return None if error is not None else "a chunk that raised is said to be done"

    def closes(self) -> str | None:
        """It can be told to end everything, and be left."""
        self._executor.cancel()
        self._executor.close()
        return None


def _answer() -> int:
    return ANSWER


def _fail() -> None:
    raise ValueError("as a check wants it")


def _start_process() -> int | None:
    if is_daemonic():
        return None
    process = get_context("spawn").Process(target=_answer)
    process.start()
    process.join()
    return ANSWER if process.exitcode == 0 else None


def _into_file(call: Callable[[], object], sign: Path) -> None:
    value = str(call())
    partial_file = sign.with_suffix(".partial")
    partial_file.write_text(value)
    partial_file.rename(sign)
