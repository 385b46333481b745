"""Sets: deterministic, independent of order, paired by name, honest about what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.degradations.compression import Jpeg
from benchmarks.degradations.missing import MissingPixels
from benchmarks.degradations.noise import GaussianNoise, GaussianNoiseClipped
from benchmarks.degradations.resize import MatlabBicubic
from benchmarks.photos import family as photos
from benchmarks.sets import PairedSet, SyntheticSet, UnreferencedSet
from benchmarks.sources import Folder
from harness.errors import HarnessError, ImageError, InputError
from harness.images import check_image, image_hash, write_image
from harness.plugins.kinds import sets
from harness.protocols import Conditions, DegradedSet, Task


@pytest.fixture
def folder(tmp_path: Path, generator: np.random.Generator) -> Path:
    (tmp_path / "images").mkdir()
    for name in ("a", "b", "c"):
        image = generator.random((3, 25, 26), dtype=np.float32)
        write_image(tmp_path / "images" / f"{name}.png", image)
    return tmp_path / "images"


@pytest.mark.parametrize("name", photos.names())
def test_packaged_photos_make_samples(name: str) -> None:
    degraded_set = photos.get(name)()
    assert degraded_set.absent() is None
    ids = degraded_set.ids()
    assert len(ids) == len(set(ids)) == 8
    sample = degraded_set.sample(ids[-1])
    scale = degraded_set.conditions.scale
    assert sample.reference is not None
    check_image(sample.degraded)
    assert sample.reference.shape == (3, 192, 192)
    assert sample.degraded.shape == (3, 192 // scale, 192 // scale)
    assert image_hash(degraded_set.sample(ids[-1]).degraded) == image_hash(sample.degraded)


def test_every_known_set_has_the_shape_of_a_set() -> None:
    for name in sets:
        degraded_set = sets.get(name)()
        assert isinstance(degraded_set, DegradedSet)
        assert degraded_set.name == name
        assert degraded_set.describe()["licence"]


def test_an_absent_set_says_which_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTOBENCH_DATA", str(tmp_path))
    reason = sets.get("set5-x2")().absent()
    assert reason is not None
    assert str(tmp_path / "sets" / "set5") in reason


def test_noise_depends_on_the_name_and_not_on_the_order(folder: Path) -> None:
    clipped, images = GaussianNoiseClipped(25.0), Folder(folder)
    noisy = SyntheticSet("noisy", Task.DENOISE, images, (clipped,))
    forwards = [image_hash(noisy.sample(id).degraded) for id in noisy.ids()]
    backwards = [image_hash(noisy.sample(id).degraded) for id in reversed(noisy.ids())]
    assert forwards == backwards[::-1]
    other = SyntheticSet("noisy", Task.DENOISE, images, (clipped,), seed=1)
    assert image_hash(other.sample("a").degraded) != forwards[0]


def test_noise_of_protocol_e_is_not_clipped_and_that_of_files_is(folder: Path) -> None:
    image = Folder(folder).read("a")
    generator = np.random.default_rng(0)
    unclipped = GaussianNoise(50.0)(image, generator)
    clipped = GaussianNoiseClipped(50.0)(image, generator)
    assert unclipped.min() < 0 < 1 < unclipped.max()
    assert clipped.min() >= 0
    assert clipped.max() <= 1
    assert np.allclose(clipped * 255, np.rint(clipped * 255), atol=1e-4)


def test_a_chain_tells_a_restorer_what_it_knows(folder: Path) -> None:
    chain = SyntheticSet("chain", Task.SUPER_RESOLVE, Folder(folder), (MatlabBicubic(2), Jpeg(40)))
    assert chain.conditions == Conditions(scale=2, quality=40)
    sample = chain.sample("a")
    assert sample.reference is not None
    assert (sample.reference.shape, sample.degraded.shape) == ((3, 24, 26), (3, 12, 13))


def test_a_mask_reaches_the_restorer_image_by_image(folder: Path) -> None:
    holes = SyntheticSet("holes", Task.INPAINT, Folder(folder), (MissingPixels(0.4),))
    assert holes.conditions.knows("mask")
    samples = [holes.sample(id) for id in holes.ids()]
    masks = [sample.conditions.mask for sample in samples if sample.conditions]
    assert [mask is not None and int(mask.sum()) for mask in masks] == [260] * 3
    assert not np.array_equal(masks[0], masks[1])
    for sample, mask in zip(samples, masks, strict=True):
        assert sample.reference is not None
        assert np.array_equal(sample.degraded, np.where(mask, 0, sample.reference))


def paired(folder: Path, names: list[str], size: tuple[int, int] = (12, 13)) -> PairedSet:
    small = folder.parent / "small"
    small.mkdir()
    for name in names:
        write_image(small / f"{name}.png", np.zeros((3, *size), np.float32))
    images, references, twice = Folder(small), Folder(folder), Conditions(scale=2)
    return PairedSet("pairs", Task.SUPER_RESOLVE, images, references, twice, "{id}x2")


def test_pairs_go_by_name(folder: Path) -> None:
    pairs = paired(folder, ["cx2", "ax2", "bx2"])
    assert pairs.ids() == ("a", "b", "c")
    sample = pairs.sample("a")
    assert sample.reference is not None
    assert (sample.reference.shape, sample.degraded.shape) == ((3, 24, 26), (3, 12, 13))


def test_pairs_that_do_not_pair_up_are_named_on_both_sides(folder: Path) -> None:
    pairs = paired(folder, ["ax2", "bx2", "dx2"])
    with pytest.raises(InputError, match=r"missing in .*: cx2; without a reference: dx2"):
        pairs.ids()


def test_a_pair_of_wrong_sizes_is_a_sample_that_fails(folder: Path) -> None:
    with pytest.raises(ImageError, match="x2 of the degraded image"):
        paired(folder, ["ax2", "bx2", "cx2"], size=(10, 10)).sample("a")


def test_a_folder_without_references(folder: Path) -> None:
    alone = UnreferencedSet("alone", Task.BLIND, Folder(folder))
    assert alone.sample("b").reference is None


def test_a_folder_with_two_images_of_one_name_is_refused(folder: Path) -> None:
    write_image(folder / "a.bmp.png", np.zeros((3, 4, 4), np.float32))
    (folder / "a.bmp").write_bytes((folder / "a.png").read_bytes())
    with pytest.raises(HarnessError, match=r"a\.bmp and a\.png"):
        Folder(folder).ids()


def test_a_crop_is_the_centre_and_part_of_what_a_set_is(folder: Path) -> None:
    whole, cropped = Folder(folder), Folder(folder, crop=20)
    assert np.array_equal(cropped.read("a"), whole.read("a")[:, 2:22, 3:23])
    assert cropped.describe() == {**whole.describe(), "crop": 20}
    with pytest.raises(ImageError, match="26 x 25 pixels, smaller than the crop of 26 x 26"):
        Folder(folder, crop=26).read("a")
