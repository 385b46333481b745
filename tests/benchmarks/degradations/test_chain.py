"""Chains compose, are told apart by their hash, and hand their conditions on.

Practical pipelines are drawn chains.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.degradations.blur import GaussianBlur
from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.missing import MissingPixels
from benchmarks.degradations.mixed import KadidMix
from benchmarks.degradations.noise import GaussianNoiseClipped
from benchmarks.degradations.practical import Bsrgan, RealEsrgan
from benchmarks.degradations.resize import MatlabBicubic
from benchmarks.sources import Photos
from harness.chain import Chain
from harness.errors import InputError
from harness.images import quantise
from harness.protocols import Degradation, InformedDegradation

PHOTO = Photos(64).read("china")


def test_a_chain_is_its_steps_in_order() -> None:
    steps = (GaussianBlur(1.0), MatlabBicubic(2), GaussianNoiseClipped(10.0), Jpeg(50))
    chain = Chain(steps)
    assert isinstance(chain, Degradation)
    assert isinstance(chain, InformedDegradation)
    expected, generator = PHOTO, np.random.default_rng(5)
    for step in steps:
        expected = step(expected, generator)
    assert np.array_equal(chain(PHOTO, np.random.default_rng(5)), expected)
    known = chain.conditions
    assert (known.scale, known.sigma_255, known.quality) == (2, 10.0, 50)
    assert known.kernel == GaussianBlur(1.0).conditions.kernel


def test_order_and_parameters_are_in_the_hash() -> None:
    first, second = Chain((GaussianBlur(1.0), Jpeg(50))), Chain((Jpeg(50), GaussianBlur(1.0)))
    assert len({first.hash(), second.hash(), Chain((GaussianBlur(1.0), Jpeg(51))).hash()}) == 3
    assert first.hash() == Chain((GaussianBlur(1.0), Jpeg(50))).hash()
    assert json.loads(json.dumps(first.params)) == first.params


def test_a_mask_must_fit_what_comes_out() -> None:
    Chain((MatlabBicubic(2), MissingPixels(0.5)))(PHOTO, np.random.default_rng(0))
    with pytest.raises(InputError, match="put the missing pixels last"):
        Chain((MissingPixels(0.5), MatlabBicubic(2)))(PHOTO, np.random.default_rng(0))


@pytest.mark.parametrize("pipeline", [Bsrgan(1), Bsrgan(4), RealEsrgan(1), RealEsrgan(4)])
def test_practical_pipelines_make_files_of_the_right_size(pipeline: Bsrgan | RealEsrgan) -> None:
    made = [pipeline(PHOTO[:, :61], np.random.default_rng(seed)) for seed in range(20)]
    for image in made:
        assert image.shape == (3, -(-61 // pipeline.scale), 64 // pipeline.scale)
        assert np.array_equal(quantise(image), image)
    assert pipeline(PHOTO[:1], np.random.default_rng(0)).shape[0] == 1


@pytest.mark.parametrize("pipeline", [Bsrgan(2), RealEsrgan(2)])
def test_what_is_drawn_is_what_is_done(pipeline: Bsrgan | RealEsrgan) -> None:
    chains = [pipeline.draw(64, 64, np.random.default_rng(seed)) for seed in range(30)]
    assert len({chain.hash() for chain in chains}) == 30
    lengths = {len(chain.steps) for chain in chains}
    assert len(lengths) > 1
    generator = np.random.default_rng(3)
    drawn = pipeline.draw(64, 64, generator)(PHOTO, generator)
    assert np.array_equal(drawn, pipeline(PHOTO, np.random.default_rng(3)))


def test_kadids_mix_takes_no_group_twice() -> None:
    names = [step.name for step in KadidMix(7).draw(np.random.default_rng(0)).steps]
    assert len(set(names)) == 7
