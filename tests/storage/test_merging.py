"""Runs of two machines become one, or nothing is written and the message names what differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.errors import IncomparableError, InputError
from harness.protocols import Conditions
from harness.ranking.leaderboards import rank_run
from harness.results import Cell, Failure, FailureKind, Restored, Score, Skipped, Spent
from harness.set_identity import set_fingerprint
from harness.storage.images.arrays import ImageFile
from harness.storage.images.samples import StoredSample
from harness.storage.merging import merge_runs
from harness.storage.places import preview, restored_stem
from harness.storage.store import Store, load_run

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
CARD = {"higher_is_better": True, "version": "1"}
Maker = Callable[..., Path]
Command = Callable[..., tuple[int, str, str]]


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
                metrics={name: {**CARD, **(metric or {})} for name in metrics},
            )
            for index in range(2):
                cell = Cell(restorer, "s", f"i{index}")
                sample = StoredSample(
                    "s", cell.image, ImageFile(folder, pixels), ImageFile(folder, "r"), Conditions()
                )
                store.add_sample(sample)
                for kind in ("degraded", "reference"):
                    _write(folder / preview("s", cell.image, kind), b"preview")
                if index < failed:
                    store.add_failure(Failure(cell, FailureKind.TIMEOUT, "slow"))
                    continue
                path, sha256 = f"{restored_stem(cell)}.png", f"h-{image_bytes!r}"
                _write(folder / path, image_bytes)
                spent = Spent(1.0, 2.0, 1.0, flops=7)
                image = Restored(cell, path, sha256, spent, "f", pixels)
                scores = [Score(cell, m, 30.0 + len(restorer) + index) for m in metrics]
                store.add_scores(scores, [], dict.fromkeys(metrics, "1"), image)
            store.replace_skipped([Skipped(restorer, "t", "does not")])
        return folder

    return write


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_restorers_of_two_machines_are_ranked_together(make: Maker, tmp_path: Path) -> None:
    out = merge_runs([make("one", "tv"), make("other", "wavelet")], tmp_path / "new" / "both")
    data = load_run(out)
    (board,) = rank_run(data).boards
    assert [(row.restorer, row.rank, row.n) for row in board.rows] == [
        ("wavelet", 1, 2),
        ("tv", 2, 2),
    ]
    assert data.run.status == "finished"
    assert [part["id"] for part in data.run.environment["merged"]] == ["one", "other"]
    assert {skip.restorer for skip in data.skipped} == {"tv", "wavelet"}
    assert {item.spent.flops for item in data.restored} == {7}
    assert all((out / str(record.path)).read_bytes() == b"png" for record in data.restored)
    assert all((out / preview(*key, "degraded")).is_file() for key in data.samples)
    assert [path.name for path in out.parent.iterdir()] == ["both"]


def test_a_cell_of_both_is_the_first_ones_and_what_failed_there_is_taken_from_the_other(
    make: Maker, tmp_path: Path
) -> None:
    one, other = make("one", "tv", failed=1), make("other", "tv", image_bytes=b"else")
    data = load_run(merge_runs([one, other], tmp_path / "both"))
    assert data.failures == ()
    files = {cell.cell.image: tmp_path / "both" / cell.path for cell in data.restored}
    images = {image: file.read_bytes() for image, file in files.items()}
    assert images == {"i0": b"else", "i1": b"png"}
    assert len(data.scores) == 2


def test_scores_of_another_metric_join_where_the_image_is_the_same(
    make: Maker, tmp_path: Path
) -> None:
    same = [make("one", "tv"), make("other", "tv", metrics=("dri",))]
    data = load_run(merge_runs(same, tmp_path / "same"))
    assert {score.metric for score in data.scores} == {"psnr", "dri"}
    changed = [make("first", "tv"), make("second", "tv", metrics=("dri",), image_bytes=b"else")]
    data = load_run(merge_runs(changed, tmp_path / "changed"))
    assert {score.metric for score in data.scores} == {"psnr"}


def run_of(folder: Path, images: Sequence[str], order: Sequence[str] = ()) -> Path:
    """A run of some images of a set whose whole order is `order`, with its fingerprint."""
    pixels = {image: (f"degraded {image}", f"reference {image}") for image in images}
    whole = {"images": len(images), "fingerprint": set_fingerprint(pixels.values())}
    plan = changed(sets__s={**PLAN["sets"]["s"], **whole})
    if order:
        plan["sets"]["s"]["order"] = list(order)
    with Store(folder, create=True) as store:
        store.set_meta(
            id="0" * 12, started="2025-01-01", status="finished", environment={}, plan=plan,
            restorers={}, metrics={"psnr": CARD},
        )  # fmt: skip
        for image, (degraded, reference) in pixels.items():
            sample = StoredSample(
                "s", image, ImageFile(folder, degraded), ImageFile(folder, reference), Conditions()
            )
            store.add_sample(sample)
    return folder


@pytest.mark.parametrize("turned", [False, True])
def test_halves_have_the_fingerprint_of_the_whole(tmp_path: Path, turned: bool) -> None:
    order = ("rocket", "astronaut", "coffee", "chelsea", "cat")  # not that of the names
    whole = run_of(tmp_path / "whole", order, order)
    halves = [
        run_of(tmp_path / "first", order[:2], order),
        run_of(tmp_path / "second", order[2:], order),
    ]
    merged = merge_runs(halves[::-1] if turned else halves, tmp_path / "both")
    expected = load_run(whole).run.plan.sets["s"]
    assert load_run(merged).run.plan.sets["s"] == expected


def test_a_run_of_an_earlier_version_that_has_every_image_keeps_its_fingerprint(
    tmp_path: Path,
) -> None:
    images = ("rocket", "astronaut", "coffee")  # it did not write down their order
    whole, part = run_of(tmp_path / "whole", images), run_of(tmp_path / "part", images[:1])
    fingerprint = load_run(whole).run.plan.sets["s"].fingerprint
    merged = load_run(merge_runs([part, whole], tmp_path / "both")).run.plan.sets["s"]
    assert (merged.images, merged.fingerprint) == (3, fingerprint)


def test_a_failure_that_nobody_mends_stays(make: Maker, tmp_path: Path) -> None:
    one, other = make("one", "tv", failed=1), make("other", "wavelet")
    data = load_run(merge_runs([one, other], tmp_path / "both"))
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
        ({"plan": changed(evaluation__crop_border=4)},
         "crop_border of the evaluation is 0 here, 4 there"),
        ({"plan": changed(sets__s__conditions={"sigma_255": 50})}, "conditions of the set s"),
        ({"plan": changed(sets__s__definition={"seed": 2})}, "definition of the set s"),
        ({"pixels": "e"}, "the pixels of s/i0 differ"),
        ({"metric": {"version": "2"}}, "version of the metric psnr is '1' here, '2' there"),
        ({"metric": {"higher_is_better": False}}, "higher_is_better of the metric psnr"),
        ({"restorer": "tv", "card": {"parameters": 5}},
         "parameters of the restorer tv is None here, 5 there"),
        ({"restorer": "tv", "card": {"fingerprint": "g"}},
         "fingerprint of the restorer tv is 'f' here, 'g' there; its code or weights .* resume"),
    ],
)  # fmt: skip
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
    cell = Cell("wavelet", "s", "i0")
    with Store(other, create=True) as store:
        spent = Spent(1.0, 1.0, 1.0)
        store.add_restored(Restored(cell, "../secret.png", "h", spent, "f", "d"))
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


def test_usage(make: Maker, tmp_path: Path, command_line: Command) -> None:
    one, other = make("one", "tv"), make("other", "wavelet")
    assert command_line("merge", one, "-o", tmp_path / "x")[0] == 2
    assert command_line("merge", one, one, "-o", tmp_path / "x")[0] == 2
    assert command_line("merge", one, tmp_path / "nothing", "-o", tmp_path / "x")[0] == 2
    assert command_line("merge", one, other, "-o", other)[0] == 2
    third = make("third", "tv", card={"parameters": 3})
    assert command_line("merge", one, third, "-o", tmp_path / "x")[0] == 4
    code, out, _ = command_line("merge", one, other, "-o", tmp_path / "x")
    assert (code, out.strip()) == (0, str(tmp_path / "x"))
