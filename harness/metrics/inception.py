"""FID, KID and a patch-wise FID: pyiqa's Inception network, its weights by `restobench zoo get`."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, ClassVar

from harness.cards import SetMetricCard
from harness.errors import ImageError, UnavailableError
from harness.metrics.downloads import WantedFile, refuse
from harness.metrics.fetching import check
from harness.protocols import SetMetric

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from harness.images import Image

_FILE = "pt_inception-2015-12-05-6726825d.pth"
_HUB = "https://huggingface.co/chaofengc/IQA-PyTorch-Weights/resolve/main"
INCEPTION = WantedFile(f"{_HUB}/{_FILE}", f"pyiqa/{_FILE}")
"""The network that FID is defined by (TensorFlow's, of 2015), as pyiqa looks for it."""

SIZE = 299
PATCH = 256
SINGULAR = 2048
"""Of fewer vectors than each has numbers, a covariance is singular, and FID tells little."""

_LICENCE = "PolyForm-Noncommercial-1.0.0 (pyiqa); weights Apache-2.0"


class InceptionMetric(SetMetric):
    """Features of Inception's last pooling, each image resized to 299 x 299 as clean-fid does."""

    smallest: ClassVar[int] = 1

    def __init__(self, device: str = "cpu") -> None:
        """Builds the network.

        Raises:
            UnavailableError: Its weights are not here.
            InputError: They have changed since they were fetched.
        """
        if reason := self.missing():
            raise UnavailableError(f"{self.card.name}: {reason}")
        check(INCEPTION)
        with redirect_stdout(sys.stderr), refuse(lambda _: None):
            from pyiqa.archs.inception import InceptionV3

            self._network = InceptionV3().eval().to(device)
        self._device = device

    @classmethod
    def missing(cls) -> str | None:
        """Says which file is absent, and how to get it."""
        if importlib.util.find_spec("pyiqa") is None:
            return "pyiqa is not installed: pip install pyiqa"
        if INCEPTION.is_here():
            return None
        by_hand = INCEPTION.how_to_get()
        return f"weights are not here: run `restobench zoo get {cls.card.name}`, or {by_hand}"

    @classmethod
    def wanted(cls) -> tuple[WantedFile, ...]:
        """The weight file."""
        return (INCEPTION,)

    def features(self, image: Image) -> npt.NDArray[np.float32]:
        """Describes one image.

        Returns:
            (1, 2048), or (patches, 2048).

        Raises:
            ImageError: It is too small.
        """
        import numpy as np
        import torch

        height, width = image.shape[1:]
        if min(height, width) < self.smallest:
            raise ImageError(
                f"{self.card.name} needs at least {self.smallest}x{self.smallest} pixels; this "
                f"image is {width}x{height}"
            )
        found = []
        with torch.no_grad():
            for part in self._parts(image):
                planes = torch.from_numpy((_resized(part) - 128) / 128)[None]
                described = self._network(planes.to(self._device), False, False)[0]
                found.append(described.flatten().cpu().numpy())
        return np.stack(found)

    def _parts(self, image: Image) -> list[Image]:
        return [image]

    def distance(
        self, restored: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]
    ) -> float:
        """The Frechet distance."""
        from harness.statistics.set_distances import frechet

        return frechet(restored, reference)


def _resized(image: Image) -> npt.NDArray[np.float32]:
    """Levels (3, 299, 299) in [0, 255]: each plane by Pillow's bicubic filter, in floats."""
    import numpy as np
    from PIL import Image as PillowImage

    planes = (
        PillowImage.fromarray(plane).resize((SIZE, SIZE), PillowImage.Resampling.BICUBIC)
        for plane in np.ascontiguousarray(image * np.float32(255))
    )
    return np.stack([np.asarray(plane) for plane in planes]).clip(0, 255)


class FID(InceptionMetric):
    """Frechet Inception distance between restored images and references (Heusel et al. 2017)."""

    card = SetMetricCard(
        name="fid",
        rank_from=SINGULAR,
        bounds=(0.0, float("inf")),
        licence=_LICENCE,
        source="Heusel et al. 2017; resized as by Parmar et al. 2022 (clean-fid)",
    )


class FIDPatches(InceptionMetric):
    """FID over patches of 256 x 256, on a grid and on the same moved by half (FID/256).

    For restoration, where a set has a hundred images (Mentzer et al. 2020).
    """

    smallest = PATCH
    card = SetMetricCard(
        name="fid-patches",
        rank_from=SINGULAR,
        vectors="patches",
        bounds=(0.0, float("inf")),
        licence=_LICENCE,
        source="Mentzer et al. 2020 (FID/256); resized as by Parmar et al. 2022",
    )

    def _parts(self, image: Image) -> list[Image]:
        height, width = image.shape[1:]
        return [
            image[:, top : top + PATCH, left : left + PATCH]
            for start in (0, PATCH // 2)
            for top in range(start, height - PATCH + 1, PATCH)
            for left in range(start, width - PATCH + 1, PATCH)
        ]


class KID(InceptionMetric):
    """Kernel Inception distance (Binkowski et al. 2018): without bias, so that fewer images do."""

    card = SetMetricCard(
        name="kid",
        rank_from=100,
        licence=_LICENCE,
        source="Binkowski et al. 2018; resized as by Parmar et al. 2022 (clean-fid)",
    )

    def distance(
        self, restored: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]
    ) -> float:
        """The squared maximum mean discrepancy."""
        from harness.statistics.set_distances import polynomial_mmd

        return polynomial_mmd(restored, reference)
