"""Where `restobench run` runs: on this machine, on several of its devices, on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from harness.cli import output
from harness.errors import InputError
from harness.workers.allocation import cores

if TYPE_CHECKING:
    from harness.protocols.executor import Chunk, Executor
    from harness.running.plan import Plan
    from harness.running.progress import Progress
    from harness.running.runner import RunSummary


class How(TypedDict):
    """The options of `run` that say where and how."""

    device: str
    devices: str | None
    executor: str | None
    detach: bool
    workers: int | None
    batch: int
    timeout: float
    memory_gib: float | None
    sandbox: bool
    extend: bool
    fresh: bool


def choose(how: How) -> tuple[Executor | None, str, tuple[str, ...]]:
    """The engine, the device of the plan, and what the workers of each device may see.

    Raises:
        InputError: Options that do not go together, or a device that is not here.
    """
    from harness.workers.devices import choose_devices

    if how["executor"] is None:
        if how["detach"]:
            raise InputError("--detach needs --executor: jobs that go on by themselves")
        if how["devices"] is None:
            return None, how["device"], ()
        if how["device"] != "auto":
            raise InputError("--device and --devices: give one of them")
        return None, *choose_devices(how["devices"])
    from harness.distributing.engines import build_executor

    if how["devices"] is not None:
        raise InputError("--devices is for this machine: it does not go with --executor")
    if how["sandbox"]:
        raise InputError(
            "--sandbox is for this machine: on a cluster a restorer can ask the scheduler for work "
            "outside of it (docs/clusters.md)"
        )
    engine = build_executor(how["executor"])
    device = how["device"]
    return engine, (engine.device or "cpu") if device == "auto" else device, ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where a plan is carried out.

    Attributes:
        engine: The executor, or `None`: this machine.
        visible: What the workers of each device may see; nothing: `--device` says all.
        how: The options.
    """

    engine: Executor | None
    visible: tuple[str, ...]
    how: How

    def run(self, plan: Plan, folder: Path, progress: Progress) -> RunSummary:
        """Carries the plan out."""
        memory = self.how["memory_gib"]
        memory_mib = int(memory * 1024) if memory else None
        timeout, workers = self.how["timeout"], self.how["workers"]
        if self.engine is None:
            from harness.running.runner import run_plan

            return run_plan(
                plan,
                folder,
                workers=workers or max(len(self.visible), 1 if self.visible else cores()),
                timeout=timeout,
                memory_mib=memory_mib,
                progress=progress,
                devices=self.visible,
                batch=self.how["batch"],
            )
        from harness.distributing.runner import run_on
        from harness.distributing.tasks import How as NodeHow

        text, detach = self.how["executor"] or "", self.how["detach"]
        name, _, argument = text.partition(":")
        if Path(argument).is_file():  # `collect` may be called from another folder
            text = f"{name}:{Path(argument).resolve()}"
        how = NodeHow(workers, timeout, memory_mib, self.how["batch"])
        return run_on(self.engine, plan, folder, how, progress, text=text, detach=detach)

    def print_costs(self, plan: Plan, folder: Path) -> None:
        """Prints what a plan will cost, and how it is cut into the jobs of a run folder."""
        workers = self.how["workers"] or len(self.visible) or cores()
        if self.engine is None or self.engine.cell_seconds is None:
            self._print_estimate(plan, workers)
        if self.engine is not None:
            self._print_chunks(plan, self.engine, folder)

    def _print_estimate(self, plan: Plan, workers: int) -> None:
        from harness.running.estimate import estimate_costs

        click.echo("restoring the first image of each set, to see what it costs ...", err=True)
        estimate = estimate_costs(plan, self.how["timeout"])
        for restorer, name, message in estimate.failed:
            click.echo(output.printable(f"failed {restorer} on {name}: {message}"))
        seconds = estimate.total_seconds()
        output.echo(
            f"about {estimate.mib:.1f} MiB of restored images; about {seconds / workers:.0f} s of "
            f"restoring on {workers} workers ({seconds:.0f} s of work); loading and scoring come "
            "on top"
        )

    def _print_chunks(self, plan: Plan, engine: Executor, folder: Path) -> None:
        from harness.distributing.chunking import forecast

        chunks = forecast(plan, engine)
        _tell(chunks)
        click.echo(engine.describe(chunks, folder / "jobs"))


def _tell(chunks: list[Chunk]) -> None:
    seconds = [chunk.seconds for chunk in chunks if chunk.seconds is not None]
    most = max(chunk.cells for chunk in chunks)
    told = "how long they take is not known before anything has run"
    if seconds:
        longest = max(seconds)
        about = f"{longest:.0f}" if longest >= 1 else f"{longest:.2g}"
        told = f"the longest of about {about} s, as far as that is known before anything has run"
    up_to = f"of up to {most} cells" if most > 1 else "of one cell"
    output.echo(f"{output.counted(len(chunks), 'chunk')} {up_to}; {told}")
