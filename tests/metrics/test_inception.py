"""FID's features against pyiqa's own, by Inception with random weights; no weights are needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.errors import ImageError, InputError, UnavailableError
from harness.images import Image, write_image
from harness.metrics.fetching import fetchable, state_of
from harness.metrics.inception import FID, INCEPTION, KID, FIDPatches
from harness.plugins.kinds import image_metric, set_metrics

SIZES = {"a": (300, 340), "b": (257, 400)}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for `TORCH_HOME` with an Inception network of random weights."""
    torch = pytest.importorskip("torch")
    inception = pytest.importorskip("pyiqa.archs.inception")
    home = tmp_path_factory.mktemp("torch")
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception, "load_pretrained_network", lambda *_: None)
        network = inception.fid_inception_v3()
    for module in network.modules():  # as torch makes them, the last features are all but constant
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
    path = home / "hub" / INCEPTION.target
    path.parent.mkdir(parents=True)
    torch.save(network.state_dict(), path)
    return home


@pytest.fixture
def with_weights(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(home))
    # pyiqa looks where its folder was when it was imported
    import pyiqa.utils.download_util

    monkeypatch.setattr(pyiqa.utils.download_util, "DEFAULT_CACHE_DIR", str(home / "hub/pyiqa"))


def images() -> dict[str, Image]:
    generator = np.random.default_rng(5)
    return {
        name: (generator.integers(0, 256, (3, *size)) / 255).astype(np.float32)
        for name, size in SIZES.items()
    }


@pytest.mark.usefixtures("with_weights")
def test_features_are_those_of_clean_fid(tmp_path: Path) -> None:
    from pyiqa.archs.fid_arch import get_folder_features
    from pyiqa.archs.inception import InceptionV3

    for name, image in images().items():
        write_image(tmp_path / f"{name}.png", image)
    known = {"num_workers": 0, "device": "cpu", "mode": "clean", "verbose": False}
    expected = get_folder_features(str(tmp_path), InceptionV3().eval(), **known)
    metric = FID()
    found = np.concatenate([metric.features(image) for image in images().values()])
    assert found.shape == (2, 2048)
    tolerance = 1e-5 * np.abs(expected).max()
    assert np.abs(expected[0] - expected[1]).max() > 1000 * tolerance, "the images differ"
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=tolerance)


@pytest.mark.usefixtures("with_weights")
def test_patches_lie_on_two_grids_and_a_small_image_is_refused() -> None:
    metric = FIDPatches()
    assert len(metric._parts(np.zeros((3, 512, 700), np.float32))) == 4 + 2
    [part] = metric._parts(images()["a"])
    np.testing.assert_array_equal(part, images()["a"][:, :256, :256])
    with pytest.raises(ImageError, match="at least 256x256"):
        metric.features(images()["b"][:, :200])


def test_weights_come_by_zoo_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert FID.wanted() == (INCEPTION,)
    assert fetchable(FID.wanted())
    assert state_of(KID) == "fetchable"
    with pytest.raises(UnavailableError, match="restobench zoo get kid"):
        KID()


def test_where_a_metric_of_images_is_asked_for_one_of_sets_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(set_metrics._added, "a-set-metric", FID)
    with pytest.raises(InputError, match="metric of sets"):
        image_metric("a-set-metric")
