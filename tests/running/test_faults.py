"""Restorers that misbehave, all in one run: none stops it, none loses a row.

None leaves anything behind.
"""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest
from misbehaving import TinySet

from harness.protocols import Benchmark, Evaluation
from harness.results import FailureKind, RunData
from harness.running.plan import make_plan
from harness.running.runner import run_plan
from harness.storage.store import load_run

FAILING = {
    FailureKind.RAISED: ("Raises", "RaisesSystemExit", "RaisesAtLength", "Recurses", "AsksTheUser"),
    FailureKind.INVALID: (
        "ReturnsNaN", "ReturnsInf", "WrongSize", "WrongDtype", "WrongChannels", "ReturnsNone",
        "ReturnsTensor", "ReturnsEmpty",
    ),
    FailureKind.TIMEOUT: ("Hangs", "Spins", "IgnoresSigterm", "Floods"),
    FailureKind.CRASHED: (
        "Exits", "LeavesNatively", "Segfaults", "Aborts", "KillsItself", "ClosesFiles",
        "SpawnsAndDies",
    ),
    FailureKind.MEMORY: ("Allocates",),
}  # fmt: skip
GOOD = (
    "Good", "MutatesInput", "Prints", "ChangesFolder", "NonDeterministic", "ChangesSeed",
    "PrintsSecrets", "SpawnsChildren", "Forks", "Litters", "FakesTheClock",
)  # fmt: skip
LOOKING = ("PrintsSecrets", "SpawnsChildren", "SpawnsAndDies")


def run(
    folder: Path,
    names: list[str],
    images: tuple[str, ...] = ("a",),
    workers: int = 4,
    memory_mib: int = 500,
) -> RunData:
    benchmark = Benchmark("faults", "", (TinySet(images=images),), ("psnr",), Evaluation("rgb"))
    plan = make_plan(benchmark, [f"misbehaving:{name}" for name in names])
    run_plan(plan, folder, workers=workers, timeout=10, memory_mib=memory_mib)
    return load_run(folder)


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marks")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, marks: Path) -> RunData:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOUD_API_TOKEN", "hunter2")
        patch.chdir(marks)
        names = [*(name for names in FAILING.values() for name in names), *GOOD]
        marked = {name: f"{name}:marks={marks / name}" for name in LOOKING}
        return run(tmp_path_factory.mktemp("run"), [marked.get(name, name) for name in names])


def plain(name: str) -> str:
    return name.partition(":")[0]


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for kind, names in FAILING.items() for name in names]
)
def test_every_fault_is_a_row_of_its_kind(data: RunData, name: str, kind: FailureKind) -> None:
    assert [item.kind for item in data.failures if plain(item.cell.restorer) == name] == [kind]
    assert all(plain(item.cell.restorer) != name for item in data.scores)


@pytest.mark.parametrize("name", GOOD[1:])
def test_what_a_restorer_does_beside_its_work_costs_no_score(data: RunData, name: str) -> None:
    assert [plain(item.cell.restorer) for item in data.scores].count(name) == 1
    assert all(plain(item.cell.restorer) != name for item in data.failures)


def test_the_run_goes_on_to_its_end(data: RunData) -> None:
    assert sum(map(len, FAILING.values())) >= 20
    assert {plain(item.cell.restorer) for item in data.scores} == set(GOOD)
    assert data.run.status == "finished"


def test_a_clock_that_is_replaced_is_not_asked(data: RunData) -> None:
    [spent] = [item.spent for item in data.restored if item.cell.restorer.endswith("FakesTheClock")]
    assert spent is not None
    assert spent.seconds >= 0.2


def test_messages_say_what_happened_and_are_short(data: RunData) -> None:
    messages = {plain(item.cell.restorer): item.message for item in data.failures}
    assert max(map(len, messages.values())) <= 2000
    assert "SIGSEGV" in messages["Segfaults"]
    assert "std::logic_error" in messages["Aborts"]
    assert "SIGKILL" in messages["KillsItself"]
    assert "leaving" in messages["LeavesNatively"]
    assert "--memory" in messages["Allocates"]


@pytest.mark.usefixtures("data")
def test_the_environment_of_the_user_is_not_seen(marks: Path) -> None:
    seen = (marks / "PrintsSecrets").read_text()
    assert "PATH" in seen
    assert "hunter2" not in seen
    assert "PYTEST_CURRENT_TEST" not in seen, "not even what the process was started with, in /proc"


@pytest.mark.usefixtures("data")
def test_children_die_with_their_worker(marks: Path) -> None:
    texts = [(marks / name).read_text() for name in ("SpawnsChildren", "SpawnsAndDies")]
    children = [int(pid) for text in texts for pid in text.split()]
    deadline = time.monotonic() + 20
    while any(map(alive, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(children) == 3, "the warm-up starts one too"
    assert not any(map(alive, children))


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.usefixtures("data")
def test_nothing_is_left_where_the_user_works(marks: Path) -> None:
    assert sorted(path.name for path in marks.iterdir()) == sorted(LOOKING)


def test_a_leak_costs_the_cell_in_which_memory_runs_out_and_no_other(tmp_path: Path) -> None:
    leaking = run(tmp_path, ["Leaks"], images=tuple("abcd"), workers=1, memory_mib=5000)
    # 2,000 MiB each for the warm-up and the first image: the second image fails, and the third
    # finds an empty worker; what imports and threads take, on whatever machine, is no half of that.
    # Which image is the second is for the workers that make samples to say
    assert [item.kind for item in leaking.failures] == [FailureKind.MEMORY] * 2
    lost = {item.cell.image for item in leaking.failures}
    assert {item.cell.image for item in leaking.scores} == set("abcd") - lost


def test_what_a_restorer_draws_is_the_same_in_every_run(tmp_path: Path) -> None:
    first, second = (run(tmp_path / name, ["Draws"], images=("a", "b")) for name in ("one", "two"))
    assert sorted(map(repr, first.scores)) == sorted(map(repr, second.scores))
    assert {item.sha256 for item in first.restored} == {item.sha256 for item in second.restored}
