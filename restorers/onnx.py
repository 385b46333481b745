"""A network exported to ONNX: `-r model.onnx`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from restorers._network_file import NetworkFile
from restorers._packages import absent_package

if TYPE_CHECKING:
    from harness.images import Image

_TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}


class OnnxRestorer(NetworkFile):
    """One image in and one out, run by onnxruntime on one CPU thread.

    Layout (planes first or last), number of planes, number type and fixed sizes are read from the
    file. A network of a fixed size is run tile by tile.

    Args:
        device: Only the CPU.
        path: The .onnx file.
        scale: Factor by which the network enlarges; measured where it is not given.
        tile_size: Height and width of a tile in degraded pixels, for networks without a fixed size;
            0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`.
    """

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        scale: int | None = None,
        tile_size: int = 0,
        overlap: int = 16,
        **said: Any,
    ) -> None:
        """Loads the network.

        Raises:
            InputError: The file is missing or damaged, or its input is no image.
        """
        import onnxruntime

        from harness.errors import InputError

        if not Path(path).is_file():
            raise InputError(f"model file {path} does not exist")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises types of its own for every kind of damage
            raise InputError(
                f"{path} cannot be read by onnxruntime {onnxruntime.__version__}: {error}"
            ) from error
        inputs = self._session.get_inputs()
        self._planes_last, planes, sides = _layout(path, inputs)
        self._input, self._type = inputs[0].name, _TYPES[inputs[0].type]
        self.describe(
            path,
            channels=planes,
            scale=scale,
            said=said,
            tile_size=tile_size,
            overlap=overlap,
            sides=sides,
            source="onnxruntime",
            value_range=(0, 255) if self._type == "uint8" else (0, 1),
        )

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install onnxruntime."""
        return absent_package("onnxruntime", "pip install 'restobench[onnx]'")

    def run(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W), in the layout and type of its input."""
        import numpy as np

        fed = image.transpose(1, 2, 0) if self._planes_last else image
        if self._type == "uint8":
            fed = np.rint(np.clip(fed, 0, 255))
        restored = self._session.run(
            None, {self._input: np.ascontiguousarray(fed[None], dtype=self._type)}
        )[0][0]
        restored = restored.transpose(2, 0, 1) if self._planes_last else restored
        result: Image = restored.astype(np.float32)
        return result


def _layout(path: str, inputs: Any) -> tuple[bool, int, tuple[int, int] | None]:
    """Whether planes come last, how many there are, and the fixed height and width, or `None`.

    Raises:
        InputError: There is not one input that is an image.
    """
    from harness.errors import InputError

    shapes = [list(item.shape) for item in inputs]
    types = [item.type for item in inputs]
    if len(shapes) == 1 and len(shapes[0]) == 4 and types[0] in _TYPES:
        for planes_last, planes, sides in (
            (False, shapes[0][1], shapes[0][2:]),
            (True, shapes[0][3], shapes[0][1:3]),
        ):
            if planes in (1, 3):
                fixed = all(isinstance(side, int) for side in sides)
                return planes_last, int(planes), (int(sides[0]), int(sides[1])) if fixed else None
    raise InputError(
        f"{path} has inputs {shapes} of {types}; expected one image, (N, 1 or 3, H, W) or (N, H, "
        "W, 1 or 3)"
    )
