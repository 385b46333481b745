"""A network in a file of its own, from one image to one: what ONNX, ncnn and torch's programs have in common."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InputError
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.tiling import tile
from restorers._specification import positive, specified

if TYPE_CHECKING:
    from harness.images import Image


class NetworkFile(Restorer):
    """Makes the card of what the file and the user say, and runs the network tile by tile."""

    card: RestorerCard

    def describe(
        self,
        path: str,
        *,
        channels: int,
        scale: int | None,
        said: dict[str, Any],
        tile_size: int,
        overlap: int,
        sides: tuple[int, int] | None = None,
        **more: Any,
    ) -> None:
        """Makes the card; to be called when `run` works.

        Args:
            path: The file.
            channels: Planes the network takes.
            scale: Factor by which it enlarges, or `None`: it is measured.
            said: What the user said of it, see `restorers._specification`.
            tile_size: Height and width of a tile in degraded pixels; 0: whole images.
            overlap: Pixels that neighbouring tiles share.
            sides: The only height and width that the network takes, if there are such.
            more: Fields of the card.

        Raises:
            InputError: The network does not go from image to image, or something that was said
                makes no sense.
        """
        if scale is None:
            scale = self._measure_scale(path, channels, sides or (64, 64))
        self._tile = min(sides) if sides else tile_size or 2**31
        self._overlap = min(overlap, self._tile // 4)
        self._sides = sides
        card = RestorerCard(
            name=Path(path).stem,
            tasks=(Task.SUPER_RESOLVE,) if positive("scale", scale) > 1 else (),
            scales=(scale,),
            channels=(channels,),
            size_minimum=min(sides) if sides else 1,
            licence="unknown",
            **more,
        )
        self.card = specified(card, **said)

    @abstractmethod
    def run(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W)."""

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to (C, scale * H, scale * W)."""
        return tile(
            self._run_padded,
            image,
            scale=self.card.scales[0],
            size=self._tile,
            overlap=self._overlap,
        )

    def _run_padded(self, image: Image) -> Image:
        import numpy as np

        height, width = image.shape[1:]
        wanted = self._sides or (height, width)
        padding = ((0, 0), (0, max(0, wanted[0] - height)), (0, max(0, wanted[1] - width)))
        restored = self.run(np.pad(image, padding, mode="symmetric"))
        scale = self.card.scales[0]
        return np.ascontiguousarray(restored[:, : height * scale, : width * scale])

    def _measure_scale(self, path: str, planes: int, sides: tuple[int, int]) -> int:
        """By what factor the network enlarges: a grey image of `sides` is run through it once."""
        import numpy as np

        given = f"{planes} x {sides[0]} x {sides[1]} values"
        try:
            shape = self.run(np.full((planes, *sides), 0.5, dtype=np.float32)).shape
        except Exception as error:  # every library has types of its own
            seen = " ".join(str(error).split())[:300]
            hint = "; a grey network wants :channels=1" if planes == 3 else ""
            raise InputError(f"{path} does not run on {given}: {seen}{hint}") from error
        scale = shape[1] // sides[0] if len(shape) == 3 else 0
        if scale < 1 or shape != (planes, scale * sides[0], scale * sides[1]):
            raise InputError(
                f"{path} turns {given} into {shape}; expected a whole multiple of height and width"
            )
        return scale
