"""How workers are started, and how their end is heard of."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Process, forkserver
from threading import Barrier

import pytest

from harness.workers.launching import Launch


class Ended(Launch):
    """A process that has ended, as the server has told."""

    def _launch(self, process_obj: object) -> None:
        self.sentinel, write = os.pipe()
        forkserver.write_signed(write, -signal.SIGSEGV)  # type: ignore[attr-defined]  # private
        os.close(write)


@pytest.mark.parametrize("flag", [os.WNOHANG, 0])
def test_threads_that_ask_at_once_hear_the_same_exit_code(
    monkeypatch: pytest.MonkeyPatch, flag: int
) -> None:
    read_signed = forkserver.read_signed  # type: ignore[attr-defined]  # private

    def slowly(descriptor: int) -> int:
        code: int = read_signed(descriptor)
        time.sleep(0.1)  # the other threads ask meanwhile
        return code

    monkeypatch.setattr(forkserver, "read_signed", slowly)
    launch, barrier = Ended(Process()), Barrier(4)

    def ask(_: int) -> int | None:
        barrier.wait()
        return launch.poll(flag)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [-signal.SIGSEGV] * 4
    os.close(launch.sentinel)
