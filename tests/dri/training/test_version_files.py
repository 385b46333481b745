"""Versions on disk, and the pseudo-scores that the metrics' consensus gives them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from harness.dri.training.version_files import consensus, read_versions
from harness.errors import InputError


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


def test_damaged_versions_are_named(tmp_path: Path) -> None:
    (tmp_path / "0000.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"0000\.npz holds no versions"):
        read_versions(tmp_path / "0000.npz")
