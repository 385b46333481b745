"""Pseudo-scores: the metrics' consensus, and what people said of degradations."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.dri.training.config_files import FOLDER
from harness.dri.training.pseudo_scores import (
    JudgedLevels,
    consensus,
    pseudo_scores,
    read_judged_levels,
)
from harness.errors import InputError

JUDGED = JudgedLevels(
    {"blur": ([1, 2, 4], [0.9, 0.5, 0.1]), "noise": ([5, 25], [0.8, 0.4])},
    ("blur", "noise"),
)


def test_the_consensus_orders_as_the_metrics_do_when_they_agree() -> None:
    psnr, ssim = torch.tensor([torch.inf, 20.0, 30.0, 25.0]), torch.tensor([1.0, 0.2, 0.9, 0.5])
    said = consensus(torch.stack([psnr, ssim], dim=1).double())
    assert said.argsort(descending=True).tolist() == [0, 2, 3, 1]
    assert (float(said.min()), float(said.max())) == (0, 1)


def test_the_consensus_does_not_depend_on_a_metric_s_unit() -> None:
    values = torch.rand(9, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(
        consensus(values),
        consensus(torch.stack([values[:, 0] * 40, values[:, 1].exp(), values[:, 2]], 1)),
    )


def test_what_people_said_is_interpolated_between_levels_and_not_beyond() -> None:
    assert JUDGED.score("blur 2") == 0.5
    assert JUDGED.score("blur 3") == pytest.approx(0.3)
    for kind in ("blur 8", "blur 0.5", "jpeg 20", "blur", "blur 2 + noise 5", "reference"):
        assert np.isnan(JUDGED.score(kind))


def test_metrics_are_weighed_by_what_people_said() -> None:
    """One metric says what people say, one the opposite, and one nothing of either."""
    kinds = ["reference", "blur 1", "blur 2", "blur 4", "noise 5", "noise 25", "restored"]
    people = torch.tensor([1.0, 0.9, 0.5, 0.1, 0.8, 0.4, 0.6], dtype=torch.float64)
    values = torch.stack([people, -people, torch.tensor([1.0, 2, 1, 2, 1, 2, 1]).double()], dim=1)
    said = pseudo_scores(values, kinds, JUDGED)
    assert said[:6].tolist() == pytest.approx(people[:6].tolist(), abs=1e-6)
    assert said[2] < said[6] < said[4], "what nobody judged lies where the right metric puts it"


def test_versions_of_one_kind_differ_as_the_metrics_say_about_what_people_said() -> None:
    kinds = ["reference", "blur 1", "blur 2", "blur 2", "blur 4"]
    values = torch.tensor([[1.0], [0.8], [0.5], [0.4], [0.1]], dtype=torch.float64)
    said = pseudo_scores(values, kinds, JUDGED)
    assert said[2] > said[3]
    assert float(said[2:4].mean()) == pytest.approx(0.5, abs=1e-6)


def test_the_table_in_the_package_is_read() -> None:
    levels = read_judged_levels(FOLDER / "kadid10k.csv")
    assert len(levels.levels) == 25
    assert levels.score("jpeg 43") > levels.score("jpeg 24") > levels.score("jpeg 4")
    assert {"jpeg", "gaussian-blur"} <= set(levels.shapes)
    assert "saturation-hsv" not in levels.shapes


@pytest.mark.parametrize(
    "text",
    ["degradation,mos\njpeg,3\n", "degradation,value,mos,shape\njpeg,20,9,1\n",
     "degradation,value,mos,shape\njpeg,20,,1\n", "degradation,value,mos,shape\njpeg,a,3,1\n", ""],
)  # fmt: skip
def test_a_table_of_other_columns_or_scores_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=r"a\.csv: .*the columns degradation, value, mos"):
        read_judged_levels(tmp_path / "a.csv")


def test_judged_levels_are_written_alike_by_every_process() -> None:
    program = (
        "from harness.dri.training.config_files import packaged; "
        "from harness.dri.training.pseudo_scores import read_judged_levels as read; "
        "print(read(packaged('kadid10k.csv')))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert "gaussian-blur" in said.pop()
