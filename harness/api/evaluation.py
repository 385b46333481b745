"""A restorer over a benchmark, out of Python."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from harness.api.in_process import PoolsHere, alone
from harness.api.planning import (
    Choice,
    as_text,
    build_here,
    find_benchmark,
    name_things,
    plan_here,
    require_cells,
    several,
    with_built,
)
from harness.api.result import Result
from harness.cards import plain_number
from harness.errors import EvaluationError, InputError
from harness.restoring.wrapping import Feeding, device_of, is_restorer
from harness.running.batches import check_batch
from harness.running.plan import Plan, make_plan
from harness.running.runner import run_plan
from harness.workers.allocation import cores
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    from harness.protocols import Benchmark
    from harness.running.progress import Progress


class Fed(TypedDict, total=False):
    """How networks and functions are fed.

    Attributes:
        scale: By what factor they enlarge; default: it is measured.
        range: Their values of black and white, such as (0, 255), or 255 for short; default: (0, 1).
            It is not found out: a network that wants 0 to 255 restores badly without it, and raises
            no error.
        output_range: Those of what they return; default: `range`.
        order: Of their planes; default: `rgb`.
        channels: 3 or 1; default: what they run on.
        multiple: To which height and width are padded; default: 1.
        takes: What a function is given: `array` (C, H, W), the default, or `tensor` (1, C, H, W).
    """

    scale: int | None
    range: tuple[float, float] | float | str
    output_range: tuple[float, float] | float | str | None
    order: Literal["rgb", "bgr"]
    channels: int | None
    multiple: int
    takes: Literal["array", "tensor"]


class Doing(TypedDict, total=False):
    """How an evaluation is done.

    Attributes:
        device: `auto`, `cpu` or `cuda:N`; default: that of the module, or else `cpu`.
        workers: Restorations at once, in worker processes; default: as many as processors.
        timeout: Seconds that one restoration may take in a worker; default: 600.
        batch: Images of one size that may be restored, or scored, together; default: 1.
        progress: Told of every cell.
    """

    device: str
    workers: int | None
    timeout: float
    batch: int
    progress: Progress | None


class How(Fed, Doing, total=False):
    """How an evaluation is done, and how networks and functions are fed."""


def evaluate(
    restorers: object,
    benchmark: str | Path | Benchmark,
    *,
    sets: str | Sequence[str] = (),
    metrics: str | Sequence[str] = (),
    limit: int | None = None,
    out: str | Path | None = None,
    isolated: bool | None = None,
    on_error: Literal["row", "raise"] = "row",
    **how: Unpack[How],
) -> Result:
    """Degrades, restores and scores as `restobench run` does, to the same last digit.

    Args:
        restorers: A `torch.nn.Module`, a function from image to image, or an object with a card and
            `restore`, which run in this process, unpickled, and leave no trace; or a name, a path
            or a class, which run in worker processes. Several: a list, or a mapping by name.
        benchmark: A benchmark, its name, or a TOML file.
        sets: Part of its sets; empty: all.
        metrics: Instead of its own.
        limit: The first so many images of each set.
        out: The run folder, which may hold a run of the same benchmark; default: a temporary one.
        isolated: Whether worker processes restore; default: whatever can be named.
        on_error: `raise`, in place of a row of `Result.failures`.
        how: See `Fed` (scale, range, output_range, order, channels, multiple, takes) and `Doing`.

    Raises:
        HarnessError: What was asked for is not here; or a cell failed and `on_error` is `raise`.
    """
    require_words(how, How.__optional_keys__)
    _require_numbers(how.get("workers"), how.get("batch", 1))
    there, here = _split(name_things(restorers), isolated)
    _require_fed(here.values(), how)
    with _run_folder(out) as folder:
        choice = Choice(sets=several(sets), metrics=several(metrics), limit=limit)
        job = _Job(find_benchmark(benchmark), choice, folder, on_error, how)
        job.run_there(there)
        job.run_here(here)
        return job.result(temporary=out is None)


@contextmanager
def _run_folder(out: str | Path | None) -> Iterator[Path]:
    """The run folder; a temporary one goes if no result holds it, after Ctrl-C as well."""
    if out is not None:
        yield Path(out).resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="restobench-run-")).resolve()
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _split(
    things: Mapping[str, object], isolated: bool | None
) -> tuple[dict[str, str], dict[str, object]]:
    """What worker processes run, and what this one runs."""
    if isolated is False:
        return {}, dict(things)
    texts = {key: text for key, thing in things.items() if (text := as_text(thing)) is not None}
    here = {key: thing for key, thing in things.items() if key not in texts}
    if isolated and here:
        what = ", ".join(f"{thing!r:.60}" for thing in here.values())
        raise InputError(
            f"{what} cannot be given to a worker process; name it (my_module:MyRestorer, a file), "
            "or leave isolated out"
        )
    return texts, here


def _require_numbers(workers: object, batch: object) -> None:
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise InputError(f"workers is {workers!r}; expected 1 or more")
    check_batch(batch)


def _require_fed(things: Iterable[object], how: How) -> None:
    """Refuses to be told how a network is fed where there is none."""
    told = [key for key in Fed.__optional_keys__ if key in how]
    if told and not any(callable(thing) and not is_restorer(thing) for thing in things):
        raise InputError(
            f"{', '.join(sorted(told))} is said of networks and functions; of a name it is part of "
            "it (network.pth:range=255), and a restorer says it on its card"
        )


class _Job:
    """One evaluation."""

    def __init__(
        self, benchmark: Benchmark, choice: Choice, folder: Path, on_error: str, how: How
    ) -> None:
        if on_error not in ("row", "raise"):
            raise InputError(f"on_error is {on_error!r}; expected row or raise")
        self._benchmark, self._choice, self._folder = benchmark, choice, folder
        self._raising, self._how = on_error == "raise", how

    def run_there(self, texts: Mapping[str, str]) -> None:
        """Runs restorers that have names in worker processes."""
        workers = self._how.get("workers")
        if texts:
            run_plan(
                require_cells(self._plan(texts)),
                self._folder,
                workers=cores() if workers is None else workers,
                timeout=self._how.get("timeout", 600.0),
                progress=self._how.get("progress"),
                batch=self._how.get("batch", 1),
            )

    def _plan(self, texts: Mapping[str, str]) -> Plan:
        choice = self._choice
        known = choice.get("metrics", ()), choice.get("sets", ()), choice.get("limit")
        device = self._how.get("device", "cpu")
        plan = make_plan(self._benchmark, list(texts.values()), *known, device)
        if len(plan.restorers) != len(texts):
            raise InputError("a restorer is named twice")
        named = zip(texts, plan.restorers, strict=True)
        planned = (item if key.startswith("#") else replace(item, name=key) for key, item in named)
        return replace(plan, restorers=tuple(planned))

    def run_here(self, things: Mapping[str, object]) -> None:
        """Runs restorers in this process."""
        if not things:
            return
        with alone(*things.values()):
            device = self._device(things)
            built = build_here(things, feeding(device, self._how), device)
            plan = plan_here(self._benchmark, device, **self._choice)
            pools = PoolsHere(
                {name: item for name, (item, _) in built.items()}, raising=self._raising
            )
            run_plan(
                require_cells(with_built(plan, built)),
                self._folder,
                workers=1,
                progress=self._how.get("progress"),
                batch=self._how.get("batch", 1),
                pools=pools,
            )

    def _device(self, things: Mapping[str, object]) -> str:
        if "device" in self._how:
            return choose_device(self._how["device"])
        devices = (device_of(thing) for thing in things.values())
        # metrics know no others
        return next((device for device in devices if device.startswith("cuda")), "cpu")

    def result(self, *, temporary: bool) -> Result:
        """What came of it.

        Raises:
            EvaluationError: A cell failed, and that is to be raised.
        """
        result = Result(self._folder, temporary=temporary)
        failures = result.data.failures if self._raising else ()
        if failures:
            first, more = failures[0], f", and {len(failures) - 1} more" if failures[1:] else ""
            cell, metric = first.cell, f": {first.metric}" if first.metric else ""
            raise EvaluationError(
                f"{cell.restorer} on {cell.set}/{cell.image}{metric}: {first.kind}: "
                f"{first.message}{more}"
            )
        return result


def require_words(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuses a keyword that means nothing, as Python does.

    Raises:
        TypeError: Names it, and those that are known.
    """
    if unknown := sorted({*given} - {*known}):
        raise TypeError(
            f"no keyword {', '.join(unknown)}; further ones: {', '.join(sorted(known))}"
        )


def _as_range(said: object) -> object:
    """Black and white as a pair; what a specification says, `255` or `-1..1`, does as well."""
    if isinstance(said, int | float) and not isinstance(said, bool):
        return 0.0, float(said)
    if isinstance(said, str):
        low, _, high = said.rpartition("..")
        with suppress(ValueError):
            return plain_number(low or "0"), plain_number(high)
    return said


def feeding(device: str, fed: Fed | How) -> Feeding:
    """How networks and functions are fed, as the caller says it."""
    names = {"range": "value_range"}
    said: dict[str, Any] = {
        names.get(key, key): _as_range(value) if "range" in key else value
        for key, value in fed.items()
        if key in Fed.__optional_keys__
    }
    return Feeding(**said, device=device)
