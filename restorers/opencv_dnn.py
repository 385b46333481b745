"""A frozen TensorFlow graph that OpenCV runs: `-r ESPCN_x2.pb`.

Those of `cv2.dnn_superres` are such graphs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Unpack

from harness.errors import InputError
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from restorers._arrays import Image, Plane
from restorers._network_file import one_line, require_file, utf8_path
from restorers._specification import Said, specified


class OpenCVRestorer(Restorer):
    """ESPCN, FSRCNN and their like.

    Luma in 0-1 is enlarged by the network, colour by bicubic interpolation.

    `cv2.dnn_superres` itself is only in OpenCV's contrib wheels. Its graphs end in a `DepthToSpace`
    that `cv2.dnn` does not have, followed by functions of single values: it is passed through, and
    planes become pixels at the end.

    Args:
        device: Only the CPU.
        path: The .pb file.
        said: See `restorers._specification`.
    """

    def __init__(self, *, path: str, device: str = "cpu", **said: Unpack[Said]) -> None:
        """Loads the graph.

        Raises:
            InputError: The file is missing or damaged, or the graph is of another kind.
        """
        import cv2
        import numpy as np

        name = require_file(path, "model file")
        utf8_path(path, "OpenCV")
        try:
            # of OpenCV 5's engines only the classic one has layers written in Python; OpenCV 4 has
            # no other
            classic = ("", cv2.dnn.ENGINE_CLASSIC) if hasattr(cv2.dnn, "ENGINE_CLASSIC") else ()
            with _python_layer():
                self._network = cv2.dnn.readNetFromTensorflow(path, *classic)
                shape = self._run(np.zeros((16, 24), dtype=np.float32)).shape
        except Exception as error:  # cv2.error, which is a class of its own kind
            raise InputError(
                f"{path} cannot be read by OpenCV {cv2.__version__}: {one_line(error)}"
            ) from error
        scale = round(shape[1] ** 0.5) if len(shape) == 4 else 0
        if scale < 2 or shape != (1, scale**2, 16, 24):
            raise InputError(
                f"{path} turns one plane of 16 x 24 into {shape}; expected (1, scale * scale, 16, "
                "24)"
            )
        card = RestorerCard(
            name,
            tasks=(Task.SUPER_RESOLVE,),
            scales=(scale,),
            licence="unknown",
            source="cv2.dnn",
        )
        self.card = specified(card, said)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Enlarges (1 or 3, H, W) to (1 or 3, scale * H, scale * W).

        A colour image passes through YCrCb of 8 bits before and after, as it does in
        `cv2.dnn_superres`.
        """
        import cv2
        import numpy as np

        from harness.images import from_uint8, to_uint8

        if image.shape[0] == 1:
            return self._enlarge(image[0])[None]
        luma, *colour = cv2.split(cv2.cvtColor(to_uint8(image), cv2.COLOR_RGB2YCrCb))
        enlarged = self._enlarge(luma.astype(np.float32) / np.float32(255))[None]
        size = enlarged.shape[:0:-1]
        enlarged_colour = [
            cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC) for plane in colour
        ]
        merged = cv2.merge([to_uint8(enlarged)[..., 0], *enlarged_colour])
        return from_uint8(cv2.cvtColor(merged, cv2.COLOR_YCrCb2RGB))

    def _enlarge(self, plane: Plane) -> Plane:
        """Turns (H, W) into (scale * H, scale * W).

        The planes of the output are the pixels of each scale x scale block.
        """
        scale = self.card.scales[0]
        height, width = plane.shape
        blocks = self._run(plane).reshape(scale, scale, height, width).transpose(2, 0, 3, 1)
        return blocks.reshape(height * scale, width * scale)

    def _run(self, plane: Plane) -> Plane:
        import numpy as np

        self._network.setInput(np.ascontiguousarray(plane[None, None]))
        return np.asarray(self._network.forward(), dtype=np.float32)


class _PassThrough:
    """Stands in for `DepthToSpace` and keeps its input's shape.

    OpenCV 5 does not ask a Python layer for another.
    """

    def __init__(self, *_: object) -> None:
        """Takes parameters and blobs, which this layer has none of."""

    def getMemoryShapes(self, inputs: list[list[int]]) -> list[list[int]]:  # noqa: N802  # OpenCV's
        return inputs

    def forward(self, inputs: list[Plane]) -> list[Plane]:
        return [inputs[0].copy()]


@contextmanager
def _python_layer() -> Iterator[None]:
    """Makes `DepthToSpace` known to OpenCV while a network is built.

    Registered twice, it ends the process.
    """
    import cv2

    register: Callable[[str, type], None] = cv2.dnn_registerLayer
    register("DepthToSpace", _PassThrough)
    try:
        yield
    finally:
        cv2.dnn_unregisterLayer("DepthToSpace")
