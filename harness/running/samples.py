"""The samples of a run: known from before, found in the cache by what they are made of, or made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from harness.errors import describe_error
from harness.plugins.sample_keys import sample_key
from harness.protocols import DegradedSet
from harness.results import FailureKind
from harness.running.pools import Pools
from harness.running.schedule import Kind, Work, submit_trip
from harness.storage.images.samples import StoredSample, find_sample, make_sample, pin_sample
from harness.storage.store import Store
from harness.workers.pool import Trouble

REMEMBERED = 5_000
"""Samples that are kept in mind; the cache is asked for others again."""

Key = tuple[str, str]
"""Set and id."""


class CellError(Exception):
    """A cell that has failed."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(slots=True)
class Samples:
    """The samples of one start of a run.

    Args:
        store: Of the run: gets the hashes of every sample.
        pools: Whose workers make them.
        handover: A folder for degraded pixels on their way to a restorer.
        timeout: Seconds that one may take.

    Attributes:
        lost: Those that could not be made, and why.
    """

    store: Store
    pools: Pools
    handover: Path
    timeout: float
    lost: dict[Key, str] = field(default_factory=dict)
    _known: OrderedDict[Key, StoredSample] = field(default_factory=OrderedDict)
    _making: dict[Key, Future[Any]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def get(
        self, degraded_set: DegradedSet, image: str, *, damaged: bool = False
    ) -> Generator[Work, Any, StoredSample | None]:
        """Gets one sample, as part of a course.

        Args:
            degraded_set: Where it comes from.
            image: Its id.
            damaged: Whether what is known of it lies damaged in the cache: it is made again.

        Returns:
            The sample, or `None`: `lost` says why.
        """
        name = degraded_set.name, image
        if name in self.lost:
            return None
        found = None if damaged else self._known.get(name)
        if found is None:
            key = sample_key(degraded_set, image)
            found = None if damaged or key is None else find_sample(degraded_set, image, key)
            if found is None:
                found = yield self._make(degraded_set, image, key, damaged)
            if isinstance(found, Trouble):
                self.lost[name] = found.message
                return None
            self._remember(name, found)
        self._known.move_to_end(name)
        return found

    def forget_fresh(self, set_name: str, image: str) -> None:
        """Removes the degraded pixels that were left for the next restorer: it has had them."""
        sample = self._known.get((set_name, image))
        if sample is not None and sample.fresh is not None:
            sample.fresh.path.unlink(missing_ok=True)
            self._known[set_name, image] = replace(sample, fresh=None)

    def _make(self, degraded_set: DegradedSet, image: str, key: str | None, damaged: bool) -> Work:
        name = degraded_set.name, image
        fresh = Path(f"{self.handover}/{next(self._numbers)}-degraded.npy")
        task = degraded_set, image, key, damaged, fresh

        def start(*trip: tuple[Any, ...]) -> Future[Any]:
            if trip:  # a course that asks for one of these meanwhile makes it again
                return submit_trip(self.pools.trusted(), make, trip, self.timeout)
            making = self._making.get(name)
            if making is None or making.done():
                making = self.pools.trusted().submit(make, *task, timeout=self.timeout)
                self._making[name] = making
            return making

        return Work(Kind.SAMPLE, start, item=task)

    def _remember(self, name: Key, sample: StoredSample) -> None:
        self._making.pop(name, None)
        before = self._known.get(name)
        if before is not None and before.fresh is not None and before.fresh != sample.fresh:
            before.fresh.path.unlink(missing_ok=True)
        self._known[name] = sample
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        self.store.add_sample(sample)


def make(
    degraded_set: DegradedSet, image: str, key: str | None, damaged: bool, fresh: Path
) -> StoredSample | Trouble:
    """Makes one sample, and pins it to what it was made of; runs in a worker, and never raises."""
    try:
        made = make_sample(degraded_set, image, damaged=damaged, fresh=fresh)
        # a source that has changed meanwhile must not be taken for the one of before
        if key is not None and sample_key(degraded_set, image) == key:
            pin_sample(key, made)
        return made
    except Exception as error:
        return Trouble(FailureKind.SAMPLE, describe_error(error))
