"""Files are scored once: what is new or changed is scored, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from harness.images import read_image, write_image
from harness.metrics.psnr import PSNR
from harness.plugins.kinds import metrics
from harness.protocols import Evaluation, Metric, MetricCard
from harness.results import MetricValue
from harness.scoring import many_files, one_file, recalling
from harness.scoring.evaluation import build_metric
from harness.scoring.files import ImagePair, References, find_files
from harness.scoring.many_files import score_files
from harness.scoring.recalling import ScoredFile, plan_job
from harness.storage.kept_scores import KeptScores

BOTH = ("psnr", "blur-effect")


class Log:
    """Listens to how far it is."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.started: list[tuple[int, int]] = []
        self.advanced: list[str] = []

    def start(self, total: int, done: int) -> None:
        self.started.append((total, done))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, name: str) -> None:
        self.advanced.append(Path(name).name)


class Folders:
    """Three images and their references, and what was measured of them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.images, self.references = root / "images", root / "references"
        self.images.mkdir()
        self.references.mkdir()
        random = np.random.default_rng(3)
        for name in "abc":
            clean = random.random((3, 32, 40), dtype=np.float32)
            write_image(self.references / f"{name}.png", clean)
            write_image(self.images / f"{name}.png", np.clip(clean + 0.1, 0, 1))
        self.measured: list[str] = []
        self.log = Log()
        score_image = one_file.score_image

        def counting(name: str, *rest: Any) -> MetricValue | str:
            self.measured.append(name)
            return score_image(name, *rest)

        monkeypatch.setattr(one_file, "score_image", counting)

    def score(
        self, names: Sequence[str] = BOTH, workers: int | None = None, **evaluation: Any
    ) -> list[ScoredFile]:
        """Scores all images; then `measured` holds the metrics that had to look."""
        self.measured.clear()
        self.log = Log()
        pairs = map(References(self.references).pair, sorted(self.images.iterdir()))
        job = plan_job(names, "cpu", Evaluation("test", **evaluation))
        return score_files(list(pairs), job, self.log, workers)


@pytest.fixture(autouse=True)
def _own_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTOBENCH_SCORE_CACHE", str(tmp_path / "scores"))


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folders:
    return Folders(tmp_path, monkeypatch)


def add_metric(
    monkeypatch: pytest.MonkeyPatch, name: str, answer: Callable[..., float], *, pair: bool = False
) -> None:
    class Added(Metric):
        card = MetricCard(name=name, needs_reference=pair, higher_is_better=True)

        def __init__(self, device: str = "cpu") -> None:
            self.device = device

        def __call__(self, restored: Any, reference: Any = None) -> MetricValue:
            return MetricValue(answer(restored, reference) if pair else answer(restored))

    monkeypatch.setitem(metrics._added, name, Added)


def test_a_second_call_scores_nothing(folders: Folders) -> None:
    first = folders.score()
    assert folders.measured == [*BOTH] * 3
    assert folders.log.started == [(3, 0)]
    assert folders.log.advanced == ["a.png", "b.png", "c.png"]
    assert folders.log.notes == []
    psnr = PSNR()(*(read_image(f / "b.png") for f in (folders.images, folders.references)))
    assert first[1].scores["psnr"] == psnr
    assert folders.score() == first
    assert folders.measured == []
    assert folders.log.started == [(3, 3)]
    assert folders.log.notes == ["6 of 6 scores were there already"]


def test_a_metric_more_is_all_that_is_scored(folders: Folders) -> None:
    first = folders.score(["blur-effect"])
    both = folders.score()
    assert folders.measured == ["psnr"] * 3
    assert folders.log.notes == ["3 of 6 scores were there already"]
    assert [list(file.scores) for file in both] == [[*BOTH]] * 3
    assert [file.scores["blur-effect"] for file in both] == [
        file.scores["blur-effect"] for file in first
    ]


def test_a_changed_image_is_scored_again(folders: Folders) -> None:
    first = folders.score()
    write_image(folders.images / "b.png", np.zeros((3, 32, 40), np.float32) + 0.5)
    second = folders.score(["psnr"])
    assert folders.measured == ["psnr"]
    assert second[1].scores["psnr"] != first[1].scores["psnr"]
    assert second[0].scores["psnr"] == first[0].scores["psnr"]


def test_a_changed_reference_is_another_score_of_metrics_that_look_at_it(folders: Folders) -> None:
    first = folders.score()
    (folders.references / "b.png").write_bytes((folders.images / "b.png").read_bytes())
    second = folders.score()
    assert folders.measured == ["psnr"]
    assert second[1].scores["psnr"] == MetricValue(float("inf"))
    assert second[1].scores["blur-effect"] == first[1].scores["blur-effect"]
    assert folders.score() == second, "inf is kept"
    assert folders.measured == []


@pytest.mark.parametrize("field", [{"crop_border": 2}, {"luma": "rounded"}, {"quantise": False}])
def test_another_evaluation_is_another_score(folders: Folders, field: dict[str, Any]) -> None:
    folders.score()
    folders.score(**field)
    assert folders.measured == [*BOTH] * 3
    folders.score()
    assert folders.measured == []


def test_another_fingerprint_or_version_of_a_metric_is_another_score(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.score()
    monkeypatch.setattr(PSNR, "card", replace(PSNR.card, version="2"))
    folders.score()
    assert folders.measured == ["psnr"] * 3
    fingerprint = recalling.metric_fingerprint
    monkeypatch.setattr(
        recalling, "metric_fingerprint", lambda *asked: fingerprint(*asked) + "changed"
    )
    folders.score()
    assert folders.measured == [*BOTH] * 3


@pytest.mark.parametrize("module", ["harness.images", "harness.scoring.evaluation"])
def test_other_code_that_prepares_images_is_another_score(
    folders: Folders, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    folders.score()
    code = recalling.code_hash
    monkeypatch.setattr(
        recalling, "code_hash", lambda name: code(name) + "changed" * (name == module)
    )
    folders.score()
    assert folders.measured == [*BOTH] * 3


def test_other_packages_are_another_score(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders.score()
    versions = recalling.installed_versions
    monkeypatch.setattr(
        recalling, "installed_versions", lambda names: {**versions(names), "scikit-image": "99"}
    )
    folders.score()
    assert folders.measured == [*BOTH] * 3


def test_the_same_pixels_in_another_file_are_not_scored_again(folders: Folders) -> None:
    first = folders.score()
    with PillowImage.open(folders.images / "b.png") as file:
        file.save(folders.images / "b.bmp")
    (folders.images / "b.png").unlink()
    assert folders.score() == first
    assert folders.measured == []


def test_a_failure_is_not_kept(folders: Folders) -> None:
    (folders.images / "b.png").write_bytes(b"no image")
    (folders.references / "c.png").unlink()
    for _ in range(2):
        found = folders.score()
        assert "cannot be read as an image" in str(found[1].scores["psnr"])
        assert "no reference called 'c'" in str(found[2].scores["psnr"])
        assert isinstance(found[2].scores["blur-effect"], MetricValue)
    assert folders.log.notes == ["3 of 6 scores were there already"]
    write_image(folders.images / "b.png", np.full((3, 32, 40), 0.5, np.float32))
    folders.score(["psnr"])
    assert folders.measured == ["psnr"]


def test_a_metric_of_this_process_alone_is_not_kept(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a notebook's code has no file that could tell one version of it from the next
    for answer in (1.0, 2.0):
        with monkeypatch.context() as patch:
            add_metric(patch, "mine", lambda _, answer=answer: answer)
            build_metric.cache_clear()
            assert folders.score(["mine"])[0].scores == {"mine": MetricValue(answer)}


def test_a_damaged_row_is_scored_again(folders: Folders) -> None:
    first = folders.score()
    with KeptScores() as kept:
        database = sqlite3.connect(kept.path)
    with database:
        database.execute("UPDATE scores SET value = value / 2")
        database.execute("UPDATE pixels SET sha256 = 'another'")
    database.close()
    assert folders.score() == first
    assert folders.measured == [*BOTH] * 3
    assert folders.score() == first
    assert folders.measured == []


def test_a_damaged_file_is_told_of_once_and_scores_are_made_again(folders: Folders) -> None:
    first = folders.score()
    with KeptScores() as kept:
        kept.path.write_bytes(b"no database" * 1000)
    assert folders.score() == first
    (note,) = folders.log.notes
    assert "was damaged" in note
    assert folders.score() == first
    assert folders.log.notes == ["6 of 6 scores were there already"]


def test_without_a_place_to_keep_them_scores_are_what_they_are(
    folders: Folders, tmp_path: Path
) -> None:
    (tmp_path / "scores").write_text("a file in the place of the folder")
    for workers in (None, 2):
        found = folders.score(workers=workers)
        assert all(isinstance(v, MetricValue) for file in found for v in file.scores.values())
        (note,) = folders.log.notes  # not one of each worker
        assert "scores are not kept" in note


def test_a_file_that_changes_while_it_is_read_is_not_taken_for_what_it_was(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = folders.score(["blur-effect"])
    with KeptScores() as kept:
        kept.clear()
    path = folders.images / "a.png"
    before, after = path.read_bytes(), (folders.images / "b.png").read_bytes()

    def read(of: Path) -> Any:
        if of == path:  # its bytes were hashed already
            path.write_bytes(after)
        return read_image(of)

    with monkeypatch.context() as patch:
        patch.setattr(one_file, "read_image", read)
        assert folders.score(["blur-effect"])[0].scores == right[1].scores
    path.write_bytes(before)
    assert folders.score(["blur-effect"]) == right


def test_a_reference_of_many_is_decoded_once_and_nobody_writes_into_it(
    folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(_restored: Any, reference: Any) -> float:
        reference *= 0
        return 1.0

    add_metric(monkeypatch, "careless", careless, pair=True)
    decoded: list[str] = []
    monkeypatch.setattr(
        one_file, "read_image", lambda path: decoded.append(path.name) or read_image(path)
    )
    one = folders.references / "a.png"
    pairs = [ImagePair(path, one) for path in sorted(folders.images.iterdir())]
    job = plan_job(["careless", "psnr"], "cpu", Evaluation("test"))
    found = score_files(pairs, job, Log())
    assert decoded == ["a.png", "a.png", "b.png", "c.png"]
    for file, pair in zip(found, pairs, strict=True):
        assert "read-only" in str(file.scores["careless"])
        assert file.scores["psnr"] == PSNR()(read_image(pair.path), read_image(one))


def test_workers_find_the_same_and_only_what_is_missing(
    folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = folders.score()
    monkeypatch.setenv("RESTOBENCH_SCORE_CACHE", str(tmp_path / "others"))
    folders.score(["psnr"])
    assert folders.score(workers=2) == here
    assert folders.measured == [], "not in this process"
    assert folders.log.notes == ["3 of 6 scores were there already"]
    assert sorted(folders.log.advanced) == ["a.png", "b.png", "c.png"]
    assert folders.score(workers=2) == here
    assert folders.log.notes == ["6 of 6 scores were there already"]
    assert folders.log.advanced == []


def test_workers_take_over_when_they_pay(folders: Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_files, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    moved = folders.score()
    assert folders.measured == [*BOTH], "the first image, and the others elsewhere"
    assert sorted(folders.log.advanced) == ["a.png", "b.png", "c.png"]
    assert folders.score() == moved
    assert folders.log.notes == ["6 of 6 scores were there already"]


def test_a_network_says_the_same_in_this_process_and_in_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from skimage.data import astronaut

    PillowImage.fromarray(astronaut()).save(tmp_path / "photo.png")
    pairs = [ImagePair(tmp_path / "photo.png")]
    job = plan_job(["dri"], "cpu", Evaluation("test"))
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        here = score_files(pairs, job, Log())
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    monkeypatch.setenv("RESTOBENCH_SCORE_CACHE", str(tmp_path / "others"))
    assert score_files(pairs, job, Log(), workers=1) == here


def test_a_file_that_is_named_twice_is_scored_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").touch()
    monkeypatch.chdir(tmp_path)
    given = [tmp_path / "a.png", Path("a.png"), Path("./a.png"), tmp_path]
    assert find_files(given) == [tmp_path / "a.png"]
