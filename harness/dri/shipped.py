"""The weights in the package. Apart from `harness.dri.weights`, so that `restobench list` needs no torch."""

from pathlib import Path

SHIPPED = Path(__file__).with_name("weights") / "dri.safetensors"
TRAINING_IMAGES = SHIPPED.with_name("training-images.json")
SHIPPED_SHA256 = "18e75baeb4f318d5341da65c2ccaf50b6f68171e41cad3c8a5a46f855b328e5e"
