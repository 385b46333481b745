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
from harness.running.runner import run_plan
from harness.storage.store import load_run

FAULTS = Path(__file__).parents[1] / "faults"


def benchmark(
    images: tuple[str, ...] = ("a", "b", "c"), size: int = 40, evaluation: Evaluation | None = None
) -> Benchmark:
    return Benchmark(
        "test", "", (TinySet(images=images, size=size),), ("psnr",), evaluation or Evaluation("rgb")
    )


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
    assert data.run.plan["sets"]["tiny"]["fingerprint"]


def test_a_mask_travels_with_its_image(tmp_path: Path) -> None:
    holes = SyntheticSet("holes", Task.INPAINT, Photos(48), (MissingPixels(0.3),))
    plan = make_plan(
        Benchmark("test", "", (holes,), ("psnr",), Evaluation("rgb")),
        [restorer("FillsHoles")],
        limit=2,
    )
    run_plan(plan, tmp_path / "run", workers=2)
    data = load_run(tmp_path / "run")
    assert not data.failures
    assert [round(score.value, 1) for score in data.scores] == [15.3, 17.8]


def test_unreadable_sample_fails_its_cells_only(tmp_path: Path) -> None:
    plan = make_plan(benchmark(("a", "corrupt", "b")), [restorer("Good")])
    run_plan(plan, tmp_path / "run")
    data = load_run(tmp_path / "run")
    assert [(failure.cell.image, failure.kind) for failure in data.failures] == [
        ("corrupt", FailureKind.SAMPLE)
    ]
    assert "truncated" in data.failures[0].message
    assert {score.cell.image for score in data.scores} == {"a", "b"}


def test_failed_metric_is_a_row_of_that_metric(tmp_path: Path) -> None:
    # 40 px are too few for MS-SSIM's five scales
    plan = make_plan(benchmark(("a",)), [restorer("Good")], ["psnr", "ms-ssim"])
    run_plan(plan, tmp_path / "run")
    data = load_run(tmp_path / "run")
    assert [score.metric for score in data.scores] == ["psnr"]
    assert [(failure.metric, failure.kind) for failure in data.failures] == [
        ("ms-ssim", FailureKind.METRIC)
    ]


def test_second_run_restores_nothing_and_changes_nothing(tmp_path: Path, marks: Path) -> None:
    run_plan(make_plan(benchmark(size=80), [counting(marks)]), tmp_path / "run")
    first = load_run(tmp_path / "run").scores
    assert count(marks) == 3
    summary = run_plan(make_plan(benchmark(size=80), [counting(marks)]), tmp_path / "run")
    assert (summary.restored, summary.scored, count(marks)) == (0, 0, 3)
    assert load_run(tmp_path / "run").scores == first


def test_new_metric_calls_no_restorer(tmp_path: Path, marks: Path) -> None:
    run_plan(make_plan(benchmark(size=80), [counting(marks)]), tmp_path / "run")
    summary = run_plan(
        make_plan(benchmark(size=80), [counting(marks)], ["psnr", "ssim"]), tmp_path / "run"
    )
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


def test_another_protocol_in_the_same_folder_is_refused(tmp_path: Path) -> None:
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
from harness.running.runner import run_plan
if __name__ == "__main__":
    sets = (TinySet(images=tuple("abcdefgh"), size=80),)
    plan = make_plan(Benchmark("test", "", sets, ("psnr",), Evaluation("rgb")), [{restorer!r}])
    run_plan(plan, Path({folder!r}), workers=2)
"""


def test_killed_run_goes_on_where_it_was(tmp_path: Path, marks: Path) -> None:
    script = tmp_path / "script.py"

    def write_script(folder: str) -> None:
        text = _RUN.format(
            faults=str(FAULTS), folder=str(tmp_path / folder), restorer=counting(marks, sleep=0.5)
        )
        script.write_text(text)

    write_script("killed")
    process = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 60
    while count(marks) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = len(load_run(tmp_path / "killed").cells)
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
    monkeypatch.setattr(
        "harness.metrics.niqe.NIQE.missing", classmethod(lambda _cls: "basicsr is not installed")
    )
    wants_both = Benchmark("test", "", (TinySet(),), ("psnr", "niqe"), Evaluation("rgb"))
    plan = make_plan(wants_both, [restorer("Good")])
    assert (list(plan.metrics), plan.absent_metrics) == (
        ["psnr"],
        {"niqe": "basicsr is not installed"},
    )
    with pytest.raises(UnavailableError, match="metric niqe is not usable here: basicsr"):
        make_plan(wants_both, [restorer("Good")], ["niqe"])
    with pytest.raises(UnavailableError, match="no metric is usable here"):
        make_plan(
            Benchmark("test", "", (TinySet(),), ("niqe",), Evaluation("rgb")), [restorer("Good")]
        )
