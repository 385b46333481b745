"""A network exported to ONNX: `-r model.onnx`."""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Unpack

from harness.errors import InputError, as_utf8
from harness.protocols import RestorerCard
from restorers._arrays import Image
from restorers._missing import absent_package
from restorers._network_file import (
    MeasuredNetwork,
    hash_file,
    look_at_file,
    one_line,
    require_file,
    utf8_path,
)
from restorers._specification import Said

_TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
}


class OnnxRestorer(MeasuredNetwork):
    """One image in and one out, run by onnxruntime on one CPU thread.

    Layout (planes first or last), number of planes, number type and fixed sizes are read from the
    file. A network of a fixed size is run tile by tile.

    Args:
        device: Only the CPU.
        path: The .onnx file.
        scale: Factor by which the network enlarges; measured where it is not given.
        size: Height and width that it was exported for, if it takes no other and does not say so.
        output: Which of several outputs is the restored image.
        tile_size: Height and width of a tile in degraded pixels, for networks without a fixed size;
            0: whole images.
        overlap: Pixels that neighbouring tiles share.
        said: See `restorers._specification`.
    """

    look = staticmethod(look_at_file)

    def __init__(
        self,
        *,
        path: str,
        device: str = "cpu",
        scale: int | None = None,
        size: int = 0,
        output: str | None = None,
        tile_size: int = 0,
        overlap: int = 16,
        **said: Unpack[Said],
    ) -> None:
        """Loads the network.

        Raises:
            InputError: The file is missing or damaged, or its input is no image.
        """
        name = require_file(path, "model file")
        self._session = _open(path)
        inputs = self._session.get_inputs()
        self._planes_last, planes, sides = _layout(path, inputs)
        self._output = _output(path, self._session.get_outputs(), output)
        if size:
            sides = sides or (size, size)
        self._input, self._type = inputs[0].name, _TYPES[inputs[0].type]
        types = {item.name: item.type for item in self._session.get_outputs()}
        returns_bytes = types[self._output] == "tensor(uint8)"
        card = RestorerCard(
            name,
            channels=(planes,),
            value_range=(0, 255) if self._type == "uint8" else (0, 1),
            output_range=(0, 255) if returns_bytes else None,
            licence="unknown",
            source="onnxruntime",
            weights_sha256=tuple(map(hash_file, external_files(Path(path)))),
        )
        self.measure(path, card, said, tile_size, overlap, scale=scale, sides=sides)

    @classmethod
    def missing(cls) -> str | None:
        """Says how to install onnxruntime."""
        return absent_package("onnxruntime", "pip install 'restobench[onnx]'")

    def feed(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W), in the layout and type of its input."""
        import numpy as np

        fed = image.transpose(1, 2, 0) if self._planes_last else image
        if self._type == "uint8":
            fed = np.rint(np.clip(fed, 0, 255))
        batch = np.ascontiguousarray(fed[None], dtype=self._type)
        restored = self._session.run([self._output], {self._input: batch})[0][0]
        restored = restored.transpose(2, 0, 1) if self._planes_last else restored
        return np.asarray(restored, dtype=np.float32)


def _open(path: str) -> Any:
    """An `onnxruntime.InferenceSession` on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is said once, by the error
    content: str | bytes = path
    if as_utf8(path) != path:  # onnxruntime takes no other path, and finds nothing beside a content
        if external_files(Path(path)):
            utf8_path(path, "onnxruntime, with weights beside it")
        content = Path(path).read_bytes()
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises types of its own for every kind of damage
        raise InputError(
            f"{path} cannot be read by onnxruntime {onnxruntime.__version__}: {one_line(error)}"
        ) from error


_LOCATION = re.compile(rb"\n\x08location\x12")
"""How the name of a file of weights begins in a .onnx file: a key and a value of protobuf."""


def external_files(path: Path) -> list[Path]:
    """The files beside a .onnx file that hold its weights, each once, by name."""

    def names() -> Iterator[str]:
        if not path.stat().st_size:
            return
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            for found in _LOCATION.finditer(whole):
                length, place = 0, found.end()
                for shift in range(0, 28, 7):  # a number of protobuf, seven bits a byte
                    byte = whole[place] if place < len(whole) else 0
                    length, place = length | (byte & 127) << shift, place + 1
                    if byte < 128:
                        break
                yield whole[place : place + length].decode(errors="replace")

    places = (path.parent / name for name in sorted(set(names())) if "\0" not in name)
    return [place for place in places if place.is_file()]


def _layout(path: str, inputs: Any) -> tuple[bool, int, tuple[int, int] | None]:
    """Whether planes come last, how many there are, and the fixed height and width, or `None`.

    Raises:
        InputError: There is not one input that is an image.
    """
    if len(inputs) == 1 and len(inputs[0].shape) == 4 and inputs[0].type in _TYPES:
        batch, second, third, last = inputs[0].shape
        if isinstance(batch, int) and batch != 1:
            raise InputError(f"{path} takes {batch} images at once; export it for one")
        for planes_last, planes, height, width in (
            (False, second, third, last),
            (True, last, second, third),
        ):
            if planes in (1, 3):
                fixed = [side for side in (height, width) if isinstance(side, int)]
                if len(fixed) == 1:
                    raise InputError(
                        f"{path} takes {height} x {width}, of which one side is fixed; export it "
                        "with both fixed, or none"
                    )
                return planes_last, planes, (height, width) if fixed else None
    raise InputError(
        f"{path} has the inputs {_named(inputs)}; expected one image, (N, 1 or 3, H, W) or (N, H, "
        "W, 1 or 3)"
    )


def _output(path: str, outputs: Any, wanted: str | None) -> str:
    """The name of the output that is the restored image.

    Raises:
        InputError: There are several, and nobody says which.
    """
    names = [item.name for item in outputs]
    images = [
        item.name
        for item in outputs  # onnxruntime knows no shape of some tensors, nor of lists of them
        if item.type.startswith("tensor(") and len(item.shape or (0,) * 4) == 4
    ]
    if wanted is not None and wanted not in names:
        raise InputError(f"{path} has no output {wanted!r}; it has {', '.join(names)}")
    chosen = [name for name in images if wanted in (None, name)]
    if len(chosen) != 1:
        what = "several images" if images else "no image"
        hint = f"; say which: output={images[0]}" if images else ", (N, C, H, W) or (N, H, W, C)"
        raise InputError(f"{path} returns {what}: {_named(outputs)}{hint}")
    return str(chosen[0])


def _named(items: Any) -> str:
    return ", ".join(f"{item.name} {list(item.shape)} of {item.type}" for item in items)
