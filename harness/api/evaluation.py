"""A restorer over a benchmark, out of Python."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from harness.api.arguments import (
    as_range,
    path_of,
    require_number,
    require_words,
    several,
    temporary_folder,
    whole,
)
from harness.api.in_process import PoolsHere, alone
from harness.api.planning import (
    Choice,
    as_text,
    build_here,
    find_benchmark,
    name_things,
    plan_here,
    require_cells,
    with_built,
)
from harness.api.result import Result
from harness.errors import EvaluationError, InputError
from harness.restoring.wrapping import Feeding, device_of, is_module, is_restorer
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
    there, here = _split(name_things(restorers), isolated)
    _require_done(how, there)
    require_fed(here.values(), how)
    choice = _choice(sets, metrics, limit)
    with _run_folder(out) as folder:
        job = _Job(find_benchmark(benchmark), choice, folder, on_error, how)
        job.run_there(there)
        job.run_here(here)
        return job.result(temporary=out is None)


def _choice(sets: object, metrics: object, limit: object) -> Choice:
    number: Any = whole(limit)  # what is none is refused with the images
    return Choice(sets=several(sets, "sets"), metrics=several(metrics, "metrics"), limit=number)


@contextmanager
def _run_folder(out: str | Path | None) -> Iterator[Path]:
    """The run folder; a temporary one goes if no result holds it, after Ctrl-C as well."""
    if out is not None:
        yield path_of(out, "out").resolve()
        return
    folder = temporary_folder("restobench-run-")
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _split(
    things: Mapping[str, object], isolated: bool | None
) -> tuple[dict[str, str], dict[str, object]]:
    """What worker processes run, and what this one runs."""
    if isolated not in (None, True, False):
        raise InputError(f"isolated is {isolated!r:.60}; expected True, False or None")
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


def _require_done(how: How, there: Mapping[str, str]) -> None:
    """Refuses what cannot be, and to be told of worker processes where there are none."""
    workers = whole(how.get("workers"))
    if workers is not None and (not isinstance(workers, int) or workers is True or workers < 1):
        raise InputError(f"workers is {workers!r}; expected 1 or more")
    check_batch(whole(how.get("batch", 1)))
    require_number(how.get("timeout", 600.0), "timeout")
    progress = how.get("progress")
    wanted = ("start", "note", "advance") if progress is not None else ()
    if lacking := [name for name in wanted if not hasattr(progress, name)]:
        raise InputError(f"progress is {progress!r:.60}; it lacks {', '.join(lacking)}")
    if not there and (told := [name for name in ("timeout", "workers") if name in how]):
        raise InputError(
            f"{' and '.join(told)} is said of worker processes, and all that is given runs in this "
            "one: leave it out"
        )


def require_fed(things: Iterable[object], fed: Fed | How) -> None:
    """Refuses to be told how a network is fed where there is none.

    Raises:
        InputError: Says where that is told instead.
    """
    told = [key for key in Fed.__optional_keys__ if key in fed]
    networks = [thing for thing in things if callable(thing) and not is_restorer(thing)]
    if told and not networks:
        raise InputError(
            f"{', '.join(sorted(told))} is said of networks and functions; of a name it is part of "
            "it (network.pth:range=255), and a restorer says it on its card"
        )
    if "takes" in told and all(map(is_module, networks)):
        raise InputError("takes is said of functions; a network is given tensors: leave it out")


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
                batch=int(self._how.get("batch", 1)),
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
                batch=int(self._how.get("batch", 1)),
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


def feeding(device: str, fed: Fed | How) -> Feeding:
    """How networks and functions are fed, as the caller says it."""
    names = {"range": "value_range"}
    said: dict[str, Any] = {
        names.get(key, key): as_range(value) if "range" in key else whole(value)
        for key, value in fed.items()
        if key in Fed.__optional_keys__
    }
    return Feeding(**said, device=device)
