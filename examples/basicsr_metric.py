"""BasicSR: any metric of restobench in the `val: metrics:` section of a training's options.

    val:
      metrics:
        ssim: {type: restobench, metric: ssim-y, crop_border: 4, better: higher}

Import this module before the training starts; it adds `restobench` to BasicSR's METRIC_REGISTRY.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

import harness
from harness.basicsr_shim import import_basicsr

REGISTRY = import_basicsr("basicsr.utils.registry").METRIC_REGISTRY
Bytes = npt.NDArray[np.uint8]


@REGISTRY.register()
def restobench(img: Bytes, img2: Bytes, metric: str, crop_border: int = 0, **_: Any) -> float:
    """Scores what BasicSR has restored.

    Args:
        img: The restored image, (H, W, C) in the order BGR.
        img2: Its reference.
        metric: Of `restobench list metrics`; one without reference looks at `img` alone.
        crop_border: Pixels cut from each side for metrics with a reference.
    """
    restored, reference = (from_basicsr(item) for item in (img, img2))
    [row] = harness.score(
        restored, metric, reference=reference, crop_border=crop_border
    ).itertuples()
    if isinstance(row.error, str):
        raise ValueError(row.error)
    return float(row.value)


def from_basicsr(image: Bytes) -> npt.NDArray[np.float32]:
    """Turns (H, W, C) or (H, W) bytes in the order BGR into float32 (C, H, W) in [0, 1]."""
    planes = np.atleast_3d(image)[:, :, ::-1].transpose(2, 0, 1)
    return np.ascontiguousarray(planes, np.float32) / np.float32(255)


def main() -> None:
    calculate_metric = import_basicsr("basicsr.metrics").calculate_metric
    generator = np.random.default_rng(0)
    reference = generator.integers(0, 200, (64, 80, 3), np.uint8)
    restored = reference + generator.integers(0, 20, reference.shape, np.uint8)
    data = {"img": restored, "img2": reference}  # as BasicSR's models hand them over
    options = {"type": "restobench", "metric": "psnr-y", "crop_border": 2, "better": "higher"}
    theirs = {"type": "calculate_psnr", "crop_border": 2, "test_y_channel": True}
    print(f"psnr-y {calculate_metric(data, options):.4f} dB by restobench")
    print(f"psnr-y {calculate_metric(data, theirs):.4f} dB by BasicSR itself")


if __name__ == "__main__":
    main()
