"""Stage 2: stopped, it goes on as if it had not; which versions a batch holds, and their views."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_training import (
    CONFIG,
    OPINIONS,
    VERSIONS,
    StoppedError,
    fresh,
    recompress,
    same,
    stop_at,
)
from torch import Tensor

from harness.dri.lessons.features import FeatureTable
from harness.dri.lessons.lesson import Learner, Lesson
from harness.dri.lessons.links import Links
from harness.dri.lessons.sets import read_opinions
from harness.dri.lessons.table import OpinionTable, describe_opinions
from harness.dri.network.network import DRINetwork, Prediction
from harness.dri.training.config import TrainingConfig
from harness.dri.training.stage2_mos import (
    _order_losses,
    _some_versions,
    log_names,
    train_mos,
    train_together,
)
from harness.dri.training.version_files import describe_versions


def lesson(network: DRINetwork, folder: Path, paths: list[Path], kept: Path) -> Lesson:
    """All that there is in a MOS folder, and versions."""
    opinions = read_opinions(OPINIONS, folder)
    describe_opinions(network.eval(), opinions, recompress, kept / "mine.pt", str)
    table = OpinionTable.load(kept / "mine.pt", opinions)
    versions = describe_versions(network, paths, recompress, None, str)
    return Lesson([table], [range(len(opinions.images))], versions)


def learner(trained: DRINetwork) -> tuple[DRINetwork, Learner]:
    network = fresh()
    network.load_state_dict(trained.state_dict())
    return network, Learner(network.members[0], Links([OPINIONS.name]))


def test_stage_2_learns_and_resumes_exactly(
    trained: DRINetwork, versions: list[Path], mos_folder: Path, tmp_path: Path
) -> None:
    whole_lesson = lesson(trained, mos_folder, versions, tmp_path)
    [table], ranked = whole_lesson.tables, whole_lesson.versions
    assert (table.features.views, ranked.groups, ranked.group_size) == (4, 2, VERSIONS.count)
    assert ranked.scores[:: VERSIONS.count].tolist() == [1, 1], "the clean one comes first"

    def fit(folder: str, say: Callable[[str], None]) -> DRINetwork:
        network, who = learner(trained)
        (tmp_path / folder).mkdir(exist_ok=True)
        train_mos(network, who, whole_lesson, CONFIG, tmp_path / folder, say)
        return network

    whole = fit("whole", str)
    for line in ("stage2, epoch 2/", "stage2-order1, epoch 2/"):
        with pytest.raises(StoppedError):
            fit("stopped", stop_at(line))
    assert same(fit("stopped", str), whole)
    assert not same(whole, trained)
    with (tmp_path / "whole" / "stage2.csv").open(newline="") as file:
        losses = [float(row["mine-huber"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("train", [train_mos, train_together])
def test_the_weights_of_runs_in_several_orders_are_averaged(
    trained: DRINetwork,
    versions: list[Path],
    mos_folder: Path,
    tmp_path: Path,
    train: Callable[..., None],
) -> None:
    whole_lesson = lesson(trained, mos_folder, versions, tmp_path)

    def fit(soup: int) -> dict[str, Tensor]:
        (folder := tmp_path / f"soup{soup}").mkdir()
        network, who = learner(trained)
        config = replace(CONFIG, soup=soup, epochs=1, together_epochs=1)
        train(network, who, whole_lesson, config, folder, str)
        return who.state_dict()

    one, two = fit(1), fit(2)
    paths = [tmp_path / "soup2" / f"{name}.pt" for name in log_names("stage2", CONFIG)[1:]]
    states = [torch.load(path, weights_only=True) for path in paths]
    runs = [{**state["network"], **state["average"]} for state in states]
    for name, value in two.items():
        assert torch.allclose(value, (runs[0][name] + runs[1][name]) / 2)
    # the first order is that of one run
    assert all(torch.equal(value, runs[0][name]) for name, value in one.items())
    assert any(not torch.equal(value, two[name]) for name, value in one.items())


def test_the_best_versions_of_a_batch_come_again_in_their_other_view() -> None:
    d, scores, nothing = torch.zeros(30, 2, 1), torch.arange(30) / 30, torch.empty(0)
    table = FeatureTable([], [], [], d, nothing, nothing, scores, group_size=10)
    config = TrainingConfig(contents_ranked=2, versions_ranked=6, twins=4)
    rows, views, best = _some_versions(table, config, torch.Generator().manual_seed(0))
    assert len(rows) == len(views) == 2 * 6 + 4
    contents = [set((part // 10).tolist()) for part in (rows[:6], rows[6:12])]
    assert [len(content) for content in contents] == [1, 1], "content after content"
    assert len(set(rows[:12].tolist())) == 12
    assert sorted(rows[12:].tolist()) == sorted(rows[:12].tolist())[-4:]
    assert torch.equal(rows[12:], rows[best])
    assert torch.equal(views[12:], 1 - views[best])


def test_two_views_of_a_version_are_to_score_alike() -> None:
    def steady(twins: list[float]) -> float:
        scores = torch.tensor([0.1, 0.4, 0.6, 0.9, *twins])[:, None].expand(-1, 2)
        config = TrainingConfig(contents_ranked=1, twins=len(twins), steady_weight=2.0)
        d = torch.eye(len(scores), 8)
        prediction = Prediction(scores, torch.zeros(len(scores)), d)
        best = torch.tensor([3, 2])[: len(twins)]
        return float(_order_losses(prediction, scores[:, 0], d, best, config)["steady"])

    assert steady([0.9, 0.6]) == 0
    assert steady([0.8, 0.9]) == pytest.approx(2 * (0.1 + 0.3) / 2)
    assert steady([]) == 0
