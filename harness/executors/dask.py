"""Chunks on a Dask cluster that the user has started, whatever started it."""

from __future__ import annotations

import gc
import importlib.util
import ipaddress
import json
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.errors import InputError
from harness.protocols.executor import Chunk, Executor, LostError, Ran

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 30.0
ASK_SECONDS = 2.0
"""How long it is believed which workers there are."""

INSECURE = (
    "{address} is neither encrypted nor authenticated: whoever reaches it can run code as you"
)
REFUSED = (
    f"{INSECURE}. Start the cluster with TLS (tls://), or tell Dask that you trust the network: "
    "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION=False (docs/clusters.md)"
)
LOCAL_OR_ENCRYPTED = ("tls", "wss", "inproc")


class DaskExecutor(Executor):
    """The workers of a scheduler: a chunk for each of their threads.

    Args:
        argument: `tcp://HOST:PORT`, `tls://HOST:PORT`, or the scheduler's file, `scheduler.json`.
    """

    durable = False

    def __init__(self, argument: str) -> None:
        if not argument:
            raise InputError(
                "--executor dask needs the scheduler's address or file: dask:tcp://HOST:8786, or "
                "dask:scheduler.json"
            )
        self._address = argument
        if "://" not in argument and not Path(argument).is_file():
            raise InputError(
                f"--executor dask:{argument}: no such file, and no address: expected "
                "tcp://HOST:PORT, tls://HOST:PORT, or the scheduler's file"
            )
        self.chunk_seconds = 10.0
        self.cell_seconds: float | None = None
        self.device: str | None = None
        self._client: Client | None = None
        self._refused: set[str] = set()
        self._known: dict[str, int] = {}
        self._asked = -math.inf
        self._sent: dict[Future[Ran], Any] = {}

    @classmethod
    def missing(cls) -> str | None:
        """Whether the package is there."""
        if importlib.util.find_spec("distributed"):
            return None
        return "distributed is not installed; pip install 'restobench[dask]'"

    def open(self, folder: Path) -> None:
        """Connects to the scheduler.

        Raises:
            InputError: Nobody answers, there are no workers, or the way there is open to others
                and the user has not said that this may be.
        """
        where = self._address if "://" in self._address else read_address(Path(self._address))
        if not _is_safe(where) and not _trusts_the_network():
            raise InputError(REFUSED.format(address=where))
        self._client = _connect(where)
        if not self._threads():
            self._client.close()
            raise InputError(f"the Dask scheduler at {self._address} has no workers yet")

    def warning(self) -> str | None:
        """What has to be said of the way to the scheduler."""
        address = self._open().scheduler.address
        return None if _is_safe(address) else INSECURE.format(address=address)

    def _open(self) -> Client:
        if self._client is None:
            raise InputError("this executor is not open")
        return self._client

    def _running(self) -> Client:
        client = self._open()
        if client.status != "running":  # to wait for it costs half a minute, and chunks are lost
            raise self._gone()
        return client

    def _gone(self) -> InputError:
        return InputError(f"the Dask scheduler at {self._address} is gone")

    def _threads(self) -> dict[str, int]:
        """Workers that get chunks, and how many threads each has; asked now and then."""
        if time.monotonic() - self._asked > ASK_SECONDS:
            try:
                self._known = dict(self._running().nthreads())
            except OSError as error:
                raise self._gone() from error
            self._asked = time.monotonic()
        return {name: count for name, count in self._known.items() if name not in self._refused}

    def slots(self) -> int:
        """The threads of all workers."""
        return sum(self._threads().values())

    def ahead(self) -> int:
        """Two for each thread: nobody waits for this process."""
        return 2 * self.slots() + 2

    def beside(self) -> int | None:
        """Threads of the fullest machine, but one."""
        threads: Counter[str] = Counter()
        for worker, count in self._threads().items():
            threads[urlsplit(worker).hostname or worker] += count
        return max(threads.values(), default=1) - 1

    def submit(self, chunks: Sequence[Chunk]) -> Sequence[Future[Ran]]:
        """Hands chunks over; Dask gives those of a worker that died to another by itself."""
        client, workers = self._running(), None
        if self._refused:
            workers = list(self._threads())
            if not workers:
                raise InputError("no worker of the Dask cluster is left that may be used")
        found = []
        for chunk in chunks:
            key = f"restobench-{chunk.name}"
            sent = client.submit(
                _run, chunk.run, key=key, pure=False, workers=workers, allow_other_workers=False
            )
            future: Future[Ran] = Future()
            self._sent[future] = sent
            future.set_running_or_notify_cancel()
            sent.add_done_callback(lambda done, future=future: self._tell(done, future))
            found.append(future)
        return found

    def _tell(self, done: Any, future: Future[Ran]) -> None:
        """Hands on what came of a chunk; the scheduler may then forget it."""
        from distributed import CancelledError, KilledWorker

        try:
            future.set_result(done.result())
        except (KilledWorker, CancelledError, OSError) as error:
            future.set_exception(LostError(f"Dask: {type(error).__name__}: {error}"))
        except Exception as error:  # what the chunk itself raised
            future.set_exception(error)
        finally:
            self._sent.pop(future, None)
            done.release()

    def adopt(self, signs: Mapping[str, Path]) -> Mapping[str, Future[Ran]]:
        """Dask forgets what nobody waits for."""
        return {}

    def avoid(self, place: str) -> bool:
        """Leaves a worker out."""
        self._refused.add(place)
        return bool(self._threads())

    def describe(self, chunks: Sequence[Chunk], folder: Path) -> str:
        """One line."""
        return f"for the Dask cluster at {self._address}"

    def cancel(self) -> None:
        """Ends what was sent; chunks that are at work end by the farewell of `close`."""
        if self._client is not None and self._sent:
            self._client.cancel(list(self._sent.values()), force=True)

    def close(self, farewell: Callable[[], Any] | None = None) -> None:
        """Takes leave of each worker, and leaves the cluster to its owner."""
        if self._client is None:
            return
        try:
            if farewell is not None and self._client.status == "running":
                self._client.run(farewell, on_error="ignore")
        finally:
            self._client.close()
            self._client = None


def read_address(file: Path) -> str:
    """The address in a scheduler's file.

    Raises:
        InputError: It cannot be read, or is another file.
    """
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):  # no text, or no JSON
        content = None
    address = content.get("address") if isinstance(content, dict) else None
    if not isinstance(address, str) or "://" not in address:
        raise InputError(
            f"{file} is no file of a Dask scheduler: expected JSON with its address, as "
            "`dask scheduler --scheduler-file FILE` writes it"
        )
    return address


def _connect(where: str) -> Client:
    from distributed import Client

    # what it has to say comes as errors too, and is said in one line
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        return Client(where, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, OverflowError, TypeError) as error:  # as addresses are wrong
        told = str(error)
    # a client that failed closes itself when it is collected; in the thread that the next client
    # is waiting for, that never ends
    gc.collect()
    raise InputError(
        f"no Dask scheduler answers at {where}: {told}; start one first (docs/clusters.md)"
    )


def _is_safe(address: str) -> bool:
    """Whether nobody else can reach what is sent, as far as the address says."""
    scheme, _, rest = address.partition("://")
    if scheme in LOCAL_OR_ENCRYPTED:
        return True
    try:
        host = urlsplit(f"//{rest}").hostname or ""
        return host in ("", "localhost") or ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, or none
        return False


def _trusts_the_network() -> bool:
    """Whether the user has told Dask that encryption is not required; it says nothing by itself."""
    import dask.config

    return dask.config.get("distributed.comm.require-encryption", None) is False


def _run(run: Callable[[], Any]) -> Ran:
    """Runs a chunk in a worker, in a thread of its own for work that takes long."""
    from distributed import get_worker

    return Ran(str(get_worker().address), run())
