"""Runs ncnn networks: one image, padding, and restorers out of the zoo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness import zoo
from harness.protocols import Restorer, RestorerCard, WeightFile
from restorers._packages import absent_package

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
            raise InputError(
                f"ncnn cannot load {param} and {model.name}: they are damaged, or of another "
                "network"
            )
        inputs, outputs = list(self._net.input_names()), list(self._net.output_names())
        if (not input and len(inputs) != 1) or (not output and len(outputs) != 1):
            raise InputError(
                f"{param} has inputs {inputs} and outputs {outputs}; expected one image in and "
                "one out"
            )
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


class NcnnZoo(Restorer):
    """A restorer whose weights `restobench zoo get` fetches and ncnn runs: what they have in common.

    Args:
        device: Only the CPU.
    """

    card: RestorerCard

    def __init__(self, *, device: str = "cpu") -> None:
        """Loads nothing yet: a run of one scale needs one network."""
        self._networks: dict[WeightFile, NcnnNetwork] = {}

    @classmethod
    def missing(cls) -> str | None:
        """Names the package or the command that is needed."""
        install = "pip install 'restobench[ncnn]'"
        return absent_package("ncnn", install) or zoo.missing(cls.card.weights, cls.card.name)

    def network(self, param: WeightFile, model: WeightFile) -> NcnnNetwork:
        """A network, loaded once.

        Raises:
            UnavailableError: A file is not here.
        """
        if model not in self._networks:
            name = self.card.name
            self._networks[model] = NcnnNetwork(zoo.locate(param, name), zoo.locate(model, name))
        return self._networks[model]


def run_padded(
    network: NcnnNetwork, image: Image, *, border: int, multiple: int = 1, scale: int = 0
) -> Image:
    """Pads by edge pixels, to a multiple of what the network can take, and crops what is beyond the image.

    Args:
        network: From (C, H, W) to (C, scale * H, scale * W), or to less where it eats up `border`
            pixels on each side.
        image: Float32 (C, H, W).
        border: Pixels of padding on each side.
        multiple: Of height and width inside of the border.
        scale: Factor by which it enlarges; 0: as its output says, which small images leave open.

    Returns:
        Float32 (C, scale * H, scale * W).
    """
    import numpy as np

    height, width = image.shape[1:]
    bottom, right = border + -height % multiple, border + -width % multiple
    padded = np.pad(image, ((0, 0), (border, bottom), (border, right)), mode="edge")
    restored = network(padded)
    if not scale:
        whole = restored.shape[1] % padded.shape[1] == 0
        scale = restored.shape[1] // (padded.shape[1] if whole else height)
    cut = border * scale if restored.shape[1] == padded.shape[1] * scale else 0
    return np.ascontiguousarray(restored[:, cut : cut + height * scale, cut : cut + width * scale])
