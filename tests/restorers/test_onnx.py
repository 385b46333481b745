"""ONNX files of every shape: planes first or last, fixed or any size, enlarging or not.

The numbers have 8, 16 or 32 bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.errors import InputError
from harness.images import Image
from harness.plugins.specification import parse_restorer
from harness.protocols import Conditions, Task
from harness.restoring.adaptation import restore_image
from harness.restoring.build import build_restorer

pytest.importorskip("onnxruntime")
onnx: Any = pytest.importorskip("onnx", reason="onnx writes the files that are tested")
TYPES = {"float32": 1, "uint8": 2, "float16": 10}
SIDES = {"any": ("h", "w"), "fixed": (24, 32)}


def write(path: Path, shape: list[int | str], dtype: str = "float32", scale: int = 1) -> str:
    """A network that repeats every pixel `scale` times along both sides."""
    helper, planes_last = onnx.helper, shape[3] in (1, 3)
    sides = [float(scale), float(scale)]
    scales = [1.0, *sides, 1.0] if planes_last else [1.0, 1.0, *sides]
    repeating = {"nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    node = helper.make_node("Resize", ["in", "", "scales"], ["out"], mode="nearest", **repeating)
    graph = helper.make_graph(
        [node],
        "repeat",
        [helper.make_tensor_value_info("in", TYPES[dtype], shape)],
        [helper.make_tensor_value_info("out", TYPES[dtype], [None] * 4)],
        [helper.make_tensor("scales", 1, [4], scales)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return str(path)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("planes_last", [False, True])
@pytest.mark.parametrize(("planes", "scale"), [(3, 1), (1, 2)])
def test_whatever_its_input_is(
    tmp_path: Path,
    generator: np.random.Generator,
    dtype: str,
    sides: str,
    planes_last: bool,
    planes: int,
    scale: int,
) -> None:
    shape = [1, *SIDES[sides], planes] if planes_last else [1, planes, *SIDES[sides]]
    restorer = build_restorer(parse_restorer(write(tmp_path / "repeat.onnx", shape, dtype, scale)))
    assert (restorer.card.scales, restorer.card.channels) == ((scale,), (planes,))
    assert restorer.card.tasks == ((Task.SUPER_RESOLVE,) if scale == 2 else ())
    for size in ((9, 60), (50, 11)):  # smaller and larger than the fixed size
        image: Image = generator.random((3, *size), dtype=np.float32)
        restored = restore_image(restorer, image, Conditions(scale=scale))
        assert restored.shape == (3, size[0] * scale, size[1] * scale)
        if not (sides == "fixed" and scale > 1):  # blended tiles mix neighbours that were repeated
            assert np.abs(restored - image.repeat(scale, 1).repeat(scale, 2)).max() < 3e-3


def test_the_range_is_what_the_user_says(tmp_path: Path) -> None:
    path = write(tmp_path / "repeat.onnx", [1, 3, "h", "w"])
    parameters = "range=255,order=bgr,multiple=8,task=dejpeg"
    plain, said = (
        build_restorer(parse_restorer(text)).card for text in (path, f"{path}:{parameters}")
    )
    assert said == type(plain)(
        name="repeat",
        tasks=(Task.DEJPEG,),
        channels=(3,),
        size_multiple=8,
        value_range=(0, 255),
        channel_order="bgr",
        licence="unknown",
        source="onnxruntime",
    )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("range=100", "range is 100; expected one of 1, "),
        ("range=loud", "range is 'loud'; expected one of"),
        ("order=gbr", "order is 'gbr'; expected one of rgb, bgr"),
        ("multiple=0", "multiple is 0; expected a whole number above 0"),
        ("task=dance", "task is 'dance'; expected one of denoise, "),
        ("scale=true", "scale is True; expected a whole number above 0"),
        ("layout=NHWC", "takes no 'layout'; it takes range, order"),
    ],
)
def test_a_specification_that_makes_no_sense(tmp_path: Path, parameters: str, message: str) -> None:
    path = write(tmp_path / "repeat.onnx", [1, 3, "h", "w"])
    with pytest.raises(InputError, match=message):
        build_restorer(parse_restorer(f"{path}:{parameters}"))


@pytest.mark.parametrize("shape", [[1, 4, "h", "w"], [1, 3, "h"], [1, "c", "h", "w"]])
def test_what_is_no_image_is_refused(tmp_path: Path, shape: list[int | str]) -> None:
    helper = onnx.helper
    info = [helper.make_tensor_value_info(name, 1, shape) for name in ("in", "out")]
    node = helper.make_node("Identity", ["in"], ["out"])
    graph = helper.make_graph([node], "odd", info[:1], info[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    (tmp_path / "odd.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match="expected one image"):
        build_restorer(parse_restorer(str(tmp_path / "odd.onnx")))
