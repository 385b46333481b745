"""What a worker process may see and take: environment, folder, output, memory.

Everything here runs in the worker. It keeps accidents, floods and curious prints away from the run
and the machine. It is no wall against a restorer that means harm: that runs with the rights of the
user.
"""

import contextlib
import ctypes
import math
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from multiprocessing.process import current_process
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.workers.costs import status_mib
from harness.workers.guard import adopt_orphans, die_with_parent, short_name
from harness.workers.sandbox import restrict

ALLOWED = re.compile(
    r"PATH|HOME|USER|LOGNAME|SHELL|TERM|TZ|LANG|LANGUAGE|LC_\w+|TMPDIR|TEMP|TMP|PWD|VIRTUAL_ENV|"
    r"CONDA_PREFIX|LD_LIBRARY_PATH|DYLD_\w+|PYTHON\w*|COVERAGE_\w+|XDG_\w+|MPLCONFIGDIR|NUMBA_\w+|"
    r"HF_HUB_OFFLINE|"
    r"(CUDA|NVIDIA|OMP|MKL|OPENBLAS|TORCH|PYTORCH|CUBLAS|KMP|RESTOBENCH)_\w+|"
    r"(HIP|HSA|ROCR|MIOPEN|SLURM|SLURMD)_\w+|"
    r"\w+_(PATH|DIR|FOLDER|HOME|CACHE|WEIGHTS)"
)
"""Variables that a worker gets, and those that `RESTOBENCH_ALLOW` names, separated by commas."""
SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|PRIVATE|JWT", re.IGNORECASE)
"""What it does not get all the same, unless it is named there."""

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "OPENCV_FOR_THREADS_NUM",
    ),
    "1",
)
"""What keeps libraries to one thread that are imported after it is set; torch too, but for one."""

HANDOVER = "handover"
"""The folder in the scratch folder where workers leave files for one another."""

OUTPUT_BYTES = 2**20
"""What is kept of a worker's output; when there is more, it starts again."""

EXIT_MEMORY = 72
"""A worker leaves with this when memory ran out: what its restorer holds is surely given back."""

WATCH_SECONDS = 0.2

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_BYTES = 2**27


@dataclass(frozen=True, slots=True)
class Confinement:
    """How workers are confined, as the parent decides.

    Attributes:
        parent: Its process id: workers die with it.
        environment: The only variables they get.
        folder: Where the user works: restorers are built there.
        scratch: Each worker has `scratch/PID`: its output, its temporary files and, if `private`,
            its folder.
        private: Whether a worker works in a folder of its own.
        memory_mib: How much more a worker may take than it holds at its start; `None`: no limit.
        hidden: What it cannot read; nothing: there is no sandbox (`harness.workers.sandbox`).
    """

    parent: int
    environment: dict[str, str]
    folder: Path
    scratch: Path
    private: bool
    memory_mib: int | None
    hidden: tuple[Path, ...] = ()


def allowed_environment() -> dict[str, str]:
    """The variables of this process that a worker may see."""
    named = os.environ.get("RESTOBENCH_ALLOW", "").split(",")

    def allowed(name: str) -> bool:
        return name in named or bool(ALLOWED.fullmatch(name) and not SECRET.search(name))

    return {name: value for name, value in os.environ.items() if allowed(name)}


@dataclass(slots=True)
class _Folders:
    """Where this worker works: the user's folder, and its own, if it has one."""

    users: Path = Path()
    own: Path | None = None


_folders = _Folders()


def confine(confinement: Confinement) -> None:
    """Prepares this process to be a worker: first thing it does."""
    die_with_parent()
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    with contextlib.suppress(PermissionError):
        # a group of its own, so that what it starts ends with it; and no terminal to read from
        os.setsid()
    own = confinement.scratch / str(os.getpid())
    shutil.rmtree(own, ignore_errors=True)
    for name in ("folder", "tmp"):
        (own / name).mkdir(parents=True)
    os.environ.clear()
    os.environ.update(confinement.environment | ONE_THREAD | {"TMPDIR": str(own / "tmp")})
    tempfile.tempdir = None  # the server may have asked already
    # not in `tmp`: the path of a socket has 108 characters at most
    short = short_name(confinement.scratch)
    sockets = short / own.name if confinement.hidden else short
    made = {"tempdir": str(sockets), "semprefix": f"/{confinement.scratch.name}"}
    vars(current_process())["_config"].update(made)
    _limit_threads()
    output = _capture(own / "output")
    _folders.users = confinement.folder
    if confinement.private:
        _folders.own = own / "folder"
        sys.path.append(str(_folders.users))  # a module of the user's that is imported late
    else:
        _keep_freed_memory()
    limit_mib = _limit_memory(confinement.memory_mib)
    watched = confinement, output, limit_mib
    threading.Thread(target=_watch, args=watched, daemon=True).start()
    if confinement.hidden:  # the thread that watches was started before, and stays free
        restrict(confinement.hidden, (own, confinement.scratch / HANDOVER, Path(os.devnull).parent))


def _keep_freed_memory() -> None:
    """Has the arrays of an image use the memory of the last one's.

    To ask the kernel for it anew takes a tenth of a sample's time. Not for restorers, whose memory
    is measured.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 32 * 2**20)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def _limit_threads() -> None:
    """One thread for what is imported already; nothing is imported for it."""
    if cv2 := sys.modules.get("cv2"):
        cv2.setNumThreads(1)
    if torch := sys.modules.get("torch"):
        _limit_torch(torch)
    else:
        sys.meta_path.insert(0, _LimitTorch())


def _limit_torch(torch: Any) -> None:
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)  # no variable of the environment does
    # torch lets nobody set it twice: a restorer that sets it must not fail for that
    torch.set_num_interop_threads = lambda _threads: None


class _LimitTorch(MetaPathFinder):
    """Finds torch as Python would, and limits its threads as soon as it has been imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == "torch" else None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_limit(module: ModuleType) -> None:
            load(module)
            _limit_torch(module)

        spec.loader.exec_module = load_and_limit  # type: ignore[method-assign]
        return spec


def _capture(path: Path) -> int:
    """Sends what is printed, by whatever means, to a file.

    It must not flood the terminal or break --json.
    """
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    return output


def _limit_memory(mib: int | None) -> float:
    """Limits what this process may take; the limit of its data and shared memory in MiB."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if mib is None:
        return math.inf
    limit = int((status_mib("VmData") + mib) * 2**20)
    # not RLIMIT_AS: torch reserves addresses by the gigabyte that it never uses
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    return limit / 2**20 + status_mib("RssShmem")


def _watch(confinement: Confinement, output: int, limit_mib: float) -> None:
    """Looks after what no limit of the kernel covers, for as long as this worker lives.

    Where there is no guard (`harness.workers.guard`), after the run too.
    """
    while True:
        try:
            os.kill(confinement.parent, 0)
        except ProcessLookupError:
            shutil.rmtree(confinement.scratch, ignore_errors=True)
            os.killpg(0, signal.SIGKILL)
        with contextlib.suppress(OSError):  # a restorer has closed what is not its own
            if os.fstat(output).st_size > OUTPUT_BYTES:
                os.ftruncate(output, 0)
        _watch_shared_memory(output, limit_mib)
        time.sleep(WATCH_SECONDS)


def _watch_shared_memory(output: int, limit_mib: float) -> None:
    """Leaves when shared mappings take what is left: RLIMIT_DATA does not count them."""
    shared = status_mib("RssShmem")
    if shared and status_mib("VmData") + shared > limit_mib:
        with contextlib.suppress(OSError):
            os.write(output, f"\n{shared:.0f} MiB of shared mappings\n".encode())
        os._exit(EXIT_MEMORY)


@contextlib.contextmanager
def in_users_folder() -> Iterator[None]:
    """The folder that the user works in, where relative paths of a specification lie."""
    with contextlib.chdir(_folders.users):
        yield


def go_to_own_folder() -> None:
    """Enters the folder that a worker restores in, wherever a restorer has gone before."""
    if _folders.own is not None:
        _folders.own.mkdir(parents=True, exist_ok=True)
        os.chdir(_folders.own)
