"""The library without the command line.

Degrades one packaged photograph, restores it with three restorers and scores each.
"""

import numpy as np

from harness.catalogue import find_set
from harness.plugins.kinds import metrics
from harness.plugins.specification import parse_restorer
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer


def main() -> None:
    noisy = find_set("photos-sigma25")
    sample = noisy.sample("coffee")
    dri, psnr = metrics.get("dri")(), metrics.get("psnr")()
    for name in ("identity", "nl-means", "tv"):
        restorer = build_restorer(parse_restorer(name))
        restored = restore_image(restorer, sample.degraded, noisy.conditions)
        score = dri(restored)
        fidelity = psnr(np.clip(restored, 0, 1), sample.reference).value
        print(f"{name:10} psnr {fidelity:5.2f} dB, dri {score.value:4.1f} +- {score.spread:.1f}")


if __name__ == "__main__":
    main()
