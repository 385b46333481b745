"""Validation inside a training loop: what is better than before, and not by chance."""

from __future__ import annotations

import math
import shutil
import warnings
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from harness.api.arguments import from_0, path_of, require_words, several, temporary_folder, whole
from harness.api.evaluation import Fed, feeding, require_fed
from harness.api.frames import frame_of
from harness.api.in_process import PoolsHere, alone
from harness.api.planning import (
    Choice,
    find_benchmark,
    plan_here,
    require_cells,
    with_built,
)
from harness.api.result import Result
from harness.api.training.logs import log_to
from harness.api.training.steps import Steps, step_numbers
from harness.api.training.validation import STEP, Validation, judge
from harness.errors import InputError, StoreError
from harness.restoring.wrapping import as_restorer, device_of
from harness.results import MIN_SIGNS, Failure, RunData
from harness.running.plan import Plan, choose_metrics, choose_sets
from harness.storage.places import make_folder, safe_name
from harness.storage.store import load_run

if TYPE_CHECKING:
    import pandas as pd

    from harness.protocols import Benchmark


class Validator:
    """Validates a network every so many steps of its training, in the training's process.

    Degraded images are made once and come from the cache afterwards. Each step is a restorer of one
    run, so that steps can be compared and reported as restorers are. The best step changes when a
    later one is better by a paired test (`harness.Result.versus`), not when its mean is higher.

    Args:
        benchmark: A benchmark, its name, or a TOML file.
        every: Steps between validations.
        images: The first so many images of each set; default: all.
        sets: Part of the benchmark's sets; default: those that the network can be run on.
        metrics: Instead of the benchmark's own.
        metric: Decides which step is best, over all sets together where that is a leaderboard, or
            else on the first set; default: the first that any set is measured by.
        log: Where numbers go, as of `harness.api.training.logs.log_to`: a TensorBoard
            `SummaryWriter`, a run of Weights & Biases, a CSV file, a function, several of these.
        out: The run folder; one that holds steps is gone on with. Default: a temporary one.
        fed: How the network is fed, as for `harness.evaluate`.

    Attributes:
        validations: What was found so far, in the order of the steps.

    Raises:
        InputError: No such benchmark or set, or a number that cannot be.
    """

    def __init__(
        self,
        benchmark: str | Path | Benchmark,
        *,
        every: int = 1,
        images: int | None = None,
        sets: str | Sequence[str] = (),
        metrics: str | Sequence[str] = (),
        metric: str | None = None,
        log: Any = None,
        out: str | Path | None = None,
        **fed: Unpack[Fed],
    ) -> None:
        require_words(fed, Fed.__optional_keys__)
        feeding("cpu", fed)  # what cannot be is said at once
        self.every = _above_0("every", every)
        limit = None if images is None else _above_0("images", images)
        self._benchmark, self._fed = find_benchmark(benchmark), fed
        sets, metrics = several(sets, "sets"), several(metrics, "metrics")
        choose_sets(self._benchmark, sets)
        self._metrics = tuple(choose_metrics(metrics, self._benchmark.metrics)[0])
        if metric is not None and metric not in self._metrics:
            raise InputError(f"metric is {metric!r}; expected one of {', '.join(self._metrics)}")
        self._choice = Choice(sets=sets, metrics=metrics, limit=limit)
        self._metric, self._log = metric, log_to(log)
        self._plan: Plan | None = None
        self._holder: object = None
        if out is None:
            self.folder = temporary_folder("restobench-run-")
            self._holder = _Holder()
            weakref.finalize(self._holder, shutil.rmtree, self.folder, ignore_errors=True)
        else:
            self.folder = path_of(out, "out").resolve()
            make_folder(self.folder)  # not after hours of training
        self.validations: list[Validation] = []
        self._best_step: int | None = None
        self._steps = Steps(self.folder)
        self._go_on(self._steps.open())

    @property
    def best(self) -> Validation | None:
        """The best step's validation, or `None` before the first."""
        return next((item for item in self.validations if item.step == self._best_step), None)

    @property
    def result(self) -> Result:
        """The run so far, whose restorers are the steps.

        Raises:
            StoreError: Nothing has been validated yet.
        """
        if not self.validations:
            raise StoreError("nothing has been validated yet")
        return Result(self.folder, held_by=self._holder)

    @property
    def history(self) -> pd.DataFrame:
        """Every mean: step, set (missing: all), metric, mean, is_best, difference, p, failures.

        A step without any score has one row, with neither set, metric nor mean.
        """
        columns = ("step", "set", "metric", "mean", "is_best", "difference", "p", "failures")
        rows = [
            (item.step, name or None, metric or None, mean, *_judgement(item))
            for item in self.validations
            for (name, metric), mean in (item.means or {("", ""): math.nan}).items()
        ]
        return frame_of([dict(zip(columns, row, strict=True)) for row in rows], columns)

    def due(self, step: int) -> bool:
        """Whether a step is one to validate at."""
        return from_0(step, "step") % self.every == 0

    def __call__(self, network: object, step: int) -> Validation | None:
        """Validates, if a step is due.

        Args:
            network: A `torch.nn.Module`, a function, or an object with card and `restore`.
            step: Of the training, from 0.

        Returns:
            What was found, or `None` where the step is not due.

        Raises:
            InputError: The network can be run on none of the sets, the metric that decides measures
                none of them, or the step is no whole number from 0.
        """
        step = from_0(step, "step")
        if not self.due(step):
            return None
        if self._steps.look():
            warnings.warn(
                f"{self.folder} lacks what was validated before: the history begins with what is "
                "left",
                stacklevel=2,
            )
            self._go_on(self._steps.open())
        self._forget(step)
        found, why = self._validate(network, step)
        self.validations = sorted([*self.validations, found], key=attrgetter("step"))
        self._best_step = found.best_step
        if why is not None:
            told = f"step {step}: {found.failures} failures, first {why.kind}: {why.message:.200}"
            warnings.warn(told, stacklevel=2)
        self._forget_images()
        self._log(step, found.numbers())
        return found

    def _validate(self, network: object, step: int) -> tuple[Validation, Failure | None]:
        """Runs a step, and holds it against the best one; with its first failure."""
        if isinstance(network, str | type):
            raise InputError(f"network is {network!r:.60}; expected one that was built")
        require_fed([network], self._fed)
        name, device = f"{STEP}{step}", device_of(network)
        with alone(network):
            device = device if device.startswith("cuda") else "cpu"
            restorer = as_restorer(network, feeding(device, self._fed), name)
            built = {name: (restorer, f"step {step} of a training")}
            self._steps.add(self._planned(built, device), PoolsHere({name: restorer}))
        best = self.best
        data = self._steps.read({step, best.step if best else step})
        why = next((item for item in data.failures if item.cell.restorer == name), None)
        return judge(data, step, best, self._metric), why

    def _forget(self, step: int) -> None:
        """A step that is validated again: what it was before is gone."""
        others = [item for item in self.validations if item.step != step]
        if self._best_step == step:
            self._replay(load_run(self.folder), [item.step for item in others])
        self.validations = others

    def _planned(self, built: Mapping[str, Any], device: str) -> Plan:
        """The plan of a step; the first decides which sets there are."""
        if self._plan is None:
            plan = plan_here(self._benchmark, device, **self._choice)
            able = require_cells(with_built(plan, built)).restorers[0].sets
            ids = {name: every for name, every in plan.ids.items() if name in able}
            sets = tuple(item for item in plan.sets if item.name in able)
            self._plan = replace(plan, sets=sets, ids=ids)
            if len({image for every in ids.values() for image in every}) < MIN_SIGNS:
                warnings.warn(
                    f"of fewer than {MIN_SIGNS} images steps are told apart by a t test, which "
                    "assumes normally distributed differences",
                    stacklevel=4,
                )
        return require_cells(with_built(self._plan, built))

    def _go_on(self, data: RunData | None) -> None:
        """Goes on with a run that holds steps."""
        if data is None:
            self.validations, self._best_step = [], None
            return
        measured, wanted = data.run.plan.metrics, self._metric or self._metrics[0]
        if wanted not in measured:
            raise InputError(
                f"{self.folder} holds steps that are judged by {', '.join(measured)}, and not by "
                f"{wanted}: give another folder (out)"
            )
        self._replay(data, step_numbers(data))

    def _replay(self, data: RunData, steps: Iterable[int]) -> None:
        """Finds again what steps have shown, one after the other."""
        self.validations, self._best_step = [], None
        for step in sorted(steps):
            found = judge(data, step, self.best, self._metric)
            self.validations.append(found)
            self._best_step = found.best_step

    def _forget_images(self) -> None:
        """Removes restored images of all steps but the best: a training may have thousands."""
        best = self.best
        kept = safe_name(f"{STEP}{best.step}") if best else ""
        for path in (self.folder / "restored").glob(f"{STEP}*"):
            if path.name != kept:
                shutil.rmtree(path, ignore_errors=True)


class _Holder:
    """Held by who needs a temporary folder, which goes with it."""


def _judgement(found: Validation) -> tuple[bool, float | None, float | None, int]:
    return found.is_best, found.difference, found.p, found.failures


def _above_0(name: str, number: object) -> int:
    found = whole(number)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise InputError(f"{name} is {number!r:.60}; expected a whole number above 0")
    return found
