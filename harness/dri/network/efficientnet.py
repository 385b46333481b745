"""EfficientNet-Lite without its head, for inference and fine-tuning.

Tan & Le, EfficientNet, ICML 2019; the Lite variants (Google, 2020) have ReLU6 and no squeeze and
excitation, and the widths and depths of their stem, first and last stage are not scaled. Batch
normalisation is folded into the convolutions, whose names are timm's: weight files have them.
"""

import math
from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import InputError

# blocks, kernel, stride of the first block, expansion, channels: those of EfficientNet-B0
STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)  # fmt: skip
STEM = 32
SCALES = {"tf_efficientnet_lite0": (1.0, 1.0), "tf_efficientnet_lite2": (1.1, 1.2)}
"""timm's name of the network -> how much wider and deeper than EfficientNet-B0 its stages are."""


class SameConv2d(nn.Conv2d):
    """Pads as TensorFlow does: of an odd number of rows or columns, the right and bottom get more.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        kernel: Pixels a side.
        stride: In both directions.
        groups: As in `nn.Conv2d`.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        # without a stride both sides get the same, which the convolution does itself
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups)

    def forward(self, input: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride))."""
        [kernel, _], [stride, _] = self.kernel_size, self.stride
        if stride > 1:
            lacking = [max(kernel - (side % stride or stride), 0) for side in input.shape[:1:-1]]
            input = F.pad(input, [part for n in lacking for part in (n // 2, n - n // 2)])
        return super().forward(input)


class Block(nn.Sequential):
    """An inverted residual: wider by 1x1, filtered channel by channel, narrower by 1x1.

    Args:
        inputs: Channels in.
        outputs: Channels out; as many as came in, without a stride, are added to what came in.
        kernel: Of the filter.
        stride: Of the filter.
        expansion: How much wider; 1: the filter comes first.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        width = inputs * expansion
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        if expansion > 1:
            layers |= {"conv_pw": nn.Conv2d(inputs, width, 1), "bn1": nn.ReLU6(inplace=True)}
        layers |= {
            "conv_dw": SameConv2d(width, width, kernel, stride, groups=width),
            "bn2": nn.ReLU6(inplace=True),
            "conv_pwl" if expansion > 1 else "conv_pw": nn.Conv2d(width, outputs, 1),
        }
        super().__init__(layers)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, input: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, ceil(H / stride), ceil(W / stride))."""
        found = input
        for layer in self:
            found = layer(found)
        return found + input if self.is_residual else found


def build_stages(name: str) -> tuple[nn.Sequential, nn.ModuleList]:
    """Stem and stages of a network, with random weights.

    Args:
        name: timm's; one of `SCALES`.

    Raises:
        InputError: Another name.
    """
    if name not in SCALES:
        raise InputError(f"backbone is {name!r}; expected one of {', '.join(SCALES)}")
    wider, deeper = SCALES[name]
    stages, inputs = [], STEM
    for number, (blocks, kernel, stride, expansion, channels) in enumerate(STAGES):
        outputs = int(channels * wider + 4) // 8 * 8
        inner = 0 < number < len(STAGES) - 1
        depth = math.ceil(blocks * deeper) if inner else blocks
        widths = [inputs, *[outputs] * depth]
        strides = [stride, *[1] * (depth - 1)]
        sizes = zip(widths, widths[1:], strides, strict=False)
        stages.append(nn.Sequential(*(Block(a, b, kernel, s, expansion) for a, b, s in sizes)))
        inputs = outputs
    stem = nn.Sequential(SameConv2d(3, STEM, 3, 2), nn.ReLU6(inplace=True))
    return stem, nn.ModuleList(stages)
