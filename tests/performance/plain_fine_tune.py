"""A plain fine-tune of the scorer's ImageNet network: what the scorer has to beat.

    python tests/performance/plain_fine_tune.py [SPLIT ...]     default: 0 1 2 3

On the splits of `train dri splits`, a quarter of an hour of one core each: 8 epochs of 384 x 384
crops and their mirror images, batches of 16, AdamW, Huber and PLCC losses; whole images judge it.
"""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import numpy as np
import timm
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.dri.lessons.losses import plcc_loss
from harness.dri.network.imagenet import IMAGENET
from harness.images import read_image
from harness.scoring.correlation import correlations
from harness.scoring.mos import read_labels
from harness.zoo import fetch

BACKBONE = "tf_efficientnet_lite0"
EPOCHS, BATCH, CROP, RATE = 8, 16, 384, 3e-4


def imagenet_network() -> nn.Module:
    """The network with ImageNet's weights and one new output.

    That one starts at the middle of the scale.
    """
    network: nn.Module = timm.create_model(BACKBONE, pretrained=False, num_classes=1)
    [file] = fetch([IMAGENET[BACKBONE]])
    theirs = torch.load(file, map_location="cpu", weights_only=True).values()
    own = [key for key in network.state_dict() if not key.startswith("classifier.")]
    network.load_state_dict(dict(zip(own, theirs, strict=False)), strict=False)
    nn.init.zeros_(network.classifier.weight)
    nn.init.constant_(network.classifier.bias, 0.5)
    return network.to(memory_format=torch.channels_last)


def scores(network: nn.Module, images: Tensor) -> Tensor:
    """Scores (N,) of images (N, 3, H, W) of whole numbers up to 255."""
    centred = (images.float() - 127) / 128
    return network(centred.contiguous(memory_format=torch.channels_last))[:, 0]


def crop(image: Tensor) -> Tensor:
    """A random crop, mirrored in half of the cases."""
    top, left = (int(torch.randint(side - CROP + 1, ())) for side in image.shape[1:])
    part = image[:, top : top + CROP, left : left + CROP]
    return part.flip(2) if torch.rand(()) < 0.5 else part


def train(images: list[Tensor], mos: Tensor, rows: Tensor) -> nn.Module:
    """Fine-tunes on some rows."""
    network = imagenet_network().train()
    optimiser = torch.optim.AdamW(network.parameters())
    steps = EPOCHS * math.ceil(len(rows) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps, pct_start=0.1)
    for epoch in range(EPOCHS):
        total = 0.0
        for chunk in rows[torch.randperm(len(rows))].split(BATCH):
            predicted = scores(network, torch.stack([crop(images[row]) for row in chunk.tolist()]))
            huber = F.huber_loss(predicted, mos[chunk], delta=0.1)
            loss = 5 * huber + plcc_loss(predicted, mos[chunk])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chunk) / len(rows)
        print(f"epoch {epoch + 1}/{EPOCHS}: {total:.4f}", flush=True)
    return network.eval()


def main() -> None:
    """Prints SRCC and PLCC of each split."""
    labelled = read_labels(Path(os.environ["RESTOBENCH_DATA"]) / "livec")
    pixels = (read_image(item.path, mode="rgb") * 255 for item in labelled)
    images = [torch.from_numpy(np.rint(image).astype(np.uint8)) for image in pixels]
    mos = torch.tensor([item.mos / 100 for item in labelled])
    for split in [int(text) for text in sys.argv[1:]] or [0, 1, 2, 3]:
        torch.manual_seed(split)
        order = torch.from_numpy(np.random.default_rng(split).permutation(len(labelled)))
        cut = round(0.8 * len(order))
        network = train(images, mos, order[:cut])
        with torch.inference_mode():
            said = [float(scores(network, images[row][None])) for row in order[cut:].tolist()]
        found = correlations(said, mos[order[cut:]].tolist())
        print(f"split {split}: SRCC {found['srcc']:.4f}, PLCC {found['plcc']:.4f}", flush=True)


if __name__ == "__main__":
    main()
