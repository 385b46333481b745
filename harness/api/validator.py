"""Validation inside a training loop: what is better than before, and not by chance."""

from __future__ import annotations

import operator
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from harness.api.evaluation import Fed, feeding, require_words
from harness.api.in_process import PoolsHere, alone
from harness.api.logs import log_to
from harness.api.pairing import only
from harness.api.planning import (
    Choice,
    find_benchmark,
    plan_here,
    require_cells,
    several,
    with_built,
)
from harness.api.result import Result
from harness.errors import InputError
from harness.ranking.leaderboards import Ranking, differences, rank_run
from harness.ranking.tables import ScoreTable
from harness.restoring.wrapping import as_restorer, device_of
from harness.results import MIN_SIGNS, Difference, RunData
from harness.running.plan import Plan, choose_sets
from harness.running.runner import run_plan
from harness.statistics.simultaneous import Pairs
from harness.storage.places import safe_name
from harness.storage.store import FILENAME, load_run

if TYPE_CHECKING:
    import pandas as pd

    from harness.protocols import Benchmark

_STEP = "step-"


@dataclass(frozen=True, slots=True)
class Validation:
    """What one validation has found.

    Attributes:
        step: Of the training.
        means: (set, metric) -> mean over the images; the set is empty for all sets together.
        is_best: Whether this is the best step now: the first, or better than the best before.
        best_step: The best step now.
        difference: Mean of this step minus that of the best before, in the metric's unit; `None`
            for the first.
        ci_low: Lower end of its 95 % interval, paired by image.
        ci_high: Upper end.
        p: Two-sided, of no difference.
        failures: Images or metrics of them that failed.
    """

    step: int
    means: Mapping[tuple[str, str], float]
    is_best: bool
    best_step: int
    difference: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    failures: int = 0

    def numbers(self) -> dict[str, float]:
        """For a log: `restobench/SET/METRIC` (all sets: `restobench/METRIC`), best step, p."""
        named = {
            "/".join(filter(None, ("restobench", *key))): mean for key, mean in self.means.items()
        }
        told = {"best_step": self.best_step, "difference": self.difference, "p": self.p}
        more = {f"restobench/{name}": value for name, value in told.items() if value is not None}
        return named | more


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
            else on the first set; default: the first.
        log: Where numbers go, as of `harness.api.logs.log_to`: a TensorBoard `SummaryWriter`, a
            run of Weights & Biases, a CSV file, a function, several of these.
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
        if every < 1 or (images is not None and images < 1):
            raise InputError(f"every is {every} and images {images}; expected 1 or more")
        self._benchmark, self.every, self._fed = find_benchmark(benchmark), every, fed
        sets, metrics = several(sets), several(metrics)
        known = metrics or self._benchmark.metrics
        if metric is not None and metric not in known:
            raise InputError(f"metric is {metric!r}; expected one of {', '.join(known)}")
        choose_sets(self._benchmark, sets)
        self._choice = Choice(sets=sets, metrics=metrics, limit=images)
        self._metric, self._log = metric, log_to(log)
        self._plan: Plan | None = None
        self.folder = Path(out or tempfile.mkdtemp(prefix="restobench-run-")).resolve()
        if out is None:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.validations: list[Validation] = []
        if (self.folder / FILENAME).is_file():
            self._replay(load_run(self.folder))

    @property
    def best(self) -> Validation | None:
        """The best step's validation, or `None` before the first."""
        return next((item for item in reversed(self.validations) if item.is_best), None)

    @property
    def result(self) -> Result:
        """The run so far, whose restorers are the steps.

        Raises:
            StoreError: Nothing has been validated yet.
        """
        return Result(self.folder)

    @property
    def history(self) -> pd.DataFrame:
        """Every mean: step, set (missing: all), metric, mean, is_best, difference, p."""
        import pandas as pd

        rows = [
            (item.step, name or None, metric, mean, item.is_best, item.difference, item.p)
            for item in self.validations
            for (name, metric), mean in item.means.items()
        ]
        columns = ["step", "set", "metric", "mean", "is_best", "difference", "p"]
        return pd.DataFrame(rows, columns=columns)

    def due(self, step: int) -> bool:
        """Whether a step is one to validate at."""
        return step % self.every == 0

    def __call__(self, network: object, step: int) -> Validation | None:
        """Validates, if a step is due.

        Args:
            network: As for `harness.evaluate`; what is run in this process.
            step: Of the training, from 0.

        Returns:
            What was found, or `None` where the step is not due.

        Raises:
            InputError: The network can be run on none of the sets, or the step is no whole number
                from 0.
        """
        step = _whole(step)
        if not self.due(step):
            return None
        name, device = f"{_STEP}{step}", device_of(network)
        with alone(network):
            device = device if device.startswith("cuda") else "cpu"
            restorer = as_restorer(network, feeding(device, self._fed), name)
            built = {name: (restorer, f"step {step} of a training")}
            plan = self._planned(built, device)
            run_plan(plan, self.folder, workers=1, pools=PoolsHere({name: restorer}))
        data = load_run(self.folder)
        if any(item.step >= step for item in self.validations):  # gone back to an earlier state
            self._replay(data)
        else:
            self.validations.append(self._judge(data, step))
        found = next(item for item in self.validations if item.step == step)
        if found.failures:
            why = next(item for item in data.failures if item.cell.restorer == name)
            told = f"step {step}: {found.failures} failures, first {why.kind}: {why.message:.200}"
            warnings.warn(told, stacklevel=2)
        self._forget_images()
        self._log(step, found.numbers())
        return found

    def _planned(self, built: Mapping[str, Any], device: str) -> Plan:
        """The plan of a step; the first decides which sets there are."""
        if self._plan is None:
            plan = plan_here(self._benchmark, device, **self._choice)
            if self._metric in plan.absent_metrics:
                raise InputError(f"{self._metric} is not usable: {plan.absent_metrics}")
            able = require_cells(with_built(plan, built)).restorers[0].sets
            ids = {name: every for name, every in plan.ids.items() if name in able}
            sets = tuple(item for item in plan.sets if item.name in able)
            self._plan = replace(plan, sets=sets, ids=ids)
            if len({image for every in ids.values() for image in every}) < MIN_SIGNS:
                warnings.warn(
                    f"of fewer than {MIN_SIGNS} images steps are told apart by a t test, which "
                    "assumes normally distributed differences",
                    stacklevel=3,
                )
        return require_cells(with_built(self._plan, built))

    def _replay(self, data: RunData) -> None:
        """Finds again what a run's steps have shown, one after the other."""
        names = [name.removeprefix(_STEP) for name in data.run.restorers if name.startswith(_STEP)]
        self.validations = []
        for step in sorted(int(name) for name in names if name.isdecimal()):
            self.validations.append(self._judge(data, step))

    def _judge(self, data: RunData, step: int) -> Validation:
        best = self.best
        names = [f"{_STEP}{item}" for item in (step, best.step if best else step)]
        ranking = rank_run(only(data, names))
        failures = sum(item.cell.restorer == names[0] for item in data.failures)
        means = dict(_means(ranking, names[0]))
        if best is None:  # a step without any score is no best one
            return Validation(step, means, bool(means), step, failures=failures)
        gap = next(iter(differences(*self._decisive(ranking), names[1])), None)
        better = gap is not None and gap.verdict == "better"
        told = _told(gap)
        return Validation(step, means, better, step if better else best.step, *told, failures)

    def _decisive(self, ranking: Ranking) -> tuple[ScoreTable, Pairs | None]:
        """What decides: all sets together where that is, or else the first set."""
        names = ranking.data.run.plan.metrics
        metric = self._metric or names[0]
        both = zip(ranking.tables, ranking.pairs, strict=True)
        return next(item for item in both if item[0].metric == metric)

    def _forget_images(self) -> None:
        """Removes restored images of all steps but the best: a training may have thousands."""
        best = self.best
        kept = safe_name(f"{_STEP}{best.step}") if best else ""
        for path in (self.folder / "restored").glob(f"{_STEP}*"):
            if path.name != kept:
                shutil.rmtree(path, ignore_errors=True)


def _whole(step: object) -> int:
    try:
        found = operator.index(step)  # type: ignore[arg-type]  # that is what is found out
    except TypeError:
        found = -1
    if found < 0:
        raise InputError(f"step is {step!r}; expected a whole number from 0")
    return found


def _means(ranking: Ranking, name: str) -> Iterator[tuple[tuple[str, str], float]]:
    for board in ranking.boards:
        for row in board.rows:
            if row.restorer == name and row.mean is not None:
                yield (board.set or "", board.metric), row.mean


def _told(
    gap: Difference | None,
) -> tuple[float | None, float | None, float | None, float | None]:
    if gap is None:
        return None, None, None, None
    return gap.difference, gap.ci_low, gap.ci_high, gap.p
