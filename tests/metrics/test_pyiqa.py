"""The adapter to pyiqa: its catalogue, its weights, its agreement with our own metrics."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import UnavailableError, UnknownNameError
from harness.images import quantise
from harness.metrics.psnr import PSNR
from harness.metrics.pyiqa import catalogue, family
from harness.metrics.pyiqa_catalogue import DISTRIBUTION_METRICS
from harness.metrics.ssim import SSIM

OFFLINE = {
    "psnr",
    "psnry",
    "ssim",
    "ssimc",
    "ms_ssim",
    "cw_ssim",
    "fsim",
    "gmsd",
    "mad",
    "nlpd",
    "piqe",
    "vif",
    "vsi",
    "entropy",
}


@pytest.fixture
def pair(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    from skimage.data import astronaut

    reference = np.ascontiguousarray(astronaut()[:192, 100:292].transpose(2, 0, 1)).astype(np.float32) / 255
    noisy = reference + generator.normal(0, 0.05, reference.shape)
    return quantise(noisy.astype(np.float32)), reference


def test_catalogue_is_what_the_installed_pyiqa_offers() -> None:
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    installed = {name: options for name, options in DEFAULT_CONFIGS.items() if name not in DISTRIBUTION_METRICS}
    assert set(catalogue()) == set(installed)
    for name, row in catalogue().items():
        assert row["higher_is_better"] is not installed[name].get("lower_better", False), name
        assert row["needs_reference"] is (installed[name].get("metric_mode") == "FR"), name


def test_fourteen_metrics_need_no_weights() -> None:
    assert {name for name, row in catalogue().items() if row["wants"] is None} == OFFLINE


@pytest.mark.parametrize("name", ["fsim", "gmsd", "vsi", "piqe"])
def test_direction_under_noise(name: str, pair: tuple[np.ndarray, np.ndarray], generator: np.random.Generator) -> None:
    restored, reference = pair
    worse = quantise((restored + generator.normal(0, 0.15, restored.shape)).astype(np.float32))
    metric = family.get(f"pyiqa-{name}")()
    arguments = (reference,) if metric.card.needs_reference else ()
    better, noisier = metric(restored, *arguments).value, metric(worse, *arguments).value
    assert (better > noisier) is metric.card.higher_is_better
    assert metric(restored, *arguments).value == better, "the same image, the same score"


def test_psnr_and_ssim_agree_with_ours(pair: tuple[np.ndarray, np.ndarray]) -> None:
    assert family.get("pyiqa-psnr")()(*pair).value == pytest.approx(PSNR()(*pair).value, abs=1e-3)
    assert family.get("pyiqa-ssimc")()(*pair).value == pytest.approx(SSIM()(*pair).value, abs=1e-4)


def test_absent_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"alexnet.*put it at") as raised:
        family.get("pyiqa-lpips")()
    assert str(tmp_path) in str(raised.value)


def test_unknown_name_suggests() -> None:
    with pytest.raises(UnknownNameError, match="pyiqa-lpips"):
        family.get("pyiqa-lpip")
