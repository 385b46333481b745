"""`pairs.csv`: read, refused, and held against a metric on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from harness.errors import InputError
from harness.images import content_key, read_image, write_image
from harness.metrics.blur_effect import BlurEffect
from harness.scoring import correlation
from harness.scoring.correlation import correlate
from harness.scoring.mos import LabelledImage
from harness.scoring.pair_votes import read_pairs

Call = Callable[..., tuple[int, str, str]]
HEAD = "scene,a,b,votes_a,votes_b\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six scenes, each blurred more and less; people like what is sharp."""
    generator, rows = np.random.default_rng(0), []
    for scene in range(6):
        image = gaussian_filter(generator.random((3, 96, 96)), (0, 1, 1)).astype(np.float32)
        for width in (0, 1, 3):
            blurred = gaussian_filter(image, (0, width, width)) if width else image
            write_image(tmp_path / f"{scene}-{width}.png", blurred.astype(np.float32))
        rows += [
            f"{scene},{scene}-0.png,{scene}-1.png,9,1",
            f"{scene},{scene}-3.png,{scene}-1.png,0,10",
        ]
    (tmp_path / "pairs.csv").write_text(HEAD + "\n".join(rows))
    return tmp_path


def test_a_metric_of_blur_agrees_with_who_likes_sharpness(folder: Path, command_line: Call) -> None:
    code, out, _ = command_line("correlate", "-m", "blur-effect", "--dataset", folder, "--json")
    assert code == 0
    [row] = json.loads(out)["rows"]
    assert row["pairs"] == 12
    assert row["pair_accuracy"] == row["auc_better"] == 1
    assert row["vote_accuracy"] == pytest.approx(0.95)
    # of six scenes that all say 0.95; by scipy's beta distribution
    assert row["vote_accuracy_low"] == pytest.approx(0.4792, abs=1e-4)
    assert row["vote_accuracy_high"] == pytest.approx(1, abs=1e-4)
    assert row["pair_accuracy_low"] == pytest.approx(0.025 ** (1 / 6))
    assert row["srcc"] is None
    assert row["n"] == 0


VOTES = ("vote_accuracy", "vote_ceiling", "pair_accuracy", "auc_different", "auc_better")


def test_images_too_small_for_a_metric_leave_the_others_their_figures(
    tmp_path: Path, command_line: Call
) -> None:
    """32 pixels a side are too few for NIQE, with MOS beside the votes and without."""
    generator, rows = np.random.default_rng(0), []
    for place in range(8):
        image = generator.random((3, 32, 32)).astype(np.float32)
        blurred = gaussian_filter(image, (0, place + 1, place + 1)).astype(np.float32)
        write_image(tmp_path / f"{place}-a.png", image)
        write_image(tmp_path / f"{place}-b.png", blurred)
        rows.append(f"{place},{place}-a.png,{place}-b.png,9,1")
    (tmp_path / "pairs.csv").write_text(HEAD + "\n".join(rows))
    both = ("-m", "niqe", "-m", "blur-effect", "--dataset", tmp_path, "--json")
    for labels in (None, "image,mos\n" + "\n".join(f"{n}-b.png,{9 - n}" for n in range(8))):
        if labels:
            (tmp_path / "labels.csv").write_text(labels)
        code, out, _ = command_line("correlate", *both)
        niqe, blur = json.loads(out)["rows"]
        few = "0 of 8 images have a finite score; expected at least 8"
        assert code == 3
        assert niqe["reason"] == (few if labels else None)
        assert niqe["pairs_reason"] == "none of 8 pairs has a score for both images"
        assert {niqe[name] for name in VOTES} == {None}
        assert (blur["reason"], blur["pairs_reason"], blur["pairs"]) == (None, None, 8)
        assert blur["vote_accuracy"] == pytest.approx(0.9)
        assert (blur["srcc"] is not None) == bool(labels)


def test_votes_that_say_nothing_are_a_reason(
    folder: Path, command_line: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("correlate", "-m", "blur-effect", "--dataset", folder, "--json")
    seen = frozenset(content_key(read_image(path)) for path in folder.glob("*-1.png"))
    with monkeypatch.context() as patch:
        patch.setattr(BlurEffect, "trained_on", lambda: seen)
        code, out, _ = command_line(*command)
    [row] = json.loads(out)["rows"]
    assert (code, row["pairs"], row["trained_on"]) == (4, 0, 6)
    assert row["pairs_reason"] == "it has learnt from all 6 scenes of pairs.csv"
    (folder / "pairs.csv").write_text(HEAD + "0,0-0.png,0-1.png,0,0")
    code, out, _ = command_line(*command)
    [row] = json.loads(out)["rows"]
    assert (code, row["pairs"]) == (4, 1)
    assert row["pairs_reason"] == "nobody voted on any of the 1 pairs"
    assert {row[name] for name in VOTES} == {None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scene,a,b\n1,x,y", "expected scene, a, b, votes_a and votes_b"),
        (HEAD + "0,0-0.png,gone.png,1,2", "gone.png"),
        (HEAD + "0,0-0.png,../x.png,1,2", "not in"),
        (HEAD + "0,0-0.png,0-1.png,1,-2", "votes_b of 0-0.png and 0-1.png is '-2'"),
        (HEAD + "0,0-0.png,0-1.png,nan,2", "votes_a of"),
        (HEAD, "has no rows"),
    ],
)
def test_what_cannot_be_read_is_refused(folder: Path, text: str, message: str) -> None:
    (folder / "pairs.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_pairs(folder)


def test_within_scenes_the_interval_is_over_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resampled images repeat within a scene, which draws the mean down; scenes do not."""
    monkeypatch.setattr(correlation, "RESAMPLES", 200)
    generator = np.random.default_rng(2)
    labelled, scores = [], []
    for scene in range(24):
        mos = generator.normal(50, 10, 19)
        labelled += [
            LabelledImage(Path(f"{scene}-{n}"), float(m), str(scene)) for n, m in enumerate(mos)
        ]
        scores += (mos + generator.normal(0, 5, 19)).tolist()
    value, low, high = correlate("m", scores, labelled, True).values["srcc_within"] or (0, 0, 0)
    assert low < value < high
    assert (high - value) == pytest.approx(value - low, rel=0.5)
