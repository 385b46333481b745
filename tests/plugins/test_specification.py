"""What is known of a restorer before it is built: its file, its suffix, its parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import InputError, UnknownNameError
from harness.plugins.specification import parse_restorer


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FOLDER/gone.pth", r"file .*gone\.pth does not exist"),
        ("FOLDER/gone.onnx:scale=2", r"file .*gone\.onnx does not exist"),
        ("bilateral:strongth=3", "takes no 'strongth'; its parameters: strength, sigma_space, ens"),
        ("FOLDER/net.pth:renge=255", "takes no 'renge'; its parameters: tile_size, overlap, range"),
        ("FOLDER/net.pth:channels=1", "takes no 'channels'"),
        ("FOLDER/net.pt:syze=1", "takes no 'syze'"),
        ("FOLDER/net.onnx:order=bgr,tile=1", "takes no 'tile'"),
        ("basicsr:FOLDER/net.pth:renge=1", "takes no 'renge'"),
        ("FOLDER/net.pth:range=7", "range is 7; expected one of 1, "),
        ("FOLDER/net.onnx:task=paint", "task is 'paint'; expected one of "),
        ("FOLDER/net.pt:scale=0", "scale is 0; expected a whole number above 0"),
        ("network:FOLDER/net.py:N:weights=FOLDER/net.pth,order=cmyk", "order is 'cmyk'; expected"),
        ("mine=", "'mine=' names nothing; write NAME=RESTORER"),
        ("a/b=bicubic", "'a/b' cannot be what results call 'bicubic'; expected a letter"),
        ("=bicubic", "'' cannot be what results call 'bicubic'; expected a letter"),
        ("identity:strength=1", "takes no 'strength'"),
        ("tv:probe=false", "takes no 'probe'"),
        ("misbehaving:Counting:path=x", "takes no 'path': that is what stands before"),
        ("FOLDER/net.pth:path=x", "takes no 'path': that is what stands before"),
    ],
)
def test_what_cannot_be_built_is_said_before(tmp_path: Path, text: str, message: str) -> None:
    for suffix in ("pth", "pt", "onnx"):
        (tmp_path / f"net.{suffix}").write_bytes(b"\x08" * 600)
    (tmp_path / "net.py").write_text("")
    with pytest.raises(InputError, match=message):
        parse_restorer(text.replace("FOLDER", str(tmp_path))).check()


@pytest.mark.parametrize(
    "text",
    [
        "tv:strength=2,ensemble=x8,precision=fp16", "FOLDER/net.pth:range=255,probe=false",
        "FOLDER/net.pt:channels=1,scale=2,size=64,overlap=8", "basicsr:FOLDER/net.pth:task=deblur",
        "FOLDER/net.onnx:order=bgr,multiple=8,minimum=16", "misbehaving:Counting:marks=x,more=1",
        "cmd:tool --level=3 {input} {output}", "folder:results:pattern={id}.png",
    ],
)  # fmt: skip
def test_what_may_be_built_passes(tmp_path: Path, text: str) -> None:
    for suffix in ("pth", "pt", "onnx"):
        (tmp_path / f"net.{suffix}").write_bytes(b"\x08" * 600)
    parse_restorer(text.replace("FOLDER", str(tmp_path))).check()


def test_names_of_files_may_hold_colons_and_commas(tmp_path: Path) -> None:
    folder = tmp_path / "models: é, v2"
    folder.mkdir()
    weights = folder / "net,x4=best.pth"
    weights.write_bytes(b"")
    (folder / "net.py").write_text("")
    text = f"N=network:{folder}/net.py:Net:width=6,weights={weights},scale=4"
    spec = parse_restorer(text)
    assert spec.argument == f"{folder}/net.py:Net"
    assert dict(spec.parameters) == {"width": 6, "weights": str(weights), "scale": 4}
    assert parse_restorer(str(weights)).argument == str(weights)


def test_a_parameter_that_is_none_is_said_as_ever() -> None:
    with pytest.raises(InputError, match="'fast' is not name=value"):
        parse_restorer("nl-means:strength=1,fast")
    with pytest.raises(InputError, match="'5=3' is not name=value"):
        parse_restorer("my_module:MyRestorer:5=3")
    with pytest.raises(InputError, match="needs 'weights'; its parameters: weights, scale, "):
        parse_restorer("network:net.py:Net").check()


@pytest.mark.parametrize("text", ["net.tflite", "models/net.h5", "./net.x:scale=2"])
def test_a_file_that_no_adapter_reads(text: str) -> None:
    with pytest.raises(InputError, match=r"no adapter reads \.\w+ files.*\.onnx, .*\.pth"):
        parse_restorer(text)


def test_a_name_with_a_mistake_stays_a_name() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean bicubic"):
        parse_restorer("bicubik")
