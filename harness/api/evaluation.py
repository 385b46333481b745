"""A restorer over a benchmark, out of Python."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
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
    with_built,
)
from harness.api.result import Result
from harness.errors import EvaluationError, InputError
from harness.restoring.wrapping import Feeding, device_of
from harness.running.plan import Plan, make_plan
from harness.running.runner import run_plan
from harness.workers.devices import choose_device

if TYPE_CHECKING:
    from harness.protocols import Benchmark
    from harness.running.progress import Progress


class Fed(TypedDict, total=False):
    """How networks and functions are fed; see `harness.restoring.wrapping.Feeding`."""

    scale: int | None
    range: tuple[float, float]
    order: Literal["rgb", "bgr"]
    channels: int | None
    multiple: int
    takes: Literal["array", "tensor"]


def feeding(device: str, **fed: Unpack[Fed]) -> Feeding:
    """How networks and functions are fed, as the caller says it."""
    known: dict[str, Any] = {**fed, "device": device}
    if "range" in known:
        known["value_range"] = known.pop("range")
    return Feeding(**known)


def evaluate(
    restorers: object,
    benchmark: str | Path | Benchmark,
    *,
    sets: Sequence[str] = (),
    metrics: Sequence[str] = (),
    limit: int | None = None,
    out: str | Path | None = None,
    device: str | None = None,
    isolated: bool | None = None,
    workers: int | None = None,
    timeout: float = 600.0,
    on_error: Literal["row", "raise"] = "row",
    progress: Progress | None = None,
    **fed: Unpack[Fed],
) -> Result:
    """Degrades, restores and scores, as `restobench run` does and to the same last digit.

    A `torch.nn.Module`, a function from image to image or an object with a card and `restore` runs
    in this process, without being pickled: on its own device, on one thread of the CPU, without
    gradients. Its mode and the state of every random generator are put back. A name, a path or a
    class that can be imported runs in worker processes, as after `restobench run -r`.

    Args:
        restorers: One of these; or several, in a list or by the names that results shall have.
        benchmark: A benchmark, its name, or a TOML file.
        sets: Part of the benchmark's sets; empty: all.
        metrics: Instead of the benchmark's own.
        limit: The first so many images of each set.
        out: The run folder, which is resumed where it holds a run of the same benchmark; default: a
            folder that goes with the result.
        device: `auto`, `cpu` or `cuda:N`; default: that of the module, or else `cpu`.
        isolated: Whether worker processes restore; default: whatever can be named.
        workers: Restorations at once, in worker processes; default: as many as processors.
        timeout: Seconds that one restoration may take; in this process nothing ends it.
        on_error: `row`: what fails is a row of `Result.failures`. `raise`: what a restorer raises
            in this process goes through, and any other failure is an `EvaluationError`.
        progress: Told of every cell.
        fed: Of networks and functions: `scale`, by which they enlarge (default: it is measured);
            `range`, their values of black and white (default: 0 and 1); `order` of their planes,
            `rgb` or `bgr`; `channels`, 3 or 1 (default: what a network runs on); `multiple`, to
            which height and width are padded; `takes`, `array` (C, H, W) or `tensor` (1, C, H, W),
            of a function.

    Raises:
        InputError: Something that is not there, or nothing that could be run.
        UnavailableError: A restorer or metric that is not usable here.
        EvaluationError: A cell failed, and `on_error` is `raise`.
    """
    if on_error not in ("row", "raise"):
        raise InputError(f"on_error is {on_error!r}; expected row or raise")
    found, choice = find_benchmark(benchmark), Choice(sets=sets, metrics=metrics, limit=limit)
    there, here = _split(name_things(restorers), isolated)
    folder = Path(out) if out is not None else Path(tempfile.mkdtemp(prefix="restobench-run-"))
    try:
        if there:
            plan = require_cells(_plan_there(there, found, device or "cpu", choice))
            most = workers or os.cpu_count() or 1
            run_plan(plan, folder.resolve(), workers=most, timeout=timeout, progress=progress)
        if here:
            raising = on_error == "raise"
            _run_here(here, found, folder.resolve(), device, choice, raising, progress, **fed)
        result = Result(folder, temporary=out is None)
        if on_error == "raise":
            _require_whole(result)
        return result
    except BaseException:  # Ctrl-C as well
        if out is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _split(
    things: Mapping[str, object], isolated: bool | None
) -> tuple[dict[str, str], dict[str, object]]:
    """What worker processes run, and what this one runs."""
    texts = {key: text for key, thing in things.items() if (text := as_text(thing)) is not None}
    if isolated is False:
        return {}, dict(things)
    here = {key: thing for key, thing in things.items() if key not in texts}
    if isolated and here:
        what = ", ".join(f"{thing!r:.60}" for thing in here.values())
        raise InputError(
            f"{what} cannot be given to a worker process; name it (my_module:MyRestorer, a file), "
            "or leave isolated out"
        )
    return texts, here


def _plan_there(
    texts: Mapping[str, str], benchmark: Benchmark, device: str, choice: Choice
) -> Plan:
    known = choice.get("metrics", ()), choice.get("sets", ()), choice.get("limit")
    plan = make_plan(benchmark, list(texts.values()), *known, device)
    if len(plan.restorers) != len(texts):
        raise InputError("a restorer is named twice")
    named = zip(texts, plan.restorers, strict=True)
    planned = (item if key.startswith("#") else replace(item, name=key) for key, item in named)
    return replace(plan, restorers=tuple(planned))


def _run_here(
    things: Mapping[str, object],
    benchmark: Benchmark,
    folder: Path,
    device: str | None,
    choice: Choice,
    raising: bool,
    progress: Progress | None,
    **fed: Unpack[Fed],
) -> None:
    places = [device_of(thing) for thing in things.values()]
    place = choose_device(device) if device else next(filter(_is_cuda, places), "cpu")
    with alone(*things.values()):
        built = build_here(things, feeding(place, **fed), place)
        plan = require_cells(with_built(plan_here(benchmark, place, **choice), built))
        pools = PoolsHere({name: item for name, (item, _) in built.items()}, raising=raising)
        run_plan(plan, folder, workers=1, progress=progress, pools=pools)


def _is_cuda(device: str) -> bool:
    return device.startswith("cuda")


def _require_whole(result: Result) -> None:
    failures = result.data.failures
    if failures:
        first, more = failures[0], f", and {len(failures) - 1} more" if failures[1:] else ""
        cell, metric = first.cell, f": {first.metric}" if first.metric else ""
        raise EvaluationError(
            f"{cell.restorer} on {cell.set}/{cell.image}{metric}: {first.kind}: "
            f"{first.message}{more}"
        )
