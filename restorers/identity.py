"""The degraded image itself: what every restorer has to beat."""

from harness.protocols import Conditions, RestorerCard
from restorers._arrays import Image
from restorers._classical import Classical


class Identity(Classical):
    """Returns its input; sets that change the size are not supported."""

    card = RestorerCard(name="identity", parameters=0, licence="Apache-2.0", source="restobench")

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Returns a copy of the input (C, H, W)."""
        return image.copy()
