"""Synthetic pairs: what a batch depends on, and the pseudo-scores."""

from __future__ import annotations

import numpy as np
import torch

from harness.dri.training.data import SyntheticPairs, pseudo_score


def test_a_batch_depends_on_seed_and_step_alone(pairs: SyntheticPairs) -> None:
    one, again, other = pairs.batch(3, 2, 2, 48), pairs.batch(3, 2, 2, 48), pairs.batch(4, 2, 2, 48)
    assert torch.equal(one.degraded, again.degraded)
    assert not torch.equal(one.degraded, other.degraded)
    assert one.degraded.shape == one.reference.shape == (4, 3, 48, 48)
    assert one.contents.tolist() == [0, 0, 1, 1]
    assert torch.equal(one.types, (one.levels > 0).float()), "mixtures have two types"
    assert set(one.types.sum(1).tolist()) <= {1, 2}
    assert 0 < float(one.scores.min()) <= float(one.scores.max()) < 1


def test_a_pseudo_score_is_one_for_identical_images(generator: np.random.Generator) -> None:
    image = generator.random((3, 32, 32), dtype=np.float32)
    noisy = np.clip(image + 0.1 * generator.standard_normal(image.shape), 0, 1).astype(np.float32)
    assert pseudo_score(image, image) == 1
    assert 0 < pseudo_score(noisy, image) < 0.9
