"""Degradations one after the other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, ClassVar

from harness.conditions import Conditions, conditions_of
from harness.errors import InputError
from harness.protocols import Degradation, InformedDegradation

if TYPE_CHECKING:
    import numpy as np

    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Chain:
    """Degradations applied in their order, which draw from one generator.

    What they know is known of the chain.

    Args:
        steps: The degradations.
    """

    steps: tuple[Degradation, ...]
    name: ClassVar[str] = "chain"

    @property
    def params(self) -> Mapping[str, object]:
        """Names and parameters of the steps."""
        return {"steps": [{"name": item.name, **item.params} for item in self.steps]}

    @property
    def conditions(self) -> Conditions:
        """What the steps tell a restorer of every image."""
        return reduce(Conditions.then, map(conditions_of, self.steps), Conditions())

    def __call__(self, image: Image, generator: np.random.Generator) -> Image:
        """Degrades (C, H, W)."""
        return self.degrade(image, generator)[0]

    def degrade(self, image: Image, generator: np.random.Generator) -> tuple[Image, Conditions]:
        """Degrades (C, H, W), and tells what is known of this image.

        Raises:
            InputError: A mask no longer fits, because a later step changes the size.
        """
        known = Conditions()
        for item in self.steps:
            image, more = degrade(item, image, generator)
            known = known.then(more)
        if known.mask is not None and known.mask.shape != image.shape[1:]:
            raise InputError(
                "a chain changes the size after pixels went missing: put the missing pixels last"
            )
        return image, known

    def hash(self) -> str:
        """The first 12 hex digits of the SHA-256 over names and parameters."""
        return hashlib.sha256(json.dumps(self.params, sort_keys=True).encode()).hexdigest()[:12]


def degrade(
    degradation: Degradation, image: Image, generator: np.random.Generator
) -> tuple[Image, Conditions]:
    """Degrades one image, and tells what is known of it."""
    if isinstance(degradation, InformedDegradation):
        return degradation.degrade(image, generator)
    return degradation(image, generator), conditions_of(degradation)
