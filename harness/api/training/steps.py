"""The run of a training: each step that was validated is a restorer of it."""

from __future__ import annotations

import shutil
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.api.training.validation import STEP
from harness.errors import StoreError
from harness.results import RunData
from harness.running.plan import Plan
from harness.running.pools import Pools
from harness.running.runner import Closed, run_plan
from harness.storage.places import safe_name
from harness.storage.store import FILENAME, Store, load_run


class Steps:
    """The steps that a run folder holds; one training at a time adds to them.

    What is held already is read again only where somebody else has written to it, so that a
    validation costs the same however many there were.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._closed: Closed | None = None
        self._known: dict[str, str] = {}

    def open(self) -> RunData | None:
        """Everything that the folder holds; `None` where it holds nothing.

        A step that was stopped halfway is removed, and told: its means are not those of the others.
        """
        if not (self.folder / FILENAME).is_file():
            self._known = {}
            return None
        data = load_run(self.folder)
        if data.lost:
            warnings.warn(f"{self.folder}: {data.incomplete()[0]}", stacklevel=5)
        if stopped := list(_stopped(data)):
            for name in stopped:
                warnings.warn(f"{name} of {self.folder} was stopped halfway: removed", stacklevel=5)
            self._drop(*stopped)
            data = load_run(self.folder)
        self._known = _steps_of(data)
        return data

    def look(self) -> bool:
        """Whether something of the steps was lost since the last one.

        Raises:
            StoreError: Another training adds steps to the run.
        """
        path, known = self.folder / FILENAME, self._known
        if self._closed is not None and self._closed.mark.is_of(path):
            return False
        if not path.is_file():
            return bool(known)
        data = load_run(self.folder)
        found = _steps_of(data)
        if strange := [name for name, its in found.items() if known.get(name) != its]:
            raise StoreError(
                f"somebody else has written {strange[0]} into {self.folder}: give each validator a "
                "folder of its own (out), and of several processes that train one network let one "
                "validate"
            )
        return data.lost > 0 or found.keys() != known.keys()

    def add(self, plan: Plan, pools: Pools) -> None:
        """Runs a step; one that is stopped leaves nothing behind.

        Args:
            plan: With one restorer, the step; the same as before otherwise.
            pools: Who does the work.
        """
        [step] = plan.restorers
        self._known[step.name] = step.fingerprint
        try:
            done = run_plan(plan, self.folder, workers=1, pools=pools, closed=self._closed)
        except BaseException:
            self._closed = None
            self._drop(step.name)
            raise
        self._closed = done.closed

    def read(self, steps: Iterable[int]) -> RunData:
        """What the run holds of some steps."""
        names = [f"{STEP}{step}" for step in steps]
        if self._closed is None:
            with Store(self.folder) as store:
                return store.read(names=names)
        with Store(self.folder, known=self._closed.mark) as store:
            return store.read(self._closed.run, names)

    def _drop(self, *names: str) -> None:
        for name in names:
            self._known.pop(name, None)
            shutil.rmtree(self.folder / "restored" / safe_name(name), ignore_errors=True)
        if (self.folder / FILENAME).is_file():
            with Store(self.folder, create=True) as store:
                store.drop_restorers(names)


def step_numbers(data: RunData) -> list[int]:
    """The steps that a run holds."""
    names = [name.removeprefix(STEP) for name in _steps_of(data)]
    return [int(name) for name in names]


def _steps_of(data: RunData) -> dict[str, str]:
    """Names of steps and their fingerprints, which are other ones each time that one is run."""
    cards = data.run.restorers.items()
    return {
        name: card.fingerprint
        for name, card in cards
        if name.startswith(STEP) and name.removeprefix(STEP).isdecimal()
    }


def _stopped(data: RunData) -> Iterator[str]:
    """Steps of which some images are those of another time, or are missing of the last one."""
    prints, done = _steps_of(data), Counter[str]()
    mixed = set()
    for image in data.restored:
        done[image.cell.restorer] += 1
        if image.fingerprint != prints.get(image.cell.restorer, image.fingerprint):
            mixed.add(image.cell.restorer)
    done.update(item.cell.restorer for item in data.failures if item.metric is None)
    planned = sum(planned.images for planned in data.run.plan.sets.values())
    last = max(step_numbers(data), default=None) if data.run.status != "finished" else None
    for name in prints:
        if name in mixed or (name == f"{STEP}{last}" and done[name] < planned):
            yield name
