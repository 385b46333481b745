"""What an engine is that runs parts of a plan elsewhere: a cluster, or another machine."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

SPARE_SECONDS = 30.0
"""So long before its end a job takes no more cells, and longer where cells take longer."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A few cells of one restorer, as one call on a node. It can be pickled.

    Attributes:
        name: Unique among all chunks of a run; also that of a file.
        cells: How many.
        seconds: How long it will take, as far as that is known.
        run: Does the work; of a durable executor it returns nothing.
        sign: A file that is there as soon as a durable executor's chunk is done.
    """

    name: str
    cells: int
    seconds: float | None
    run: Callable[[], Any]
    sign: Path


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a chunk.

    Attributes:
        place: The node, as the engine calls it.
        value: What `Chunk.run` returned.
    """

    place: str
    value: Any


class LostError(Exception):
    """A chunk that the engine has lost: its node died, or its job was ended."""


class JobEnded(BaseException):  # no error: nobody but the chunk may catch it
    """Raised in the middle of a chunk whose job is going to be ended: it keeps what it has done."""


@runtime_checkable
class Executor(Protocol):
    """An engine that somebody else has started.

    A class is registered as `restobench.executors`, and built with what stands after its name in
    `--executor NAME:ARGUMENT`. It may raise `harness.errors.HarnessError` wherever the user can
    mend what is wrong.
    """

    durable: ClassVar[bool]
    """Whether chunks go on when this process is gone: they then leave their results in files."""

    chunk_seconds: float
    """How long a chunk should take."""

    cell_seconds: float | None
    """How long a cell takes, where the user says it."""

    device: str | None
    """The device of its nodes, where the user says it: `cpu` or `cuda:0`."""

    def __init__(self, argument: str) -> None:
        """Reads the argument, and connects to nothing."""

    @classmethod
    def missing(cls) -> str | None:
        """What is missing here and what mends it, or `None`. Must import nothing heavy."""
        return None

    def open(self, folder: Path) -> None:
        """Connects.

        Args:
            folder: Where files of its own may lie; every node of a durable executor sees it.
        """

    def warning(self) -> str | None:
        """What the user has to be told of an open engine: of its security, say."""
        return None

    def slots(self) -> int:
        """How many chunks it may run at the same time now; 0: nobody is there."""

    def ahead(self) -> int:
        """How many chunks it takes at once, those included that wait for a node."""

    def beside(self) -> int | None:
        """How many other chunks may be at work on a chunk's machine; `None`: nobody knows."""

    def submit(self, chunks: Sequence[Chunk]) -> Sequence[Future[Ran]]:
        """Hands chunks over.

        Returns:
            For each what comes of it; a chunk that is lost has a `LostError`.
        """

    def adopt(self, signs: Mapping[str, Path]) -> Mapping[str, Future[Ran]]:
        """Finds chunks that an earlier process has handed over and that are not done yet.

        Args:
            signs: `Chunk.sign` of each, by name.

        Returns:
            What comes of those that still wait or run.
        """

    def avoid(self, place: str) -> bool:
        """Hands over no more chunks to a node; says whether there are others."""

    def describe(self, chunks: Sequence[Chunk], folder: Path) -> str:
        """What would be handed over, as text: a script, an address.

        Args:
            chunks: All of them.
            folder: Of `open`, which need not have been called.
        """

    def cancel(self) -> None:
        """Ends all that was handed over and is not done."""

    def close(self, farewell: Callable[[], Any] | None = None) -> None:
        """Leaves the engine as it was found.

        Args:
            farewell: Called on each node that may keep something for the next chunk.
        """
