"""A network exported to ONNX: `-r model.onnx`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.protocols import Conditions, Restorer, RestorerCard, Task
from restorers._packages import absent_package

if TYPE_CHECKING:
    from harness.images import Image


class OnnxRestorer(Restorer):
    """One input (N, C, H, W) and one output, run by onnxruntime on one CPU thread.

    Args:
        device: Only the CPU.
        path: The .onnx file.
        scale: Factor by which the network enlarges.
        range: Largest input value the network expects: 1, or 255.
    """

    def __init__(self, *, path: str, device: str = "cpu", scale: int = 1, range: float = 1.0) -> None:
        """Loads the network.

        Raises:
            InputError: The file is missing or damaged, or has another layout.
        """
        import onnxruntime

        from harness.errors import InputError

        if not Path(path).is_file():
            raise InputError(f"model file {path} does not exist")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises types of its own for every kind of damage
            raise InputError(f"{path} cannot be read by onnxruntime {onnxruntime.__version__}: {error}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].shape[1] not in (1, 3):
            shapes = [item.shape for item in inputs]
            raise InputError(f"{path} has inputs {shapes}; expected one of (N, 1 or 3, H, W)")
        self._input, self._range = inputs[0].name, range
        self.card = RestorerCard(
            name=Path(path).stem,
            tasks=(Task.SUPER_RESOLVE,) if scale > 1 else (),
            scales=(scale,),
            channels=(int(inputs[0].shape[1]),),
            licence="unknown",
            source="onnxruntime",
        )

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install onnxruntime."""
        return absent_package("onnxruntime", "pip install 'restobench[onnx]'")

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to (C, scale * H, scale * W)."""
        import numpy as np

        restored = self._session.run(None, {self._input: image[None] * np.float32(self._range)})[0]
        return np.ascontiguousarray(restored[0] / np.float32(self._range), dtype=np.float32)
