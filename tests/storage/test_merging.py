"""Runs of two machines become one, or nothing is written and the message names what differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.errors import IncomparableError, InputError
from harness.protocols import Conditions
from harness.ranking.leaderboards import leaderboards
from harness.results import Cell, Failure, FailureKind, Score, Skipped
from harness.storage.merging import merge_runs
from harness.storage.places import previews, restored_stem
from harness.storage.samples import StoredSample
from harness.storage.store import Restored, Store, load_run

PLAN: dict[str, Any] = {
    "benchmark": "bench",
    "evaluation": {"name": "rgb", "crop_border": 0, "hash": "abc"},
    "sets": {
        "s": {
            "task": "denoise",
            "conditions": {"sigma_255": 25},
            "definition": {"seed": 1},
            "images": 2,
        }
    },
    "metrics": ["psnr"],
}
Maker = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """Writes a run of one restorer over two images, with its images on disk."""

    def write(
        name: str,
        restorer: str,
        plan: Mapping[str, Any] = PLAN,
        *,
        pixels: str = "d",
        image_bytes: bytes = b"png",
        card: Mapping[str, Any] | None = None,
        metric: Mapping[str, Any] | None = None,
        failed: int = 0,
        metrics: tuple[str, ...] = ("psnr",),
    ) -> Path:
        folder = tmp_path / name
        with Store(folder, create=True) as store:
            store.set_meta(
                id=name,
                started=f"2025-01-0{len(name) % 9 + 1}T00:00:00+00:00",
                status="finished",
                environment={"hostname": name},
                plan={**plan, "metrics": list(metrics)},
                restorers={restorer: {"licence": "MIT", "fingerprint": "f", **(card or {})}},
                metrics={
                    m: {"higher_is_better": True, "version": "1", **(metric or {})} for m in metrics
                },
            )
            for index in range(2):
                cell = Cell(restorer, "s", f"i{index}")
                store.add_sample(
                    StoredSample("s", cell.image, folder, pixels, folder, "r", Conditions())
                )
                for path in previews("s", cell.image, True).values():
                    _write(folder / str(path), b"preview")
                if index < failed:
                    store.add_failure(Failure(cell, FailureKind.TIMEOUT, "slow"))
                    continue
                path = f"{restored_stem(cell)}.png"
                _write(folder / path, image_bytes)
                store.add_restored(
                    Restored(cell, "f", pixels, path, f"h-{image_bytes!r}", 1.0, 2.0, flops=7)
                )
                scores = [Score(cell, m, 30.0 + len(restorer) + index) for m in metrics]
                store.add_scores(scores, [], dict.fromkeys(metrics, "1"), f"h-{image_bytes!r}")
            store.replace_skipped([Skipped(restorer, "t", "does not")])
        return folder

    return write


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_restorers_of_two_machines_are_ranked_together(make: Maker, tmp_path: Path) -> None:
    out = merge_runs([make("one", "tv"), make("other", "wavelet")], tmp_path / "new" / "both")
    data = load_run(out)
    (board,) = leaderboards(data)
    assert [(row.restorer, row.rank, row.n) for row in board.rows] == [
        ("wavelet", 1, 2),
        ("tv", 2, 2),
    ]
    assert data.run.status == "finished"
    assert [part["id"] for part in data.run.environment["merged"]] == ["one", "other"]
    assert {skip.restorer for skip in data.skipped} == {"tv", "wavelet"}
    assert {timing.flops for timing in data.timings} == {7}
    assert all((out / str(record.restored)).read_bytes() == b"png" for record in data.cells)
    assert all((out / str(sample["degraded"])).is_file() for sample in data.samples.values())
    assert [path.name for path in out.parent.iterdir()] == ["both"]


def test_a_cell_of_both_is_the_first_ones_and_what_failed_there_is_taken_from_the_other(
    make: Maker, tmp_path: Path
) -> None:
    one, other = make("one", "tv", failed=1), make("other", "tv", image_bytes=b"else")
    data = load_run(merge_runs([one, other], tmp_path / "both"))
    assert data.failures == ()
    images = {
        record.cell.image: (tmp_path / "both" / str(record.restored)).read_bytes()
        for record in data.cells
    }
    assert images == {"i0": b"else", "i1": b"png"}
    assert len(data.scores) == 2


def test_scores_of_another_metric_join_where_the_image_is_the_same(
    make: Maker, tmp_path: Path
) -> None:
    same = [make("one", "tv"), make("other", "tv", metrics=("dri",))]
    assert {score.metric for score in load_run(merge_runs(same, tmp_path / "same")).scores} == {
        "psnr",
        "dri",
    }
    changed = [make("first", "tv"), make("second", "tv", metrics=("dri",), image_bytes=b"else")]
    assert {
        score.metric for score in load_run(merge_runs(changed, tmp_path / "changed")).scores
    } == {"psnr"}


def test_a_failure_that_nobody_mends_stays(make: Maker, tmp_path: Path) -> None:
    data = load_run(
        merge_runs([make("one", "tv", failed=1), make("other", "wavelet")], tmp_path / "both")
    )
    assert [failure.cell for failure in data.failures] == [Cell("tv", "s", "i0")]


def changed(**fields: Any) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(json.dumps(PLAN))
    for path, value in fields.items():
        *parents, key = path.split("__")
        part = plan
        for parent in parents:
            part = part[parent]
        part[key] = value
    return plan


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"plan": changed(benchmark="else")}, "the benchmark is 'bench' here, 'else' there"),
        (
            {"plan": changed(evaluation__crop_border=4)},
            "crop_border of the evaluation is 0 here, 4 there",
        ),
        ({"plan": changed(sets__s__conditions={"sigma_255": 50})}, "conditions of the set s"),
        ({"plan": changed(sets__s__definition={"seed": 2})}, "definition of the set s"),
        ({"pixels": "e"}, "the pixels of s/i0 differ"),
        ({"metric": {"version": "2"}}, "version of the metric psnr is '1' here, '2' there"),
        ({"metric": {"higher_is_better": False}}, "higher_is_better of the metric psnr"),
        (
            {"restorer": "tv", "card": {"parameters": 5}},
            "parameters of the restorer tv is None here, 5 there",
        ),
        (
            {"restorer": "tv", "card": {"fingerprint": "g"}},
            "fingerprint of the restorer tv is 'f' here, 'g' there",
        ),
    ],
)
def test_what_is_not_comparable_is_refused_by_its_field(
    make: Maker, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    one, other = make("one", "tv"), make("other", **{"restorer": "wavelet", **options})
    before = sorted(tmp_path.iterdir())
    with pytest.raises(IncomparableError, match=message):
        merge_runs([one, other], tmp_path / "both")
    assert sorted(tmp_path.iterdir()) == before


def test_images_outside_of_a_run_are_not_copied(make: Maker, tmp_path: Path) -> None:
    one, other = make("one", "tv"), make("other", "wavelet")
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    with Store(other) as store:
        store.add_restored(
            Restored(Cell("wavelet", "s", "i0"), "f", "d", "../secret.png", "h", 1.0, 1.0)
        )
    with pytest.raises(InputError, match=r"'\.\./secret\.png' is no file inside the run folder"):
        merge_runs([one, other], tmp_path / "both")
    assert not (tmp_path / "both").exists()
    linked = make("linked", "bilateral")
    (image, *_) = sorted((linked / "restored").rglob("*.png"))
    image.unlink()
    image.symlink_to(secret)
    with pytest.raises(InputError, match="is no file inside the run folder"):
        merge_runs([one, linked], tmp_path / "both")
    assert not [path for path in tmp_path.iterdir() if "both" in path.name]


def test_usage(
    make: Maker, tmp_path: Path, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    one, other = make("one", "tv"), make("other", "wavelet")
    assert command_line("merge", one, "-o", tmp_path / "x")[0] == 2
    assert command_line("merge", one, one, "-o", tmp_path / "x")[0] == 2
    assert command_line("merge", one, tmp_path / "nothing", "-o", tmp_path / "x")[0] == 2
    assert command_line("merge", one, other, "-o", other)[0] == 2
    assert (
        command_line(
            "merge", one, make("third", "tv", card={"parameters": 3}), "-o", tmp_path / "x"
        )[0]
        == 4
    )
    code, out, _ = command_line("merge", one, other, "-o", tmp_path / "x")
    assert (code, out.strip()) == (0, str(tmp_path / "x"))
