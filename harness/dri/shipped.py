"""Where the weights in the package are.

Apart from `harness.dri.weights`, so that `restobench list` needs no torch.
"""

from pathlib import Path

SHIPPED = Path(__file__).with_name("weights") / "dri.safetensors"
TRAINING_IMAGES = SHIPPED.with_name("training-images.json")
SHIPPED_SHA256 = "95a2aeff8e8cf4f74b563400313006f1e14bca4e58a88905440646f1ad28a065"
