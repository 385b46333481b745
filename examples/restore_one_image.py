"""Degrade one packaged photograph, restore it with two restorers, score both: the library without the command line."""

import numpy as np

from harness.plugins import metrics, parse_restorer, resolve_set
from harness.restoring.adaptation import restore_image


def main() -> None:
    noisy = resolve_set("photos-sigma25")
    sample = noisy.sample("coffee")
    dri, psnr = metrics.get("dri")(), metrics.get("psnr")()
    for name in ("identity", "nl-means", "tv"):
        restored = restore_image(parse_restorer(name).build(), sample.degraded, noisy.conditions)
        score = dri(restored)
        fidelity = psnr(np.clip(restored, 0, 1), sample.reference).value
        print(f"{name:10} psnr {fidelity:5.2f} dB, dri {score.value:4.1f} +- {score.spread:.1f}")


if __name__ == "__main__":
    main()
