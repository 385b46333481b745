"""Runs an ncnn network on one image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.images import Image


class NcnnNetwork:
    """One loaded network on one CPU thread.

    Args:
        param: The `.param` file.
        model: The `.bin` file.
        input: Name of the input blob; empty: the only one.
        output: Name of the output blob; empty: the only one.
    """

    def __init__(self, param: Path, model: Path, input: str = "", output: str = "") -> None:
        """Loads the network.

        Raises:
            InputError: ncnn refuses a file, or there is more than one blob to choose from.
        """
        import ncnn

        from harness.errors import InputError

        self._net = ncnn.Net()
        self._net.opt.num_threads = 1
        self._net.opt.use_vulkan_compute = False
        if self._net.load_param(str(param)) or self._net.load_model(str(model)):
            raise InputError(f"ncnn cannot load {param} and {model.name}: they are damaged, or of another network")
        inputs, outputs = list(self._net.input_names()), list(self._net.output_names())
        if (not input and len(inputs) != 1) or (not output and len(outputs) != 1):
            raise InputError(f"{param} has inputs {inputs} and outputs {outputs}; expected one image in and one out")
        self._input, self._output = input or inputs[0], output or outputs[0]

    def __call__(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W); returns what the output blob holds, (C', H', W')."""
        import ncnn
        import numpy as np

        # ncnn.Mat borrows the array's memory: the name keeps it alive until the extractor has run
        pixels = np.ascontiguousarray(image, dtype=np.float32)
        with self._net.create_extractor() as extractor:
            extractor.input(self._input, ncnn.Mat(pixels))
            status, blob = extractor.extract(self._output)
            if status:
                raise RuntimeError(f"ncnn stopped with status {status} at {self._output}")
            return np.array(blob, dtype=np.float32)
