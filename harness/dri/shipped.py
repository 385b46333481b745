"""The weights in the package. Apart from `harness.dri.weights`, so that `restobench list` needs no torch."""

from pathlib import Path

SHIPPED = Path(__file__).with_name("weights") / "dri.safetensors"
TRAINING_IMAGES = SHIPPED.with_name("training-images.json")
SHIPPED_SHA256 = "a58d92bf8731fe75e4e6f7a83eb28d454b86da6b3fe56f876c6cc6d9fba450cf"
