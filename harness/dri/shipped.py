"""The weights in the package.

Apart from `harness.dri.weights`, so that `restobench list` needs no torch.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("weights")
TRAINING_IMAGES = FOLDER / "training-images.json"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A weight file in the package.

    Attributes:
        path: The file.
        sha256: Its hash.
        sets: What it learnt from, by the names in the list of training images.
    """

    path: Path
    sha256: str
    sets: tuple[str, ...]


STATED_TERMS = Shipped(
    FOLDER / "dri-stated-terms.safetensors",
    "cfd8c1b2c43e0227ddd72758d74e04f146f20cb11542369fb1c76ed59a59a0c7",
    ("livec", "train/bsds500/train"),
)
DRI = Shipped(
    FOLDER / "dri.safetensors",
    "316e109ecb9bb7b0e5788295c1a5ed31b282e643b184f2bf6db207657c95554a",
    (*STATED_TERMS.sets, "sr4kiqa", "biq2021"),
)
"""Those of the metric `dri`."""
