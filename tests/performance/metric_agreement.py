"""Each metric against a second implementation: the largest difference, and what both cost.

Part of `make bench`.

Prints a Markdown table. Milliseconds are medians on one thread, on 512x512 RGB; they are of this
machine, and their ratio says more than their size.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sources import Photos
from harness.images import quantise, to_luma
from harness.plugins.kinds import metrics
from harness.protocols import Evaluation
from harness.scoring.evaluation import prepare

Pair = tuple[np.ndarray, np.ndarray]
Second = Callable[[np.ndarray, np.ndarray], float]

EVALUATION = Evaluation("rgb")
LIMITS = {
    "psnr": 1e-3, "psnr-y": 1e-3, "ssim": 1e-4, "ssim-y": 1e-4, "ms-ssim": 1e-4,
    "niqe": 0.1, "blur-effect": 1e-5, "pyiqa-fsim": 1e-3, "pyiqa-gmsd": 1e-3,
}  # fmt: skip
"""Largest difference that is agreement, in the metric's unit.

Published NIQEs differ by about 1 % from one another.
"""


def pairs() -> Iterator[Pair]:
    """Photographs and what noise, blur and coarse levels make of them, 512x512.

    Yields (restored, reference).
    """
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(0)
    for name in ("astronaut", "coffee", "chelsea"):
        photo = np.tile(Photos(256).read(name), (1, 2, 2))
        yield quantise((photo + random.normal(0, 0.05, photo.shape)).astype(np.float32)), photo
        yield quantise(gaussian_filter(photo, (0, 1.2, 1.2))), photo
        yield quantise(np.rint(photo * 24) / np.float32(24)), photo


def torch_pair(restored: np.ndarray, reference: np.ndarray) -> list[Any]:
    """Both as tensors (1, C, H, W)."""
    import torch

    return [torch.from_numpy(np.ascontiguousarray(image))[None] for image in (restored, reference)]


def skimage_psnr(restored: np.ndarray, reference: np.ndarray) -> float:
    """scikit-image's PSNR."""
    from skimage.metrics import peak_signal_noise_ratio

    return float(peak_signal_noise_ratio(reference, restored, data_range=1))


def skimage_ssim(restored: np.ndarray, reference: np.ndarray) -> float:
    """scikit-image's SSIM map, without the border that its window does not fill."""
    from skimage.metrics import structural_similarity

    window = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    exact = (reference.astype(float), restored.astype(float))
    _, full = structural_similarity(*exact, channel_axis=0, data_range=1, full=True, **window)
    return float(full[:, 5:-5, 5:-5].mean())


def pyiqa_ms_ssim(restored: np.ndarray, reference: np.ndarray) -> float:
    """pyiqa's MS-SSIM on RGB."""
    from pyiqa.archs.ssim_arch import MS_SSIM

    return float(MS_SSIM(channels=3, test_y_channel=False)(*torch_pair(restored, reference)))


def skimage_y(second: Second) -> Second:
    """On scikit-image's luma instead of ours, of RGB."""
    from skimage.color import rgb2ycbcr

    def measure(restored: np.ndarray, reference: np.ndarray) -> float:
        pair = [image.transpose(1, 2, 0).astype(float) for image in (restored, reference)]
        planes = (rgb2ycbcr(image)[..., 0][None] / 255 for image in pair)
        return second(*planes)

    return measure


def pyiqa_niqe() -> Second:
    """pyiqa's NIQE on the same Y, with the authors' parameters that basicsr carries."""
    import torch
    from pyiqa.archs.niqe_arch import calculate_niqe

    package = importlib.util.find_spec("basicsr")
    assert package is not None, "basicsr is not installed"
    assert package.origin is not None
    stored = np.load(Path(package.origin).with_name("metrics") / "niqe_pris_params.npz")
    names = ("mu_pris_param", "cov_pris_param")
    mean, covariance = (torch.from_numpy(stored[name]).double() for name in names)

    def measure(restored: np.ndarray, _: np.ndarray) -> float:
        image = torch.from_numpy(restored.copy())[None]
        options = {"color_space": "ycbcr", "mu_pris_param": mean, "cov_pris_param": covariance}
        return float(calculate_niqe(image, **options))

    return measure


def crete(restored: np.ndarray, _: np.ndarray) -> float:
    """Crete et al. 2007 written out.

    How much of the differences between neighbours a blur by nine takes away.
    """
    from scipy.ndimage import sobel, uniform_filter1d

    luma = to_luma(restored)[0].astype(np.float64)
    worst = 0.0
    for axis in (0, 1):
        sharp = np.abs(sobel(luma, axis=axis))
        blurred = np.abs(sobel(uniform_filter1d(luma, 11, axis=axis), axis=axis))
        inner = (slice(2, -1), slice(2, -1))
        lost = np.maximum(0, sharp[inner] - blurred[inner]).sum()
        worst = max(worst, abs(sharp[inner].sum() - lost) / sharp[inner].sum())
    return worst


def piq(name: str, **options: Any) -> Second:
    """A functional metric of piq."""
    import piq as package

    measure = getattr(package, name)
    return lambda *pair: float(measure(*torch_pair(*pair), **options))


def seconds_implementations() -> dict[str, tuple[str, Second]]:
    """Metric -> the name of the second implementation, and the implementation."""
    found: dict[str, tuple[str, Second]] = {
        "psnr": ("scikit-image", skimage_psnr),
        "psnr-y": ("scikit-image, its Y", skimage_y(skimage_psnr)),
        "ssim": ("scikit-image", skimage_ssim),
        "ssim-y": ("scikit-image, its Y", skimage_y(skimage_ssim)),
        "ms-ssim": ("pyiqa", pyiqa_ms_ssim),
        "niqe": ("pyiqa", pyiqa_niqe()),
        "blur-effect": ("the paper's formula", crete),
    }
    if importlib.util.find_spec("piq"):
        found |= {
            "pyiqa-fsim": ("piq", piq("fsim")),
            "pyiqa-gmsd": ("piq", piq("gmsd")),
        }
    return found


def milliseconds(call: Callable[[], object], repeats: int = 5) -> float:
    """The median of several calls, after one that does not count.

    Of processor time, for other processes may run.
    """
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times) * 1000


def main() -> bool:
    """Prints the table; says whether all metrics agree."""
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    images, good = list(pairs()), True
    print("| metric | second implementation | largest difference | limit | ms | its ms |")
    print("|---|---|---|---|---|---|")
    for name, (label, second) in seconds_implementations().items():
        metric = metrics.get(name)()

        def ours(pair: Pair, metric: Any = metric) -> float:
            return float(metric(*prepare(*pair, metric.card, EVALUATION, 1)).value)

        largest = max(abs(ours(pair) - second(*pair)) for pair in images)
        good &= largest <= LIMITS[name]
        seen = prepare(*images[0], metric.card, EVALUATION, 1)
        spent = milliseconds(lambda metric=metric, seen=seen: metric(*seen))
        other = milliseconds(lambda second=second: second(*images[0]))
        differs = f"{largest:.1e} | {LIMITS[name]:g}"
        print(f"| `{name}` | {label} | {differs} | {spent:.1f} | {other:.1f} |", flush=True)
    for name in ("dri", "brisque", "pyiqa-vsi", "pyiqa-piqe"):
        cls = metrics.get(name)
        if cls.missing() is None:
            metric = cls()
            seen = prepare(*images[0], metric.card, EVALUATION, 1)
            spent = milliseconds(lambda metric=metric, seen=seen: metric(*seen), 3)
            print(f"| `{name}` | none at hand | | | {spent:.1f} | |", flush=True)
    return good


if __name__ == "__main__":
    raise SystemExit(not main())
