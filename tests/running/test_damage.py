"""Files of a run and of the cache are damaged, one at a time: no score ever changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from misbehaving import TinySet

from benchmarks.degradations.missing import MissingPixels
from benchmarks.degradations.noise import GaussianNoise
from benchmarks.sets import PairedSet, SyntheticSet
from benchmarks.sources import Folder
from harness.errors import InputError, StoreError
from harness.images import read_image, write_image
from harness.plugins.sample_keys import sample_key
from harness.protocols import Benchmark, Evaluation, Task
from harness.results import FailureKind
from harness.running.plan import Plan, make_plan
from harness.running.progress import Progress
from harness.running.runner import run_plan
from harness.running.samples import make
from harness.storage.images.arrays import load_array
from harness.storage.images.samples import StoredSample, find_sample
from harness.storage.merging import merge_runs
from harness.storage.places import cache_folder
from harness.storage.store import FILENAME, load_run

Scores = dict[tuple[str, str, str, str], float]


class Listener(Progress):
    """Keeps what a run says beside its cells."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RESTOBENCH_IMAGE_CACHE", str(tmp_path / "cache"))
    return cache_folder()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in ("one", "two"):
        smooth = np.cumsum(generator.normal(size=(3, 48, 56)), axis=2)
        write_image(folder / f"{name}.png", (smooth / 20 + 0.5).astype(np.float32))
    return folder


def plan(sources: Path, *metrics: str) -> Plan:
    """Noise that leaves the 8 bits, noise that does not, and holes with their masks."""
    source = Folder(sources)
    sets = (
        SyntheticSet("noisy", Task.DENOISE, source, (GaussianNoise(25),)),
        SyntheticSet("holes", Task.INPAINT, source, (MissingPixels(0.3),)),
    )
    benchmark = Benchmark("test", "", sets, metrics or ("psnr",), Evaluation("rgb"))
    return make_plan(benchmark, ["misbehaving:Halves", "misbehaving:FillsHoles"])


def scores(run: Path) -> Scores:
    data = load_run(run)
    assert not data.failures, data.failures
    return {(*vars_of(score.cell), score.metric): score.value for score in data.scores}


def vars_of(cell: object) -> tuple[str, str, str]:
    return (cell.restorer, cell.set, cell.image)  # type: ignore[attr-defined]


def invert(path: Path) -> None:
    """Half of an image, or of any other file, is inverted; the file stays a good one if it can."""
    if path.suffix in (".png", ".npy"):
        image = load_array(path)
        image[:, : image.shape[1] // 2] = 1 - image[:, : image.shape[1] // 2]
        if path.suffix == ".png":
            write_image(path, image)
        else:
            np.save(path, image)
    else:
        content = path.read_bytes()
        half = len(content) // 2
        path.write_bytes(content[:half] + bytes(255 - byte for byte in content[half:]))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_by_another(path: Path) -> None:
    """By another valid file of the same kind."""
    others = sorted(set(path.parents[1].rglob(f"*{path.suffix}")) - {path})
    shutil.copyfile(others[0], path) if others else empty(path)


def replace_by_a_pipe(path: Path) -> None:
    """Which nobody writes into: whoever waits for it waits for ever."""
    path.unlink()
    os.mkfifo(path)


DAMAGES: tuple[Callable[[Path], None], ...] = (
    invert, truncate, empty, Path.unlink, replace_by_another, replace_by_a_pipe,
)  # fmt: skip


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_between_two_runs_changes_no_score(
    tmp_path: Path, cache: Path, sources: Path, damage: Callable[[Path], None]
) -> None:
    """Each file of the cache and each restored image, one at a time; then a metric is added."""
    undisturbed = tmp_path / "undisturbed"
    run_plan(plan(sources, "psnr", "ssim"), undisturbed)
    expected, first = scores(undisturbed), tmp_path / "first"
    run_plan(plan(sources, "psnr"), first)
    kept = tmp_path / "kept"
    shutil.copytree(cache, kept)
    count = 0
    for place in [*files(cache), *files(first / "restored")]:
        run = tmp_path / f"run{count}"
        shutil.copytree(first, run)
        count += 1
        damage(place if place.is_relative_to(cache) else run / place.relative_to(first))
        run_plan(plan(sources, "psnr", "ssim"), run)
        assert scores(run) == expected, place
        shutil.rmtree(cache)
        shutil.copytree(kept, cache)
    assert count > 15, "nothing was damaged"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_cache_is_made_again_by_a_new_run_and_said(
    tmp_path: Path, cache: Path, sources: Path, damage: Callable[[Path], None]
) -> None:
    run_plan(plan(sources), tmp_path / "first")
    expected, listener = scores(tmp_path / "first"), Listener()
    images = [path for path in files(cache) if path.suffix != ".json"]
    for path in images:
        damage(path)
    run_plan(plan(sources), tmp_path / "second", progress=listener)
    assert scores(tmp_path / "second") == expected
    assert len(listener.notes) >= 4
    assert all(note.endswith(": made again") for note in listener.notes), listener.notes
    quiet = Listener()
    run_plan(plan(sources), tmp_path / "third", progress=quiet)
    assert (scores(tmp_path / "third"), quiet.notes) == (expected, [])


def test_a_folder_in_the_place_of_a_pin_costs_nothing_but_time(
    tmp_path: Path, cache: Path, sources: Path
) -> None:
    run_plan(plan(sources), tmp_path / "first")
    pins = [path for path in files(cache) if path.suffix == ".json"]
    assert pins
    for pin in pins:
        pin.unlink()
        pin.mkdir()
    run_plan(plan(sources), tmp_path / "second")
    assert scores(tmp_path / "second") == scores(tmp_path / "first")


def test_a_damaged_store_is_said_and_never_read(tmp_path: Path, cache: Path, sources: Path) -> None:
    del cache
    run_plan(plan(sources), tmp_path / "run")
    for damage in (truncate, invert):
        broken = tmp_path / damage.__name__
        shutil.copytree(tmp_path / "run", broken)
        damage(broken / FILENAME)
        with pytest.raises(StoreError, match="damaged"):
            load_run(broken)


class Meddling(Progress):
    """Damages every image of the cache, or of the run, whenever a cell has been done."""

    def __init__(self, folder: Path, damage: Callable[[Path], None]) -> None:
        self.folder, self.damage = folder, damage

    def advance(self, cell: object, note: str) -> None:
        for path in files(self.folder):
            if path.suffix in (".png", ".npy") and ".partial" not in path.name:
                self.damage(path)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_while_a_run_goes_on_is_a_right_score_or_a_failure(
    tmp_path: Path, cache: Path, sources: Path, damage: Callable[[Path], None]
) -> None:
    run_plan(plan(sources), tmp_path / "undisturbed")
    expected = scores(tmp_path / "undisturbed")
    for folder in (cache, tmp_path / "meddled" / "restored"):
        run = tmp_path / "meddled"
        shutil.rmtree(run, ignore_errors=True)
        run_plan(plan(sources), run, progress=Meddling(folder, damage))
        data = load_run(run)
        found = {(*vars_of(score.cell), score.metric): score.value for score in data.scores}
        assert found.items() <= expected.items()
        failed = {vars_of(failure.cell) for failure in data.failures}
        assert {key[:3] for key in expected} == {key[:3] for key in found} | failed
    run_plan(plan(sources), tmp_path / "after")
    assert scores(tmp_path / "after") == expected


def test_a_restorer_that_writes_into_the_cache_changes_nobodys_score(
    tmp_path: Path, cache: Path, sources: Path
) -> None:
    names = ["misbehaving:Meddles", "misbehaving:Halves"]
    source = Folder(sources)
    noisy = SyntheticSet("noisy", Task.DENOISE, source, (GaussianNoise(25),))
    benchmark = Benchmark("test", "", (noisy,), ("psnr",), Evaluation("rgb"))
    run_plan(make_plan(benchmark, names[1:]), tmp_path / "undisturbed")
    run_plan(make_plan(benchmark, names), tmp_path / "meddled")
    expected, data = scores(tmp_path / "undisturbed"), load_run(tmp_path / "meddled")
    found = {(*vars_of(score.cell), score.metric): score.value for score in data.scores}
    # on a busy machine an image may be painted over each time that somebody reads it
    assert {failure.kind for failure in data.failures} <= {FailureKind.SAMPLE}
    lost = {vars_of(failure.cell) for failure in data.failures}
    whole = {key: value for key, value in expected.items() if key[:3] not in lost}
    assert whole.items() <= found.items()
    assert any(read_image(path).mean() == 0 for path in files(cache) if path.suffix == ".png") or (
        len(found) == 2 * len(expected)
    )


def test_what_a_sample_is_made_of_decides_whether_it_is_made_again(
    tmp_path: Path, cache: Path, sources: Path
) -> None:
    run_plan(plan(sources), tmp_path / "one")
    before = {path: path.stat().st_mtime_ns for path in files(cache)}
    run_plan(plan(sources), tmp_path / "two")
    assert {path: path.stat().st_mtime_ns for path in files(cache)} == before, "nothing was made"
    first, expected = sources / "one.png", scores(tmp_path / "one")
    write_image(first, 1 - read_image(first))
    run_plan(plan(sources), tmp_path / "one")
    changed = {key for key, value in scores(tmp_path / "one").items() if value != expected[key]}
    assert {key[2] for key in changed} == {"one"}, "the new content of one.png, and only that"


def test_a_set_that_cannot_say_what_it_is_made_of_is_made_each_time(tmp_path: Path) -> None:
    benchmark = Benchmark("test", "", (TinySet(size=40),), ("psnr",), Evaluation("rgb"))
    runs = [tmp_path / name for name in ("one", "two")]
    for run in runs:
        run_plan(make_plan(benchmark, ["misbehaving:Good"]), run)
    assert scores(runs[0]) == scores(runs[1])


@pytest.mark.usefixtures("cache")
def test_a_changed_reference_takes_the_scores_beside_it_along(tmp_path: Path) -> None:
    """Whoever made them: a restorer that is not in the plan now must not keep them either."""
    pairs = tmp_path / "pairs"
    generator = np.random.default_rng(1)
    for part in ("degraded", "reference"):
        (pairs / part).mkdir(parents=True)
        for name in ("a", "b"):
            write_image(pairs / part / f"{name}.png", generator.random((3, 40, 40)).astype("f4"))
    folders = Folder(pairs / "degraded"), Folder(pairs / "reference")
    found = PairedSet("pairs", Task.DENOISE, *folders)
    benchmark = Benchmark("test", "", (found,), ("psnr",), Evaluation("rgb"))
    both = ["misbehaving:Good", "misbehaving:Halves"]
    run_plan(make_plan(benchmark, both), tmp_path / "run")
    before = scores(tmp_path / "run")
    write_image(pairs / "reference" / "a.png", generator.random((3, 40, 40)).astype("f4"))
    run_plan(make_plan(benchmark, both[:1]), tmp_path / "run")
    after = scores(tmp_path / "run")
    run_plan(make_plan(benchmark, both), tmp_path / "fresh")
    expected = scores(tmp_path / "fresh")
    assert after.items() <= expected.items(), "nothing is left of the reference before"
    assert set(before) - set(after) == {("Halves", "pairs", "a", "psnr")}


@pytest.mark.usefixtures("cache")
def test_scores_by_an_earlier_metric_are_ranked_beside_nothing(
    tmp_path: Path, sources: Path
) -> None:
    run_plan(plan(sources), tmp_path / "run")
    one = replace(plan(sources), restorers=plan(sources).restorers[:1])
    changed = replace(one, metric_fingerprints={"psnr": "tree1:other"})
    run_plan(changed, tmp_path / "run")
    kept = {key[0] for key in scores(tmp_path / "run")}
    assert kept == {changed.restorers[0].name}


@pytest.mark.usefixtures("cache")
def test_a_pin_is_not_made_of_a_source_that_changed_meanwhile(
    sources: Path, tmp_path: Path
) -> None:
    noisy = plan(sources).sets[0]
    key = sample_key(noisy, "one")
    assert key is not None
    write_image(sources / "one.png", 1 - read_image(sources / "one.png"))
    made = make(noisy, "one", key, False, tmp_path / "fresh.npy")
    assert isinstance(made, StoredSample)
    assert find_sample(noisy, "one", key) is None


@pytest.mark.usefixtures("cache")
def test_merge_takes_no_damaged_image(tmp_path: Path, sources: Path) -> None:
    runs = [tmp_path / name for name in ("one", "two")]
    both = plan(sources)
    for run, restorer in zip(runs, both.restorers, strict=True):
        run_plan(replace(both, restorers=(restorer,)), run)
    broken = next(files(runs[1] / "restored"))
    invert(broken)
    with pytest.raises(InputError, match="is not what was written there: delete it, and resume"):
        merge_runs(runs, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
    broken.unlink()
    run_plan(replace(both, restorers=both.restorers[1:]), runs[1])
    merged = merge_runs(runs, tmp_path / "merged")
    assert scores(merged) == {**scores(runs[0]), **scores(runs[1])}
