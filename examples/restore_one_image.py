"""The library without the command line.

Degrades one packaged photograph, restores it with three restorers and scores each.
"""

from skimage import data

import harness
from harness.images import from_uint8


def main() -> None:
    photo = from_uint8(data.coffee()[:192, :192])
    noisy = harness.degrade(photo, "gaussian-noise:sigma_255=25", seed=1)
    known = harness.Conditions(sigma_255=25)
    for name in ("identity", "nl-means", "tv"):
        restored = harness.restore(noisy, name, known)
        frame = harness.score(restored, ["psnr", "dri"], reference=photo).set_index("metric")
        psnr, dri = frame.loc["psnr"], frame.loc["dri"]
        print(f"{name:10} psnr {psnr.value:5.2f} dB, dri {dri.value:4.1f} +- {dri.spread:.1f}")


if __name__ == "__main__":
    main()
