"""Real engines for tests, on 127.0.0.1: started here, and ended by their process ids."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0


def variables() -> dict[str, str]:
    """What nodes need to load what tests give them."""
    places = [str(ROOT), str(ROOT / "tests" / "faults"), *sys.path]
    found = {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, places)))}
    return {**found, "OMP_NUM_THREADS": "1"}


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Waits, patiently: machines of CI are slow."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass
class Dask:
    """A scheduler and its workers.

    Attributes:
        file: The scheduler's file.
    """

    file: Path
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self, *options: str, **more: str) -> subprocess.Popen[bytes]:
        """Starts another worker."""
        command = [sys.executable, "-m", "distributed.cli.dask_worker"]
        told = ["--scheduler-file", str(self.file), "--nthreads", "1", "--no-dashboard", *options]
        log = (self.file.parent / f"worker-{len(self.workers)}.log").open("wb")
        worker = subprocess.Popen(
            [*command, *told, "--host", "127.0.0.1"],
            env={**variables(), **more},
            stdout=log,
            stderr=log,
            cwd=self.file.parent,
        )
        self.workers.append(worker)
        return worker


@contextmanager
def dask_cluster(folder: Path, workers: int = 3, nanny: bool = False) -> Iterator[Dask]:
    """A scheduler and workers, for as long as the block lasts."""
    file = folder / "scheduler.json"
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
    with (folder / "scheduler.log").open("wb") as log:
        options = ["--port", "0", "--no-dashboard", "--no-jupyter", "--scheduler-file", str(file)]
        scheduler = subprocess.Popen(
            [*command, *options], env=variables(), stdout=log, stderr=log, cwd=folder
        )
    dask = Dask(file, scheduler)
    try:
        wait_until(file.is_file, "the scheduler writes its file")
        for _ in range(workers):
            dask.add_worker("--nanny" if nanny else "--no-nanny")
        from distributed import Client

        with Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(max(workers, 1), timeout=PATIENCE_SECONDS)
        yield dask
    finally:
        for process in (*dask.workers, scheduler):
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends a process and waits for it."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_tree(pid: int, spool: Path) -> None:
    """Kills a node's daemon and every process of its jobs, as a power cut would."""
    stepds = [
        found
        for found in psutil.process_iter(["name", "cmdline"])
        if found.info["name"] == "slurmstepd"
        and any(f.path.startswith(str(spool)) for f in _files(found))
    ]
    doomed = [psutil.Process(pid), *stepds]
    doomed += [child for step in stepds for child in step.children(recursive=True)]
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _files(process: psutil.Process) -> list[psutil._common.popenfile]:
    try:
        return process.open_files()
    except psutil.Error:
        return []


def missing(*programs: str) -> str:
    """Which programs are not here, as a reason to skip a test, or nothing."""
    lacking = [name for name in programs if shutil.which(name) is None]
    return f"{', '.join(lacking)} not here" if lacking else ""


SLURM = "munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel"


def no_slurm() -> str:
    """Why no Slurm can be started here, or nothing."""
    if reason := missing(*SLURM):
        return f"{reason}: apt-get install --no-install-recommends slurm-wlm munge"
    if os.getuid() != 0:
        return "only root may start a Slurm"
    try:
        pwd.getpwnam("munge")
    except KeyError:
        return "there is no user munge"
    return ""


_CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=5
InactiveLimit=0
KillWait=2
MinJobAge=30
SchedulerParameters=batch_sched_delay=0,sched_min_interval=50000,requeue_delay=0
JobRequeue=1
{nodes}
PartitionName=all Nodes=n[1-3] Default=YES MaxTime=INFINITE State=UP
"""
_NODE = (
    "NodeName=n{number} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=3000"
)


@dataclass
class Slurm:
    """A controller and three nodes.

    Attributes:
        folder: Its files; all users may look into it.
        nodes: The daemon of each, by its name.
    """

    folder: Path
    daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)
    nodes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *command: str, user: str | None = None) -> subprocess.Popen[bytes]:
        """Starts a daemon that stays in the foreground."""
        log = (self.folder / f"{command[0]}-{len(self.daemons)}.out").open("wb")
        process = subprocess.Popen(
            command, env=variables(), stdout=log, stderr=log, user=user, start_new_session=True
        )
        self.daemons.append(process)
        return process

    def start_node(self, name: str) -> None:
        """Starts a node."""
        self.nodes[name] = self.start("slurmd", "-D", "-N", name)

    def call(self, *command: str) -> str:
        """What one of Slurm's commands says."""
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def running(self) -> list[tuple[str, str]]:
        """Job and node of what runs."""
        lines = self.call("squeue", "--noheader", "--array", "--states=R", "--format=%i|%N")
        return [(job, node) for job, _, node in (x.partition("|") for x in lines.split())]


@contextmanager
def slurm_cluster() -> Iterator[Slurm]:
    """munge, slurmctld and three slurmd on 127.0.0.1, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/tmp"))
    folder.chmod(0o755)
    munge, host = folder / "munge", socket.gethostname().partition(".")[0]
    slurm, before = Slurm(folder), os.environ.get("SLURM_CONF")
    try:
        user = pwd.getpwnam("munge")
        for name in (munge, folder / "state", *(folder / f"spool-n{n}" for n in (1, 2, 3))):
            name.mkdir()
        key = munge / "key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        for path in (folder, munge, key):  # munged wants its folders to be its own, or root's
            os.chown(path, user.pw_uid, user.pw_gid)
        nodes = [_NODE.format(number=n, host=host, port=free_port()) for n in (1, 2, 3)]
        conf = _CONF.format(host=host, folder=folder, port=free_port(), nodes="\n".join(nodes))
        (folder / "slurm.conf").write_text(conf)
        os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
        files = [f"--{name}-file={munge}/{name}" for name in ("key", "pid", "log", "seed")]
        where = f"--socket={folder}/munge.socket"
        slurm.start("munged", "--foreground", where, *files, "--num-threads=2", user="munge")
        wait_until((folder / "munge.socket").exists, "munge answers")
        slurm.start("slurmctld", "-D")
        for name in ("n1", "n2", "n3"):
            slurm.start_node(name)
        wait_until(lambda: _idle(slurm) == 3, "three nodes are idle")
        yield slurm
    finally:
        with suppress(Exception):
            slurm.call("scancel", "--me", "--signal=KILL")
            slurm.call("scancel", "--me")
        for process in reversed(slurm.daemons):
            end(process)
        if before is None:
            os.environ.pop("SLURM_CONF", None)
        else:
            os.environ["SLURM_CONF"] = before
        shutil.rmtree(folder, ignore_errors=True)


def _idle(slurm: Slurm) -> int:
    with suppress(subprocess.CalledProcessError):
        return slurm.call("sinfo", "--noheader", "--Node", "--states=idle").count("\n")
    return 0


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
