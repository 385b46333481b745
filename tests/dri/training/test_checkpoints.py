"""What a stage keeps, when it has lost its numbers, and when somebody has damaged it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from harness.dri.training.checkpoints import StageProgress
from harness.errors import InputError


def progress(folder: Path, name: str = "stage2-0") -> StageProgress:
    network = nn.Linear(2, 1)
    return StageProgress(folder, name, network, torch.optim.AdamW(network.parameters()))


def test_a_training_that_diverged_writes_nothing(tmp_path: Path) -> None:
    stage = progress(tmp_path)
    stage.keep(0, {"mos": torch.tensor(0.5)}, "stage 2, epoch 1", str)
    before = stage.checkpoint.read_bytes()
    with pytest.raises(InputError, match="stage 2, epoch 2: the loss order is no number any more"):
        stage.keep(1, {"mos": torch.tensor(0.5), "order": torch.tensor(torch.nan)},
                   "stage 2, epoch 2", str)  # fmt: skip
    assert stage.checkpoint.read_bytes() == before
    assert progress(tmp_path).start == 1


@pytest.mark.parametrize("content", [b"", b"junk", b"PK\x03\x04", None], ids=repr)
@pytest.mark.parametrize("suffix", ["pt", "csv"])
def test_what_was_damaged_is_named(tmp_path: Path, suffix: str, content: bytes | None) -> None:
    stage = progress(tmp_path)
    stage.keep(0, {"mos": torch.tensor(0.5)}, "stage 2, epoch 1", str)
    path = tmp_path / f"stage2-0.{suffix}"
    path.write_bytes(path.read_bytes()[:3] if content is None else content)
    with pytest.raises(InputError, match=rf"stage2-0\.{suffix} is damaged.*: delete it and run"):
        progress(tmp_path)
