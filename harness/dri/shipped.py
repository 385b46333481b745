"""The weights in the package. Apart from `harness.dri.weights`, so that `restobench list` needs no torch."""

from pathlib import Path

SHIPPED = Path(__file__).with_name("weights") / "dri.safetensors"
TRAINING_IMAGES = SHIPPED.with_name("training-images.json")
SHIPPED_SHA256 = "a00e501838c24cd70d8b0e8f2576d07cbaacfb6a84f0fc13ef1cbe3739de399c"
