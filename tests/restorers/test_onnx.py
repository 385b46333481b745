"""ONNX files of every shape: planes first or last, fixed or any size, enlarging or not.

The numbers have 8, 16 or 32 bits.
"""

from __future__ import annotations

import os
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


def write_graph(
    path: Path,
    inputs: dict[str, list[Any]],
    outputs: dict[str, list[Any]],
    nodes: list[tuple[Any, ...]],
    constants: dict[str, list[int]] | None = None,
) -> str:
    """Any graph: its nodes are (operator, inputs, outputs, attributes)."""
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node(kind, ins, outs, **more) for kind, ins, outs, more in nodes],
        "odd",
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, 1, shape) for name, shape in outputs.items()],
        [
            helper.make_tensor(name, 7, [len(values)], values)
            for name, values in (constants or {}).items()
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return str(path)


ANY, IMAGE = [None] * 4, [1, 3, "h", "w"]
ODD: dict[str, tuple[tuple[Any, ...], str]] = {
    "a size built in": (
        ({"x": IMAGE}, {"y": ANY}, [("Reshape", ["x", "size"], ["y"], {})],
         {"size": [1, 3, 64, 64]}),
        "runs on 64 x 64 but not on 64 x 128 .* or say size=64",
    ),
    "two images out": (
        ({"x": IMAGE}, {"y": IMAGE, "z": IMAGE},
         [("Identity", ["x"], ["y"], {}), ("Neg", ["x"], ["z"], {})]),
        r"returns several images: y \[1, 3, 'h', 'w'\] .*; say which: output=y",
    ),
    "no image out": (
        ({"x": IMAGE}, {"y": [3]},
         [("ReduceMean", ["x"], ["y"], {"axes": [0, 2, 3], "keepdims": 0})]),
        "returns no image: y",
    ),
    "two inputs": (
        ({"x": IMAGE, "sigma": [1]}, {"y": ANY}, [("Mul", ["x", "sigma"], ["y"], {})]),
        r"has the inputs x \[1, 3, 'h', 'w'\] of tensor\(float\), sigma \[1\]",
    ),
    "four images at once": (
        ({"x": [4, 3, "h", "w"]}, {"y": ANY}, [("Identity", ["x"], ["y"], {})]),
        "takes 4 images at once",
    ),
    "one side fixed": (
        ({"x": [1, 3, 64, "w"]}, {"y": ANY}, [("Identity", ["x"], ["y"], {})]),
        "takes 64 x w, of which one side is fixed",
    ),
    "planes first in, last out": (
        ({"x": IMAGE}, {"y": ANY}, [("Transpose", ["x"], ["y"], {"perm": [0, 2, 3, 1]})]),
        "its input has planes first and its output has them last",
    ),
    "grey out of colour": (
        ({"x": IMAGE}, {"y": ANY}, [("ReduceMean", ["x"], ["y"], {"axes": [1]})]),
        "expected as many planes as it takes, 3",
    ),
    "one and a half times as large": (
        ({"x": IMAGE}, {"y": ANY}, [("Pad", ["x", "border"], ["y"], {})],
         {"border": [0, 0, 0, 0, 0, 0, 32, 32]}),
        "expected a whole multiple of height and width",
    ),
}  # fmt: skip


@pytest.mark.parametrize("said", ["", ":output=y"])
def test_a_list_of_images_is_none(said: str, tmp_path: Path) -> None:
    helper, path = onnx.helper, tmp_path / "list.onnx"
    graph = helper.make_graph(
        [helper.make_node("SequenceConstruct", ["x"], ["y"])],
        "list",
        [helper.make_tensor_value_info("x", 1, IMAGE)],
        [helper.make_tensor_sequence_value_info("y", 1, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match=r"returns no image: y \[\] of seq\(tensor\(float\)\)"):
        build_restorer(parse_restorer(f"{path}{said}"))


@pytest.mark.parametrize("what", ODD)
def test_what_is_odd_is_named(what: str, tmp_path: Path) -> None:
    graph, message = ODD[what]
    with pytest.raises(InputError, match=message) as error:
        build_restorer(parse_restorer(write_graph(tmp_path / "odd.onnx", *graph)))
    assert len(str(error.value).splitlines()) == 1


def test_what_the_user_says_mends_it(tmp_path: Path, generator: np.random.Generator) -> None:
    image = generator.random((3, 50, 70), dtype=np.float32)
    built_in = write_graph(tmp_path / "built_in.onnx", *ODD["a size built in"][0])
    two = write_graph(tmp_path / "two.onnx", *ODD["two images out"][0])
    for text in (f"{built_in}:size=64", f"{two}:output=y"):
        restorer = build_restorer(parse_restorer(text))
        assert np.allclose(restore_image(restorer, image, Conditions()), image, atol=1e-6)
    with pytest.raises(InputError, match="has no output 'q'; it has y, z"):
        build_restorer(parse_restorer(f"{two}:output=q"))


def test_a_path_that_is_no_utf8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    path = write(folder / "repeat.onnx", [1, 3, "h", "w"])
    restorer = build_restorer(parse_restorer(path))
    image = np.random.default_rng(1).random((3, 8, 9), dtype=np.float32)
    assert np.array_equal(restore_image(restorer, image, Conditions()), image)
    monkeypatch.setattr("restorers.onnx.external_files", lambda path: [path])
    with pytest.raises(InputError, match=r"its path is no UTF-8; rename it"):
        build_restorer(parse_restorer(path))
