"""The weights in the package. Apart from `harness.dri.weights`, so that `restobench list` needs no torch."""

from pathlib import Path

SHIPPED = Path(__file__).with_name("weights") / "dri.safetensors"
TRAINING_IMAGES = SHIPPED.with_name("training-images.json")
SHIPPED_SHA256 = "9f5b51db151f4139dca750d514d93cfd5aad169acc04ce111768dbc1bd75a75d"
