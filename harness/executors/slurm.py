"""Chunks as jobs of Slurm, in arrays, through submitit.

A chunk is done when its file says so, and lost when its job has left the queue without one: what
the queue's own accounting says is not asked, for many a cluster has none.
"""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError
from harness.executors import queue
from harness.executors.cluster_file import Cluster, read_cluster
from harness.protocols.executor import Chunk, Executor, JobEnded, LostError, Ran

if TYPE_CHECKING:
    import submitit

LONGEST_ARRAY = 1000
"""Slurm takes arrays of `MaxArraySize`, 1001 where nobody has changed it."""

START_SECONDS = 300.0
"""What a job may take before its first cell: modules, torch, weights from a slow disk."""

SLACK = 1.5
"""What a job asks for, of the time that its chunk is expected to take."""

LOOK_SECONDS = 1.0
QUEUE_SECONDS = 15.0
"""How often files are looked for, and how often the queue is asked.

A job has to be missing from the queue for as long: its file may be on its way.
"""

SOON_SECONDS = 2.0
"""How soon the queue is asked of jobs that were just handed over, and then less and less often:
jobs that cannot begin (no such interpreter, no such module) are told before many are lost."""

LAST_WORDS = 300
SUBFOLDER = "slurm"


@dataclass(slots=True)
class _Watched:
    """A job whose file is waited for."""

    job: str
    sign: Path
    future: Future[Ran] = field(default_factory=Future)
    missing: float | None = None
    """Since when the queue has not known it."""


class SlurmExecutor(Executor):
    """Jobs of Slurm.

    Args:
        argument: The path of `cluster.toml`.
    """

    durable = True

    def __init__(self, argument: str) -> None:
        if not argument:
            raise InputError("--executor slurm needs a file: slurm:cluster.toml (docs/clusters.md)")
        self._cluster: Cluster = read_cluster(Path(argument))
        self.chunk_seconds = self._cluster.chunk_seconds
        self.cell_seconds = self._cluster.cell_seconds
        self.device: str | None = "cuda:0" if self._cluster.has_gpus() else None
        self._folder = Path(SUBFOLDER)
        self._watched: list[_Watched] = []
        self._refused: set[str] = set()
        self._lock, self._over = threading.Lock(), threading.Event()
        self._watcher: threading.Thread | None = None
        self._submitted = 0.0

    @classmethod
    def missing(cls) -> str | None:
        """Whether submitit and Slurm's commands are here."""
        if not importlib.util.find_spec("submitit"):
            return "submitit is not installed; pip install 'restobench[slurm]'"
        lacking = [name for name in ("sbatch", "squeue", "scancel", "srun") if not _which(name)]
        if lacking:
            return f"{', '.join(lacking)} is not here: this is no machine of a Slurm cluster"
        return None

    def open(self, folder: Path) -> None:
        """Jobs have scripts and logs below `folder`."""
        self._folder = folder / SUBFOLDER
        self._folder.mkdir(exist_ok=True)

    def slots(self) -> int:
        """As many jobs as the user allows."""
        return self._cluster.max_jobs

    def ahead(self) -> int:
        """Twice as many: the queue has something to choose from."""
        return 2 * self._cluster.max_jobs

    def beside(self) -> int | None:
        """None on a node of one's own; nobody knows otherwise."""
        return 0 if self._cluster.exclusive else None

    def submit(self, chunks: Sequence[Chunk]) -> Sequence[Future[Ran]]:
        """Hands chunks over as arrays of jobs."""
        watched = []
        for start in range(0, len(chunks), LONGEST_ARRAY):
            some = chunks[start : start + LONGEST_ARRAY]
            engine, seconds = self._engine(some), _wall_minutes(self._cluster, some) * 60
            try:
                # submitit prints what sbatch says, besides raising it
                with redirect_stderr(io.StringIO()), engine.batch():
                    jobs = [engine.submit(run_job, it.run, it.sign, seconds) for it in some]
                ids = [str(job.job_id) for job in jobs]
            except Exception as error:  # sbatch says what it does not like, submitit hands it on
                raise InputError(f"sbatch takes no jobs: {_first_line(error)}") from error
            for chunk, job in zip(some, ids, strict=True):
                _beside(chunk.sign, "job").write_text(job)
                watched.append(_Watched(job, chunk.sign))
        self._watch(watched)
        return [item.future for item in watched]

    def _watch(self, watched: Sequence[_Watched]) -> None:
        for item in watched:
            item.future.set_running_or_notify_cancel()
        with self._lock:
            self._watched += watched
            self._submitted = time.monotonic()
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._look, daemon=True)
            self._watcher.start()

    def _look(self) -> None:
        asked = time.monotonic()
        while not self._over.wait(LOOK_SECONDS):
            there, now = None, time.monotonic()
            soon = max(SOON_SECONDS, (now - self._submitted) / 4)
            if now - asked >= min(QUEUE_SECONDS, soon):
                there, asked = queue.queued(), now
            with self._lock:
                for item in list(self._watched):
                    if self._tell(item, there, now):
                        self._watched.remove(item)

    def _tell(self, item: _Watched, there: set[str] | None, now: float) -> bool:
        """Says what has come of a job; whether it has ended."""
        if item.sign.exists():
            item.future.set_result(Ran(_read(_beside(item.sign, "place")), None))
            return True
        if there is None or item.job in there:
            item.missing = None if there is not None else item.missing
            return False
        if item.missing is None:
            item.missing = now
            return False
        said, how = self._last_words(item.job), "has ended without results"
        if said and not _beside(item.sign, "place").exists():
            how = "has ended before it began with its chunk"
        elif now - item.missing < QUEUE_SECONDS:
            return False
        told = f"it last said: {said}" if said else f"its logs are in {self._folder}"
        item.future.set_exception(LostError(f"job {item.job} {how}; {told}"))
        return True

    def _last_words(self, job: str) -> str:
        """The end of what a job has printed, or nothing."""
        texts = (_read(self._folder / f"{job}_0_log.{suffix}") for suffix in ("err", "out"))
        return next((" ".join(text.split())[-LAST_WORDS:] for text in texts if text), "")

    def adopt(self, signs: Mapping[str, Path]) -> Mapping[str, Future[Ran]]:
        """Finds jobs that are still in the queue.

        Raises:
            InputError: The queue does not answer.
        """
        jobs = {name: _read(_beside(sign, "job")) for name, sign in signs.items()}
        there = queue.queued() if any(jobs.values()) else set()
        if there is None:
            raise InputError("squeue does not answer: nobody knows which jobs are still there")
        found = {name: _Watched(job, signs[name]) for name, job in jobs.items() if job in there}
        self._watch(list(found.values()))
        return {name: item.future for name, item in found.items()}

    def avoid(self, place: str) -> bool:
        """Leaves a node out."""
        if place:
            self._refused.add(place)
        return True

    def describe(self, chunks: Sequence[Chunk], folder: Path) -> str:
        """The script of the first array."""
        some, self._folder = chunks[:LONGEST_ARRAY], folder / SUBFOLDER
        engine = self._engine(some)
        if len(some) > 1:
            engine.parameters["map_count"] = len(some)
        script: str = engine._make_submission_file_text(engine._submitit_command_str, "")
        return script

    def _engine(self, chunks: Sequence[Chunk]) -> submitit.SlurmExecutor:
        import submitit

        cluster = self._cluster
        engine = submitit.SlurmExecutor(folder=self._folder, python=cluster.python)
        more: dict[str, str | int] = dict(cluster.options)
        if cluster.memory:
            more["mem"] = cluster.memory
        if cluster.has_gpus():
            more["gpus-per-node"] = cluster.gpus
        given = {
            **{name: getattr(cluster, name) for name in ("partition", "account", "qos")},
            "constraint": cluster.constraint,
            "exclude": ",".join(sorted(self._refused)) or None,
            "exclusive": cluster.exclusive or None,
            "setup": list(cluster.setup) or None,
        }
        engine.update_parameters(
            job_name="restobench",
            time=_wall_minutes(cluster, chunks),
            cpus_per_task=cluster.cpus,
            array_parallelism=cluster.max_jobs,
            additional_parameters=more or None,
            # a step of srun does not inherit the processors of its job since Slurm 22.05
            use_srun=False,
            **{name: value for name, value in given.items() if value is not None},
        )
        return engine

    def cancel(self) -> None:
        """Ends the jobs whose ids were recorded, and no others."""
        with self._lock:
            ids = [item.job for item in self._watched]
        if ids:
            queue.cancel(ids)

    def close(self, farewell: Callable[[], Any] | None = None) -> None:
        """Looks no more; jobs go on."""
        self._over.set()
        if self._watcher is not None:
            self._watcher.join()


def _which(name: str) -> str | None:
    return shutil.which(name)


def _wall_minutes(cluster: Cluster, chunks: Sequence[Chunk]) -> int:
    """What the jobs of an array ask for: the longest chunk's time and more, within the limit."""
    longest = max(chunk.seconds or cluster.chunk_seconds for chunk in chunks)
    minutes = int((SLACK * longest + START_SECONDS) / 60) + 1
    return min(minutes, cluster.most_minutes() or minutes)


def _beside(sign: Path, suffix: str) -> Path:
    return sign.with_suffix(f".{suffix}")


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _first_line(error: Exception) -> str:
    lines: Iterator[str] = iter(line for line in str(error).splitlines() if "error" in line.lower())
    return next(lines, str(error).strip().partition("\n")[0])


def run_job(run: Callable[[], Any], sign: Path, seconds: int) -> None:
    """A chunk as a job; runs on a node.

    Args:
        run: The chunk.
        sign: Its file.
        seconds: What the job has asked for; a job that is requeued has them anew.
    """
    os.environ.setdefault("RESTOBENCH_JOB_END", str(int(time.time()) + seconds))
    # the queue tells every process of a job that it is over: workers that die of it have not failed
    signal.signal(signal.SIGTERM, _end)
    with suppress(OSError):
        _beside(sign, "place").write_text(os.environ.get("SLURMD_NODENAME", ""))
    run()


def _end(number: int, _frame: object) -> None:
    raise JobEnded(signal.Signals(number).name)
