"""A whole run: resume, failures as rows, what is run again and what is not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from misbehaving import TinySet

from benchmarks.degradations.missing import MissingPixels
from benchmarks.sets import SyntheticSet
from benchmarks.sources import Photos
from harness.errors import StoreError, UnavailableError
from harness.protocols import Benchmark, Evaluation, Task
from harness.results import FailureKind
from harness.running.plan import make_plan
from harness.running.progress import Progress
from harness.running.runner import run_plan
from harness.storage.merging import merge_runs
from harness.storage.places import among_many
from harness.storage.store import Store, load_run
from harness.storage.whole import hash_rows

FAULTS = Path(__file__).parents[1] / "faults"


def benchmark(
    images: tuple[str, ...] = ("a", "b", "c"), size: int = 40, evaluation: Evaluation | None = None
) -> Benchmark:
    tiny = TinySet(images=images, size=size)
    return Benchmark("test", "", (tiny,), ("psnr",), evaluation or Evaluation("rgb"))


def restorer(name: str) -> str:
    return f"misbehaving:{name}"


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    path = tmp_path / "marks"
    path.touch()
    return path


def counting(marks: Path, sleep: float = 0.0) -> str:
    return f"misbehaving:Counting:marks={marks},sleep={sleep}"


def count(marks: Path) -> int:
    return len(marks.read_text().split())


def test_scores_every_cell(tmp_path: Path) -> None:
    plan = make_plan(benchmark(), [restorer("Good")])
    summary = run_plan(plan, tmp_path / "run", workers=2)
    data = load_run(tmp_path / "run")
    assert summary.restored == summary.scored == len(data.scores) == 3
    assert all(26 < score.value < 31 for score in data.scores), "noise of sigma 10 is 28.1 dB"
    assert data.run.status == "finished"
    assert data.run.plan.sets["tiny"].fingerprint


def test_many_images_of_a_set_lie_in_folders_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.running.cells.MANY", 2)
    plan = make_plan(benchmark(), [restorer("Good")])
    run_plan(plan, tmp_path / "run", workers=2)
    data = load_run(tmp_path / "run")
    assert len(data.restored) == 3
    for item in data.restored:
        *_, folder, name = Path(item.path).parts
        assert folder == among_many(item.cell.image)
        assert (tmp_path / "run" / item.path).is_file()
        assert Path(name).stem == item.cell.image
    assert run_plan(plan, tmp_path / "run", workers=2).restored == 0
    other = make_plan(benchmark(), [restorer("Halves")])
    run_plan(other, tmp_path / "other", workers=2)
    merged = load_run(merge_runs([tmp_path / "run", tmp_path / "other"], tmp_path / "both"))
    assert len(merged.restored) == 6
    assert all((tmp_path / "both" / item.path).is_file() for item in merged.restored)


@pytest.mark.parametrize(("workers", "beside"), [(1, {0}), (2, {1})])
def test_cells_know_how_many_were_restored_beside_them(
    tmp_path: Path, marks: Path, workers: int, beside: set[int]
) -> None:
    plan = make_plan(benchmark(("a", "b"), size=80), [counting(marks, 1.0)])
    run_plan(plan, tmp_path / "run", workers=workers)
    spent = [item.spent for item in load_run(tmp_path / "run").restored]
    assert {item.beside for item in spent} == beside
    assert sum(item.cold for item in spent) == workers
    assert {(item.height, item.width, item.threads) for item in spent} == {(80, 80, 1)}


def test_a_mask_travels_with_its_image(tmp_path: Path) -> None:
    holes = SyntheticSet("holes", Task.INPAINT, Photos(48), (MissingPixels(0.3),))
    inpainting = Benchmark("test", "", (holes,), ("psnr",), Evaluation("rgb"))
    plan = make_plan(inpainting, [restorer("FillsHoles")], limit=2)
    run_plan(plan, tmp_path / "run", workers=2)
    data = load_run(tmp_path / "run")
    assert not data.failures
    assert [round(score.value, 1) for score in data.scores] == [15.3, 17.8]


def test_unreadable_sample_fails_its_cells_only(tmp_path: Path) -> None:
    plan = make_plan(benchmark(("a", "corrupt", "b")), [restorer("Good")])
    run_plan(plan, tmp_path / "run")
    data = load_run(tmp_path / "run")
    failures = [(failure.cell.image, failure.kind) for failure in data.failures]
    assert failures == [("corrupt", FailureKind.SAMPLE)]
    assert "truncated" in data.failures[0].message
    assert {score.cell.image for score in data.scores} == {"a", "b"}


def test_failed_metric_is_a_row_of_that_metric(tmp_path: Path) -> None:
    # 40 px are too few for MS-SSIM's five scales
    plan = make_plan(benchmark(("a",)), [restorer("Good")], ["psnr", "ms-ssim"])
    run_plan(plan, tmp_path / "run")
    data = load_run(tmp_path / "run")
    assert [score.metric for score in data.scores] == ["psnr"]
    failures = [(failure.metric, failure.kind) for failure in data.failures]
    assert failures == [("ms-ssim", FailureKind.METRIC)]


def test_second_run_restores_nothing_and_changes_nothing(tmp_path: Path, marks: Path) -> None:
    run_plan(make_plan(benchmark(size=80), [counting(marks)]), tmp_path / "run")
    first = load_run(tmp_path / "run").scores
    assert count(marks) == 3
    summary = run_plan(make_plan(benchmark(size=80), [counting(marks)]), tmp_path / "run")
    assert (summary.restored, summary.scored, count(marks)) == (0, 0, 3)
    assert load_run(tmp_path / "run").scores == first


def test_new_metric_calls_no_restorer(tmp_path: Path, marks: Path) -> None:
    run_plan(make_plan(benchmark(size=80), [counting(marks)]), tmp_path / "run")
    plan = make_plan(benchmark(size=80), [counting(marks)], ["psnr", "ssim"])
    summary = run_plan(plan, tmp_path / "run")
    assert (summary.restored, summary.scored, count(marks)) == (0, 3, 3)
    assert {score.metric for score in load_run(tmp_path / "run").scores} == {"psnr", "ssim"}


def test_deleted_image_is_restored_again(tmp_path: Path) -> None:
    run_plan(make_plan(benchmark(), [restorer("Good")]), tmp_path / "run")
    next((tmp_path / "run" / "restored").rglob("*.png")).unlink()
    assert run_plan(make_plan(benchmark(), [restorer("Good")]), tmp_path / "run").restored == 1


def test_changed_code_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "changing.py"
    source = (FAULTS / "misbehaving.py").read_text()
    module.write_text(source)
    run_plan(make_plan(benchmark(), ["changing:Good"]), tmp_path / "run")
    module.write_text(source.replace("return image\n", "return image * 0.5\n", 1))
    assert run_plan(make_plan(benchmark(), ["changing:Good"]), tmp_path / "run").restored == 3


class Listener(Progress):
    """Keeps what a run says beside its cells."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        if "not tracked" not in text:  # what restorers of tests open is known to nobody
            self.notes.append(text)


def test_a_run_of_an_earlier_version_says_once_why_it_is_made_again(
    tmp_path: Path, marks: Path
) -> None:
    plan, listener = make_plan(benchmark(size=80), [counting(marks)]), Listener()
    run_plan(plan, tmp_path / "run", progress=listener)
    # such as 0.1.0 before code was hashed by its meaning
    with Store(tmp_path / "run", create=True) as store, store.transaction():
        store._rows("UPDATE cells SET row_hash = NULL, fingerprint = '0123456789abcdef'")
        store._rows(
            "UPDATE scores SET row_hash = NULL, fingerprint = 'restobench 0.1.0:01234567:cpu'"
        )
        hash_rows(store._database._connection)
    again = run_plan(plan, tmp_path / "run", progress=listener)
    assert (again.restored, count(marks)) == (3, 6), load_run(tmp_path / "run").failures
    [line] = listener.notes
    assert line.startswith("3 restored images and 3 scores of this run are made again, once: ")
    run_plan(plan, tmp_path / "run", progress=listener)
    assert (count(marks), len(listener.notes)) == (6, 1)


def test_a_resumed_run_says_what_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = Listener()
    for strength in ("a", "b"):
        monkeypatch.setattr("harness.plugins.fingerprints.code_hash", lambda _m, s=strength: s)
        plan = make_plan(benchmark(), [restorer("Good")])
        run_plan(plan, tmp_path / "run", progress=listener)
    assert listener.notes == [
        "Good: 3 images are restored again: code, weights or device changed",
        "psnr: 3 images are scored again: its code or device changed",
    ]


def test_another_evaluation_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    run_plan(make_plan(benchmark(), [restorer("Good")]), tmp_path / "run")
    other = make_plan(benchmark(evaluation=Evaluation("other", crop_border=4)), [restorer("Good")])
    with pytest.raises(StoreError, match=r"its evaluation\.crop_border is 0, now it would be 4"):
        run_plan(other, tmp_path / "run")


_RUN = """
import sys; sys.path.insert(0, {faults!r})
from pathlib import Path
from misbehaving import TinySet
from harness.running.plan import make_plan
from harness.protocols import Benchmark, Evaluation, Task
from harness.running.progress import Progress
from harness.running.runner import run_plan
if __name__ == "__main__":
    sets = (TinySet(images=tuple("abcdefgh"), size=80),)
    plan = make_plan(Benchmark("test", "", sets, ("psnr",), Evaluation("rgb")), [{restorer!r}])
    run_plan(plan, Path({folder!r}), workers=2)
"""


def test_killed_run_goes_on_where_it_was(tmp_path: Path, marks: Path) -> None:
    script = tmp_path / "script.py"

    def write_script(folder: str) -> None:
        run, slow = str(tmp_path / folder), counting(marks, sleep=0.5)
        script.write_text(_RUN.format(faults=str(FAULTS), folder=run, restorer=slow))

    write_script("killed")
    process = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 60
    while count(marks) < 6 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(load_run(tmp_path / "killed").restored)
    assert 0 < kept < 8
    time.sleep(2)  # the orphaned workers see that their parent is gone, and end
    before = count(marks)
    subprocess.run([sys.executable, str(script)], check=True)
    assert count(marks) - before == 8 - kept, "only what was missing is run"
    write_script("undisturbed")
    subprocess.run([sys.executable, str(script)], check=True)
    resumed, undisturbed = (load_run(tmp_path / name) for name in ("killed", "undisturbed"))
    assert len(resumed.scores) == 8
    assert sorted(resumed.scores, key=repr) == sorted(undisturbed.scores, key=repr)


def test_a_metric_that_is_missing_here_is_left_out_unless_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reason = "basicsr is not installed"
    monkeypatch.setattr("harness.metrics.niqe.NIQE.missing", classmethod(lambda _cls: reason))
    wants_both = Benchmark("test", "", (TinySet(),), ("psnr", "niqe"), Evaluation("rgb"))
    plan = make_plan(wants_both, [restorer("Good")])
    assert (list(plan.metrics), plan.absent_metrics) == (["psnr"], {"niqe": reason})
    with pytest.raises(UnavailableError, match="metric niqe is not usable here: basicsr"):
        make_plan(wants_both, [restorer("Good")], ["niqe"])
    lacking = Benchmark("test", "", (TinySet(),), ("niqe",), Evaluation("rgb"))
    with pytest.raises(UnavailableError, match="no metric is usable here"):
        make_plan(lacking, [restorer("Good")])
