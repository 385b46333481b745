"""The study of restored images on a fabricated run whose answers are known."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.cards import MetricCard
from harness.results import Cell, PlannedSet, Run, RunData, RunPlan, Score

sys.path.insert(0, str(Path(__file__).parent))

import restored_images
import scenes as study

PSNR = {"identity": 20.0, "tv": 22.0, "ffdnet": 30.0, "bilateral": 20.5}
CARDS = (
    MetricCard("psnr-y", needs_reference=True, higher_is_better=True),
    MetricCard("ssim-y", needs_reference=True, higher_is_better=True),
    MetricCard("dri", needs_reference=False, higher_is_better=True),
    MetricCard("niqe", needs_reference=False, higher_is_better=False),
    MetricCard("brisque", needs_reference=False, higher_is_better=False),
)


def make_run(images: int = 10) -> RunData:
    """`dri` follows PSNR, `brisque` reverses it, `niqe` swaps the two best.

    `niqe` likes the reference least.
    """
    scores = []
    for number in range(images):
        image = f"image{number}"
        for restorer, decibels in PSNR.items():
            cell = Cell(restorer, "noisy", image)
            niqe = {"ffdnet": -22.0, "tv": -30.0}.get(restorer, -decibels)
            values = {
                "psnr-y": decibels, "ssim-y": decibels / 40, "dri": decibels * 2, "niqe": niqe,
                "brisque": decibels,
            }  # fmt: skip
            scores += [Score(cell, name, value) for name, value in values.items()]
        clean = Cell("identity", "clean", image)
        values = {"psnr-y": math.inf, "ssim-y": 1.0, "dri": 90.0, "niqe": 5.0, "brisque": 0.0}
        scores += [Score(clean, name, value) for name, value in values.items()]
    degradations = {"clean": [], "noisy": [{"name": "gaussian-noise"}]}
    sets = {
        name: PlannedSet(definition={"degradations": given}) for name, given in degradations.items()
    }
    metrics = {card.name: card for card in CARDS}
    plan = RunPlan("made", sets=sets, metrics=tuple(metrics))
    return RunData(Run("0", "", plan, {}, metrics, {}, "finished"), tuple(scores), (), (), ())


def rows(title: str) -> list[dict[str, object]]:
    tables = restored_images.evaluate(make_run(), "dri", ["niqe", "brisque"], "psnr-y")
    return next(table for name, table in tables.items() if name.startswith(title))


def test_agreement_is_the_srcc_with_the_consensus() -> None:
    whole = [row for row in rows("Agreement") if row["versions"] == "all versions"]
    found = {row["metric"]: row["srcc"] for row in whole}
    assert found == pytest.approx({"dri": 1, "niqe": 0.8, "brisque": -1})


def test_the_difference_is_to_the_best_peer() -> None:
    [row] = rows("dri minus the best")
    assert row["versus"] == "niqe"
    assert (row["difference"], row["low"], row["high"]) == pytest.approx((0.2, 0.2, 0.2))


def test_only_clear_triples_count_and_every_half_is_told() -> None:
    # bilateral gains 0.5 dB: not clear. 2 triples in each of 10 scenes
    title = "Right order in 20 clear triples"
    found = {(row["order"], row["metric"]): row["share"] for row in rows(title)}
    assert found["reference > restored > degraded", "dri"] == 1
    assert found["reference > restored", "niqe"] == 0
    assert found["restored > degraded", "niqe"] == 1
    assert found["reference > restored", "brisque"] == 1
    assert found["restored > degraded", "brisque"] == 0


def test_a_version_without_every_score_is_left_out() -> None:
    data = make_run(1)
    lacking = tuple(s for s in data.scores if (s.cell.restorer, s.metric) != ("tv", "niqe"))
    [scene] = study.read_scenes(replace(data, scores=lacking))
    assert (scene.dropped, len(scene.versions)) == (1, 3)
    assert np.all(np.isfinite(scene.scores["niqe"]))


def test_the_hallucinating_restorer_has_its_row() -> None:
    data = make_run(4)
    renamed = {"ffdnet": "dat-light", "tv": study.HALLUCINATING, "identity": "bicubic"}
    noisy = [score for score in data.scores if score.cell.set == "noisy"]
    others = [score for score in data.scores if score.cell.set != "noisy"]
    for score in noisy:
        restorer = renamed.get(score.cell.restorer, score.cell.restorer)
        others.append(replace(score, cell=replace(score.cell, restorer=restorer)))
    renamed_run = replace(data, scores=tuple(others))
    found = study.hallucination(study.read_scenes(renamed_run), ["dri", "niqe"])
    ranks = {row["metric"]: row["mean rank"] for row in found}
    assert ranks == {"consensus": 2, "dri": 2, "niqe": 1}
    above = {row["metric"]: row["above dat-light"] for row in found}
    assert above == {"consensus": 0, "dri": 0, "niqe": 1}
