"""The adapter to pyiqa: its catalogue, its weights, its agreement with our own metrics."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import ImageError, UnavailableError, UnknownNameError
from harness.images import from_uint8, quantise
from harness.metrics.downloads import WantedFile, hub_folder
from harness.metrics.psnr import PSNR
from harness.metrics.pyiqa import catalogue, family
from harness.metrics.pyiqa_catalogue import DISTRIBUTION_METRICS
from harness.metrics.ssim import SSIM

OFFLINE = {
    "psnr", "psnry", "ssim", "ssimc", "ms_ssim", "cw_ssim", "fsim", "gmsd", "mad", "nlpd", "piqe",
    "vif", "vsi", "entropy",
}  # fmt: skip


Pair = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def pair(generator: np.random.Generator) -> Pair:
    from skimage.data import astronaut

    reference = from_uint8(astronaut()[:192, 100:292])
    noisy = reference + generator.normal(0, 0.05, reference.shape)
    return quantise(noisy.astype(np.float32)), reference


def test_catalogue_is_what_the_installed_pyiqa_offers() -> None:
    from pyiqa.default_model_configs import DEFAULT_CONFIGS

    configs = DEFAULT_CONFIGS.items()
    installed = {name: options for name, options in configs if name not in DISTRIBUTION_METRICS}
    assert set(catalogue()) == set(installed)
    for name, row in catalogue().items():
        assert row["higher_is_better"] is not installed[name].get("lower_better", False), name
        assert row["needs_reference"] is (installed[name].get("metric_mode") == "FR"), name


def test_fourteen_metrics_need_no_weights() -> None:
    rows = catalogue().items()
    assert {name for name, row in rows if not row["files"] and not row["problem"]} == OFFLINE


@pytest.mark.parametrize("name", ["fsim", "gmsd", "vsi", "piqe"])
def test_direction_under_noise(name: str, pair: Pair, generator: np.random.Generator) -> None:
    restored, reference = pair
    worse = quantise((restored + generator.normal(0, 0.15, restored.shape)).astype(np.float32))
    metric = family.get(f"pyiqa-{name}")()
    arguments = (reference,) if metric.card.needs_reference else ()
    better, noisier = metric(restored, *arguments).value, metric(worse, *arguments).value
    assert (better > noisier) is metric.card.higher_is_better
    assert metric(restored, *arguments).value == better, "the same image, the same score"


def test_psnr_and_ssim_agree_with_ours(pair: Pair) -> None:
    assert family.get("pyiqa-psnr")()(*pair).value == pytest.approx(PSNR()(*pair).value, abs=1e-3)
    assert family.get("pyiqa-ssimc")()(*pair).value == pytest.approx(SSIM()(*pair).value, abs=1e-4)


def test_scores_are_repeatable_and_leave_the_random_state_alone(pair: Pair) -> None:
    import torch

    metric: Any = family.get("pyiqa-entropy")()
    metric._model = lambda _: torch.rand(1) + float(np.random.random())
    threads = torch.get_num_threads()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1]
    assert metric(pair[0]).value == metric(pair[0]).value
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("answer", [float("nan"), "raise"])
def test_nan_and_refusals_are_image_errors(answer: Any, pair: Pair) -> None:
    import torch

    metric: Any = family.get("pyiqa-entropy")()

    def model(_: Any) -> Any:
        if answer == "raise":
            raise RuntimeError("Kernel size can't be greater than actual input size")
        return torch.tensor(answer)

    metric._model = model
    with pytest.raises(ImageError, match="pyiqa-entropy"):
        metric(pair[0])


def test_full_reference_metrics_ask_for_one(pair: Pair) -> None:
    with pytest.raises(ImageError, match="got none"):
        family.get("pyiqa-gmsd")()(pair[0])


def test_every_absent_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UnavailableError, match=r"alexnet.*put it at.*LPIPS_v0.1_alex") as raised:
        family.get("pyiqa-lpips")()
    for name in ("checkpoints/alexnet-owt-7be5be79.pth", "pyiqa/LPIPS_v0.1_alex-df73285e.pth"):
        assert str(tmp_path / "hub" / name) in str(raised.value)


def test_a_file_the_catalogue_does_not_know_is_refused_not_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(catalogue()["lpips"], "files", [])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = tmp_path / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth"
    with pytest.raises(UnavailableError, match=re.escape(f"put it at {place}")):
        family.get("pyiqa-lpips")()
    assert not list(tmp_path.rglob("*.pth"))
    assert capsys.readouterr().out == "", "standard output belongs to the rows"


def test_hugging_face_files_are_found_in_their_cache(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    one = WantedFile("hf://timm/resnet50/model.safetensors")
    all_of_it = WantedFile("hf://timm/resnet50")
    assert "`hf download timm/resnet50 model.safetensors`" in one.how_to_get()
    assert not one.is_here()
    snapshot = tmp_path / "models--timm--resnet50" / "snapshots" / "0123"
    snapshot.mkdir(parents=True)
    assert not all_of_it.is_here()
    (snapshot / "model.safetensors").touch()
    assert one.is_here()
    assert all_of_it.is_here()


def test_hub_folder_is_torchs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import torch

    cache, home = {"XDG_CACHE_HOME": str(tmp_path)}, {"TORCH_HOME": str(tmp_path / "torch")}
    for variables in ({}, cache, home):
        with monkeypatch.context() as patch:
            patch.delenv("TORCH_HOME", raising=False)
            for name, value in variables.items():
                patch.setenv(name, value)
            assert str(hub_folder()) == torch.hub.get_dir()


def test_a_package_that_pyiqa_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    cls, row = family.get("pyiqa-qalign"), catalogue()["qalign"]
    problem = "ModuleNotFoundError: No module named"
    monkeypatch.setitem(row, "problem", f"{problem} 'no_such_package'")
    assert "pip install no_such_package" in str(cls.missing())
    monkeypatch.setitem(row, "problem", f"{problem} 'numpy'")
    assert cls.missing() is None, "what was missing when the catalogue was written is here now"


def test_cards_carry_the_licence_and_bounds() -> None:
    assert all("PolyForm-Noncommercial" in family.get(name).card.licence for name in family.names())
    assert family.get("pyiqa-piqe").card.bounds == (0, 100)
    assert family.get("pyiqa-gmsd").card.bounds == (0, math.inf)
    assert family.get("pyiqa-psnr").card.bounds == (-math.inf, math.inf)


def test_listing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from harness.metrics.pyiqa import family;"
        "[family.get(n).missing() for n in family.names()];"
        "assert not {'torch', 'numpy', 'pyiqa', 'timm'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_name_suggests() -> None:
    with pytest.raises(UnknownNameError, match="pyiqa-lpips"):
        family.get("pyiqa-lpip")
