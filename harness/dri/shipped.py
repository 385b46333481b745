"""The weights in the package. Apart from `harness.dri.weights`, so that `restobench list` needs no torch."""

from pathlib import Path

SHIPPED = Path(__file__).with_name("weights") / "dri.safetensors"
TRAINING_IMAGES = SHIPPED.with_name("training-images.json")
SHIPPED_SHA256 = "331032e9b34755b34d26d50715fb1c8f60d9a72c614e554d8c2942b7db529adc"
