"""Validation in a training loop."""

from __future__ import annotations

import csv
import gc
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import harness
from harness.api.training.steps import Steps
from harness.errors import InputError, StoreError, UnknownNameError
from harness.storage.database import Database
from harness.storage.store import FILENAME, load_run

BENCHMARK = """
metrics = ["psnr", "ssim"]
evaluation = "rgb"
[[sets]]
name = "val"
task = "denoise"
folder = "{folder}"
degradations = [{{ name = "gaussian-noise-clipped", sigma_255 = 25 }}]
"""


class Shifts(nn.Module):
    """Returns its input, shifted by a learned number, and by chance on some images."""

    def __init__(self) -> None:
        super().__init__()
        self.by, self.lucky = nn.Parameter(torch.zeros(1)), 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # one image alone is much better or worse
        alone = self.lucky * (float(x.mean()) < 0.3)
        return x + (self.by + alone)


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> str:
    import numpy as np

    from harness.images import write_image

    folder = tmp_path_factory.mktemp("val")
    generator = np.random.default_rng(0)
    for number in range(8):
        flat = 0.2 if number == 0 else 0.45 + 0.02 * number
        write_image(
            folder / f"{number}.png",
            np.clip(flat + 0.05 * generator.standard_normal((3, 40, 40)), 0, 1).astype(np.float32),
        )
    path = folder.parent / f"{folder.name}.toml"
    path.write_text(BENCHMARK.format(folder=folder))
    return str(path)


def shifted(by: float, lucky: float = 0.0) -> Shifts:
    network = Shifts().train()
    with torch.no_grad():
        network.by.fill_(by)
    network.lucky = lucky
    return network


def test_only_due_steps_are_validated(benchmark: str) -> None:
    validator = harness.Validator(benchmark, every=100)
    assert validator(shifted(0), 150) is None
    assert validator.best is None
    found = validator(shifted(0), 200)
    assert found is not None
    assert (found.is_best, found.best_step, found.p) == (True, 200, None)


def test_the_best_is_kept_by_a_paired_test_and_not_by_the_highest_mean(benchmark: str) -> None:
    validator = harness.Validator(benchmark)
    first = validator(shifted(0.1), 1)
    # one image is much better, and all the others a little worse: the mean is higher by chance
    lucky = validator(shifted(0.102, lucky=-0.1), 2)
    better = validator(shifted(0.05), 3)
    worse = validator(shifted(0.08), 4)
    assert first
    assert lucky
    assert better
    assert worse
    assert lucky.means["val", "psnr"] > first.means["val", "psnr"]
    assert (lucky.is_best, lucky.best_step) == (False, 1)
    assert lucky.p is not None
    assert lucky.p > 0.05
    assert (better.is_best, better.best_step, worse.is_best, worse.best_step) == (True, 3, False, 3)
    assert worse.difference == pytest.approx(
        worse.means["val", "psnr"] - better.means["val", "psnr"]
    )
    assert worse.ci_high is not None
    assert worse.ci_high < 0
    assert validator.best is better


def test_history_has_steps_and_the_run_is_a_result(benchmark: str) -> None:
    network, validator = shifted(0.1), harness.Validator(benchmark, images=6)
    for step in (1, 2):
        validator(network, step)
    assert network.training
    frame = validator.history
    assert frame["step"].tolist() == [1, 1, 2, 2]
    assert set(frame["metric"]) == {"psnr", "ssim"}
    assert validator.result.restorers == ("step-1", "step-2")
    gap = validator.result.versus("step-1", metric="psnr")
    assert gap["difference"].tolist() == [0.0], "nothing was learned"
    assert gap["n"].tolist() == [6]


def test_a_state_that_is_gone_back_to_is_validated_anew(benchmark: str) -> None:
    validator = harness.Validator(benchmark)
    for step, by in ((1, 0.1), (2, 0.05), (2, 0.2)):
        validator(shifted(by), step)
    assert [item.step for item in validator.validations] == [1, 2]
    assert validator.best is not None
    assert validator.best.step == 1, "what was better is gone"


def test_an_earlier_step_validated_again_is_held_against_the_best(benchmark: str) -> None:
    validator = harness.Validator(benchmark)
    for step, by in ((1, 0.1), (2, 0.05), (3, 0.07)):
        validator(shifted(by), step)
    again = validator(shifted(0.08), 1)
    assert again
    assert (again.is_best, again.best_step) == (False, 2), "better than it was, worse than step 2"
    best = validator(shifted(0.01), 1)
    assert best
    assert (best.is_best, best.best_step, validator.best) == (True, 1, best)
    assert [item.step for item in validator.validations] == [1, 2, 3]


class Fails(nn.Module):
    """Scales its input, and returns NaN for some images of each round."""

    def __init__(self, by: float, failing: tuple[int, ...]) -> None:
        super().__init__()
        self.by, self.failing, self.calls = by, failing, -2  # one image tells by what it enlarges

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return x * (float("nan") if self.calls in self.failing else self.by)


@pytest.mark.filterwarnings("ignore")
def test_a_step_that_fails_more_than_the_best_is_no_better(benchmark: str) -> None:
    validator = harness.Validator(benchmark)
    validator(Fails(0.5, ()), 1)
    partly, wholly = validator(Fails(0.9, (3, 4)), 2), validator(Fails(0.9, ()), 3)
    assert partly
    assert wholly
    assert (partly.failures, partly.is_best, partly.best_step) == (2, False, 1)
    assert partly.p is not None
    assert partly.p < 0.05, "on the images that it can do it is"
    assert (wholly.is_best, wholly.best_step) == (True, 3)
    assert validator.history["failures"].tolist() == [0, 0, 2, 2, 0, 0]


@pytest.mark.filterwarnings("ignore")
def test_a_step_without_any_score_is_in_the_history_and_never_the_best(benchmark: str) -> None:
    validator = harness.Validator(benchmark)
    nothing = validator(Fails(1.0, tuple(range(100))), 1)
    assert nothing
    assert (nothing.is_best, nothing.best_step, validator.best) == (False, None, None)
    row = validator.history.iloc[0]
    assert (row["step"], row["failures"]) == (1, 8)
    assert row[["set", "metric", "mean"]].isna().all()
    first = validator(shifted(0.1), 2)
    assert first
    assert (first.is_best, first.best_step) == (True, 2)


def test_what_cannot_go_on_or_be_written_is_said_at_once(benchmark: str, tmp_path: Path) -> None:
    validator = harness.Validator(benchmark, metrics=["psnr"], out=tmp_path / "run")
    with pytest.raises(StoreError, match="nothing has been validated yet"):
        validator.result  # noqa: B018
    validator(shifted(0.1), 1)
    with pytest.raises(InputError, match="steps that are judged by psnr, and not by ssim"):
        harness.Validator(benchmark, metrics=["ssim"], out=tmp_path / "run")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file cannot be written: it is no folder"):
        harness.Validator(benchmark, out=tmp_path / "file")


def test_a_training_that_was_stopped_goes_on(benchmark: str, tmp_path: Path) -> None:
    before = harness.Validator(benchmark, out=tmp_path / "run")
    for step, by in ((1, 0.1), (2, 0.05)):
        before(shifted(by), step)
    after = harness.Validator(benchmark, out=tmp_path / "run")
    assert after.validations == before.validations
    third = after(shifted(0.07), 3)
    assert third is not None
    assert (third.best_step, third.is_best) == (2, False)
    kept = {path.name for path in (tmp_path / "run" / "restored").iterdir()}
    assert kept == {"step-2"}, "images of the best step alone"


def test_the_result_of_a_validator_outlives_it(benchmark: str) -> None:
    validator = harness.Validator(benchmark)
    validator(shifted(0.1), 1)
    result, folder = validator.result, validator.folder
    del validator
    gc.collect()
    assert result.plot.crops(region=(0, 0, 8, 8))
    del result
    gc.collect()
    assert not folder.exists()


class Stops(Shifts):
    """Ends its validation at the third image, as Ctrl-C, SIGKILL or an error of ours would."""

    error: type[BaseException] = KeyboardInterrupt

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls = getattr(self, "calls", -2) + 1
        if self.calls == 3:
            raise self.error
        return super().forward(x)


def found_in(folder: Path) -> set[str]:
    """Every step that anything of a run folder names."""
    data = load_run(folder)
    rows = [item.cell.restorer for item in (*data.scores, *data.restored, *data.failures)]
    images = [path.name for path in (folder / "restored").iterdir()]
    return {*data.run.restorers, *rows, *images}


def test_ctrl_c_during_a_validation_leaves_nothing_of_it(benchmark: str, tmp_path: Path) -> None:
    validator = harness.Validator(benchmark, out=tmp_path / "run")
    validator(shifted(0.1), 1)
    for step in (2, 1):
        network = Stops().train()
        with pytest.raises(KeyboardInterrupt):
            validator(network, step)
        assert network.training
        assert found_in(tmp_path / "run") == ({"step-1"} if step == 2 else set())
        assert [item.step for item in validator.validations] == ([1] if step == 2 else [])
    again = validator(shifted(0.05), 3)
    assert again
    assert (again.is_best, again.best_step) == (True, 3)
    assert load_run(tmp_path / "run").run.status == "finished"


def test_a_step_that_was_killed_halfway_is_removed(
    benchmark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    for step, by in ((1, 0.1), (2, 0.05)):
        harness.Validator(benchmark, out=run)(shifted(by), step)
    for step in (3, 2):
        validator = harness.Validator(benchmark, out=run)
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(Steps, "_drop", lambda *_: None)  # as a killed process would
            validator(Stops(), step)
        assert f"step-{step}" in found_in(run)
        with pytest.warns(UserWarning, match=f"step-{step} of .* was stopped halfway: removed"):
            after = harness.Validator(benchmark, out=run)
        assert [item.step for item in after.validations] == list(range(1, step))
        assert f"step-{step}" not in found_in(run)


def test_two_validators_in_one_folder_are_told_of(benchmark: str, tmp_path: Path) -> None:
    one, other = (harness.Validator(benchmark, out=tmp_path / "run") for _ in range(2))
    one(shifted(0.1), 1)
    with pytest.raises(StoreError, match=r"somebody else has written step-1 into .*run: give each"):
        other(shifted(0.1), 2)
    assert one(shifted(0.05), 2) is not None
    third = harness.Validator(benchmark, out=tmp_path / "run")
    third(shifted(0.04), 2)
    with pytest.raises(StoreError, match="somebody else has written step-2"):
        one(shifted(0.03), 3)


def test_what_else_runs_in_the_folder_does_not_disturb(benchmark: str, tmp_path: Path) -> None:
    validator = harness.Validator(benchmark, out=tmp_path / "run")
    validator(shifted(0.1), 1)
    harness.evaluate({"plain": lambda image: image}, benchmark, out=tmp_path / "run")
    found = validator(shifted(0.05), 2)
    assert found
    assert (found.is_best, found.best_step) == (True, 2)
    assert set(validator.result.restorers) == {"step-1", "step-2", "plain"}


@pytest.mark.parametrize("how", ["folder", "row"])
def test_steps_that_are_lost_are_told_of_and_training_goes_on(
    benchmark: str, tmp_path: Path, how: str
) -> None:
    validator = harness.Validator(benchmark, out=tmp_path / "run")
    for step, by in ((1, 0.1), (2, 0.05)):
        validator(shifted(by), step)
    if how == "folder":
        shutil.rmtree(tmp_path / "run")
    else:
        with sqlite3.connect(tmp_path / "run" / FILENAME) as database:
            database.execute("UPDATE scores SET value = 99 WHERE restorer = 'step-2'")
    with pytest.warns(UserWarning, match="lacks what was validated before"):
        found = validator(shifted(0.07), 3)
    assert found
    assert [item.step for item in validator.validations] == ([3] if how == "folder" else [1, 2, 3])
    assert (found.is_best, found.best_step) == (True, 3), "of step 2 nothing is believed"


def test_a_validation_reads_nothing_of_the_steps_before(
    benchmark: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = harness.Validator(benchmark, out=tmp_path / "run", metrics=["psnr"])
    statements: list[int] = []
    real = Database._connect

    def counting(self: Database, path: Path | str) -> sqlite3.Connection:
        connection = real(self, path)
        connection.set_progress_handler(lambda: statements.append(1) and None, 100)
        return connection

    monkeypatch.setattr(Database, "_connect", counting)
    spent = []
    for step in range(40):
        statements.clear()
        validator(shifted(0.1 - step / 1000), step)
        spent.append(len(statements))
    assert max(spent[-5:]) <= 1.1 * max(spent[2:7]), "what SQLite did, in hundreds of operations"
    assert len(validator.result.scores()) == 40 * 8


class Writer:
    def __init__(self) -> None:
        self.scalars: list[tuple[str, float, int]] = []

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self.scalars.append((tag, value, step))


class Wandb:
    def __init__(self) -> None:
        self.logged: list[tuple[dict[str, float], int]] = []

    def log(self, values: dict[str, float], *, step: int) -> None:
        self.logged.append((values, step))


class Logger:
    def __init__(self) -> None:
        self.logged: list[int] = []

    def log_metrics(self, values: Mapping[str, float], step: int) -> None:
        self.logged.append(step)


def test_numbers_go_where_the_user_looks(benchmark: str, tmp_path: Path) -> None:
    writer, wandb, logger, told = Writer(), Wandb(), Logger(), []
    (tmp_path / "empty.csv").touch()
    files = [tmp_path / "new" / "log.csv", tmp_path / "empty.csv"]
    log = [writer, wandb, logger, *files, lambda *item: told.append(item)]
    validator = harness.Validator(benchmark, log=log)
    validator(shifted(0.1), 5)
    validator(shifted(0.1), 10)
    first = validator.validations[0].means["val", "psnr"]
    assert ("restobench/val/psnr", first, 5) in writer.scalars
    assert [step for _, step in wandb.logged] == logger.logged == [5, 10]
    assert wandb.logged[0][0]["restobench/best_step"] == 5
    assert told[1][1] == wandb.logged[1][0]
    assert files[0].read_text() == files[1].read_text()
    rows = list(csv.DictReader(files[0].open()))
    assert {row["step"] for row in rows} == {"5", "10"}
    assert float(rows[0]["value"]) == first
    with pytest.raises(InputError, match="expected a SummaryWriter"):
        harness.Validator(benchmark, log=3)


def test_tensorboard_reads_what_was_written(benchmark: str, tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")
    loading = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with tensorboard.SummaryWriter(str(tmp_path)) as writer:
        found = harness.Validator(benchmark, log=writer)(shifted(0.1), 7)
    events = loading.EventAccumulator(str(tmp_path))
    events.Reload()
    [event] = events.Scalars("restobench/val/psnr")
    assert event.step == 7
    assert event.value == pytest.approx(found.means["val", "psnr"], rel=1e-6)


def test_failures_are_told_and_do_not_stop_a_training(benchmark: str) -> None:
    class Fails(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise ValueError("not yet")

    validator = harness.Validator(benchmark, images=6)
    validator(shifted(0.1), 1)
    found = validator(Fails(), 2)
    assert found is not None
    assert (found.failures, found.is_best, found.best_step) == (6, False, 1)
    assert found.means == {}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"every": 0}, InputError), ({"images": 0}, InputError), ({"scal": 2}, TypeError),
     ({"metric": "lpips"}, InputError), ({"sets": ["nope"]}, InputError),
     ({"metrics": ["pnsr"]}, UnknownNameError), ({"images": "folder"}, InputError),
     ({"every": "5"}, InputError)],
)  # fmt: skip
def test_mistakes_are_said(benchmark: str, wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        harness.Validator(benchmark, **wrong)


def test_too_few_images_for_a_test_are_told(benchmark: str) -> None:
    with pytest.warns(UserWarning, match="fewer than 6 images"):
        harness.Validator(benchmark, images=3)(shifted(0), 0)


class Boom(nn.Module):
    """Fails."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise ValueError("boom")


def test_a_step_without_scores_is_never_the_best(benchmark: str, tmp_path: Path) -> None:
    validator = harness.Validator(benchmark, out=tmp_path / "run")
    with pytest.warns(UserWarning, match="step 0: 8 failures, first raised: .*boom"):
        first = validator(Boom(), 0)
    assert first is not None
    assert (first.is_best, first.failures, validator.best) == (False, 8, None)
    steps = [validator(shifted(by), step) for step, by in ((1, 0.1), (2, 0.0))]
    assert [step.is_best for step in steps if step] == [True, True]
    with pytest.warns(UserWarning, match="8 failures"):
        last = validator(Boom(), 3)
    assert last is not None
    assert (last.is_best, last.best_step) == (False, 2)
    again = harness.Validator(benchmark, out=tmp_path / "run")
    assert [item.is_best for item in again.validations] == [False, True, True, False]


@pytest.mark.parametrize("step", [-5, 45.0, "3", None])
def test_a_step_that_is_no_whole_number(benchmark: str, step: Any) -> None:
    with pytest.raises(InputError, match="expected a whole number from 0"):
        harness.Validator(benchmark)(nn.Identity(), step)


def test_without_references_the_first_metric_that_needs_none_decides(benchmark: str) -> None:
    path = Path(benchmark)
    alone = path.with_name(f"{path.stem}-alone.toml")
    alone.write_text(
        'metrics = ["psnr", "blur-effect"]\n[[sets]]\nname = "val"\ntask = "blind"\n'
        f'images = "{path.with_suffix("")}"\n'
    )
    validator = harness.Validator(str(alone))
    for step in (1, 2):
        found = validator(shifted(0), step)
        assert found is not None
        assert (found.best_step, found.means.keys()) == (1, {("val", "blur-effect")})
    assert found.difference == 0
    with pytest.raises(InputError, match="no set is measured by psnr"):
        harness.Validator(str(alone), metric="psnr")(shifted(0), 1)
