"""One image, or a batch of them, through a restorer: measured, and held to what it is alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from harness.images import Image
from harness.protocols import Conditions
from harness.recording import recording
from harness.restoring.adaptation import AloneError
from harness.restoring.build import random_state, seed_everything
from harness.results import Spent
from harness.workers.costs import measure

Restore = Callable[[Sequence[Image], Sequence[Conditions]], list[Image]]

TOLERANCE = {"fp32": 1e-3, "fp16": 4e-3, "bf16": 3e-2}
"""Precision -> how far a value of a batch may be from that of the image alone; white is 1."""


def restore_measured(
    restore: Restore,
    images: Sequence[Image],
    conditions: Sequence[Conditions],
    device: str,
    packages_mib: float,
    agreed: list[int],
) -> tuple[list[Image], Spent]:
    """Restores one image, or several as a batch, and measures it.

    Args:
        restore: `harness.restoring.adaptation.restore_images` with a restorer.
        images: Of one size.
        conditions: What is known of each, of one scale.
        device: `cpu` or `cuda:N`.
        packages_mib: As of `harness.workers.costs.measure`.
        agreed: Scales at which a batch was seen to be what its images are alone; a first batch is
            looked at, and its scale added.

    Returns:
        The restored images, and what each has cost: seconds are its share, memory is that of all.

    Raises:
        AloneError: The images of a batch are not what they are alone.
    """
    count, scale = len(images), conditions[0].scale
    seed_everything()
    state = random_state() if count > 1 else b""
    with recording() as how:
        restored, spent = measure(lambda: restore(images, conditions), device, packages_mib)
    if count > 1 and random_state() != state:
        raise AloneError("it draws random numbers, which would be others in a batch")
    if count > 1 and scale not in agreed:
        seed_everything()
        _compare(restored[-1], restore(images[-1:], conditions[-1:])[0], how.precision)
        agreed.append(scale)
    height, width = images[0].shape[1:]
    computed = replace(spent, tile=how.tile, precision=how.precision, fell_back=how.fell_back)
    share = computed.seconds / count
    return restored, replace(computed, seconds=share, batch=count, height=height, width=width)


def _compare(in_batch: Image, alone: Image, precision: str) -> None:
    difference = float(np.abs(in_batch - alone).max())
    most = TOLERANCE.get(precision, TOLERANCE["fp32"])  # a plugin may call its own what it likes
    if difference > most:
        raise AloneError(
            f"what it returns in a batch differs by up to {difference:.2g} of white from what it "
            f"returns alone; expected at most {most:g} in {precision}"
        )
