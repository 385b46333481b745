"""What a restorer's results depend on is changed: the fingerprint moves, or says what it lacks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.plugins.fingerprints import restorer_fingerprint
from harness.plugins.specification import parse_restorer
from harness.protocols import RestorerCard
from harness.restoring.build import build_restorer
from restorers._command_files import command_files

SCRIPT = "import helper\nfrom pack import part\nprint('restores')\n"
OBJECT = """
from harness.protocols import Restorer, RestorerCard
import {imports}
class Mine(Restorer):
    def __init__(self, *, device="cpu", weights=""):
        self.card = RestorerCard("mine", parameters=0)
    def restore(self, image, conditions):
        return image
"""


def fingerprint(text: str) -> str:
    spec = parse_restorer(text)
    card: RestorerCard = build_restorer(spec).card
    return restorer_fingerprint(spec, card, "cpu")


def change(file: Path) -> None:
    """Other content, of the same length and with the old times."""
    content, times = bytearray(file.read_bytes()), file.stat()
    content[-2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a script, modules that it imports, weights, and what nobody reads."""
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "tool.py": SCRIPT,
        "helper.py": "import deeper\nSTEP = 1\n",
        "deeper.py": "STEP = 1\n",
        "pack/__init__.py": "from . import inner\nSTEP = 1\n",
        "pack/part.py": "STEP = 1\n",
        "pack/inner.py": "STEP = 1\n",
        "pack/__main__.py": "import pack.part, helper\nSTEP = 1\n",
        "net_x2.pth": "weights 1\n",
        "net_x4.pth": "weights 1\n",
        "other.py": "STEP = 1\n",
        "nets/deep/a.bin": "weights 1\n",
        "nets/__main__.py": "STEP = 1\n",
        "nets/__pycache__/a.pyc": "STEP = 1\n",
        "run.sh": "#!/bin/sh\nSTEP=1\n",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(content)
    (tmp_path / "run.sh").chmod(0o755)
    return tmp_path


FILES = "{input} {output}"
COMMANDS = {
    "script": (f"python tool.py {FILES}", "tool.py"),
    "module-beside-script": (f"python tool.py {FILES}", "helper.py"),
    "module-of-module": (f"python tool.py {FILES}", "deeper.py"),
    "package": (f"python tool.py {FILES}", "pack/__init__.py"),
    "module-in-package": (f"python tool.py {FILES}", "pack/part.py"),
    "relative-import": (f"python tool.py {FILES}", "pack/inner.py"),
    "python-m": (f"python -m pack {FILES}", "pack/__main__.py"),
    "import-of-python-m": (f"python -m pack {FILES}", "pack/part.py"),
    "python-c": (f"python -c 'import helper' {FILES}", "deeper.py"),
    "weights-argument": (f"python tool.py {FILES} net_x2.pth", "net_x2.pth"),
    "weights-after-equals": (f"python tool.py {FILES} --weights=net_x2.pth", "net_x2.pth"),
    "weights-of-a-scale": (f"python tool.py {FILES} net_x{{scale}}.pth", "net_x4.pth"),
    "folder": (f"python tool.py {FILES} --weights nets", "nets/deep/a.bin"),
    "folder-after-equals": (f"python tool.py {FILES} --weights=nets/", "nets/deep/a.bin"),
    "folder-that-is-run": (f"python nets {FILES}", "nets/__main__.py"),
    "folder-beside-a-number": (f"sh run.sh {FILES} {{scale}} nets", "nets/deep/a.bin"),
    "program": (f"./run.sh {FILES}", "run.sh"),
    "script-of-shell": (f"sh run.sh {FILES}", "run.sh"),
}


@pytest.mark.parametrize(("command", "file"), COMMANDS.values(), ids=COMMANDS)
def test_a_file_that_a_command_names(folder: Path, command: str, file: str) -> None:
    before = fingerprint(f"cmd:{command}")
    change(folder / "other.py")
    change(folder / "nets/__pycache__/a.pyc")
    assert fingerprint(f"cmd:{command}") == before, "nothing that it reads has changed"
    change(folder / file)
    assert fingerprint(f"cmd:{command}") != before


@pytest.mark.usefixtures("folder")
def test_what_is_not_known_of_a_command_is_said() -> None:
    card = build_restorer(parse_restorer(f"cmd:sh run.sh {FILES}")).card
    assert card.not_tracked.startswith("what the command reads besides ")
    assert card.not_tracked.endswith("run.sh")


@pytest.mark.parametrize("place", [".", "large", "/"])
def test_a_folder_that_is_not_tracked_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("restorers._command_files._MOST_BYTES", 1000)
    (folder / "large").mkdir()
    (folder / "large" / "a.bin").write_bytes(bytes(1001))
    card = build_restorer(parse_restorer(f"cmd:sh run.sh {FILES} {place}")).card
    assert card.not_tracked.startswith(f"{Path(place)}/, and what the command reads besides ")


def test_what_is_behind_an_address_is_not_tracked() -> None:
    card = build_restorer(parse_restorer("http://127.0.0.1:9/restore")).card
    assert card.not_tracked == "what answers at http://127.0.0.1:9/restore"


OBJECTS: dict[str, tuple[str, str, str]] = {
    "beside": ("helper", "helper.py", ""),
    "beside-of-beside": ("helper", "deeper.py", ""),
    "package": ("pack", "pack/inner.py", ""),
    "package-without-init": ("loose.part", "loose/part.py", ""),
    "no-python": ("broken", "broken.py", ""),
    "compiled": ("fast", "fast.so", ""),
    "weights-parameter": ("math", "net_x2.pth", ":weights=net_x2.pth"),
}


@pytest.mark.parametrize("elsewhere", [False, True], ids=["working-folder", "python-path"])
@pytest.mark.parametrize(("imports", "file", "more"), OBJECTS.values(), ids=OBJECTS)
def test_a_file_that_an_object_imports(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    imports: str,
    file: str,
    more: str,
    elsewhere: bool,
) -> None:
    (folder / "loose").mkdir()
    (folder / "loose" / "part.py").write_text("STEP = 1\n")
    (folder / "broken.py").write_text("def 1\n")
    (folder / "fast.so").write_bytes(b"code 1 of a machine, which nobody loads\n")
    name = f"mine_{abs(hash((imports, elsewhere)))}"
    (folder / f"{name}.py").write_text(OBJECT.format(imports=imports))
    if elsewhere:
        monkeypatch.syspath_prepend(str(folder))
        (folder / "here").mkdir()
        monkeypatch.chdir(folder / "here")
    spec = parse_restorer(f"{name}:Mine" + more.replace("=", f"={folder}/"))
    card = RestorerCard("mine")
    before = restorer_fingerprint(spec, card, "cpu")
    change(folder / "other.py")
    assert restorer_fingerprint(spec, card, "cpu") == before
    (folder / file).write_bytes((folder / file).read_bytes().replace(b"1", b"2"))
    assert restorer_fingerprint(spec, card, "cpu") != before


@pytest.mark.parametrize("said", ["", 'weights_sha256=("ab",)', 'not_tracked="the moon"'])
def test_files_that_an_object_opens_are_not_tracked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    name = f"opens_{said[:3]}"
    text = OBJECT.format(imports="math").replace("parameters=0", said or "parameters=0")
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    told = build_restorer(parse_restorer(f"{name}:Mine")).card.not_tracked
    expected = f"files that {name} opens (card.weights_sha256 names those that matter)"
    assert told == {"": expected, 'not_tracked="the moon"': "the moon"}.get(said, "")


def with_external_data(path: Path, names: list[str]) -> str:
    """A network of as many layers, each of which has its weights in a file beside it."""
    onnx: Any = pytest.importorskip("onnx", reason="onnx writes the files that are tested")
    helper, nodes, weights = onnx.helper, [], []
    for number, name in enumerate(names):
        tensor = helper.make_tensor(
            f"w{number}", 1, [3, 1, 1], np.ones(3, np.float32).tobytes(), raw=True
        )
        file = path.parent / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(tensor.raw_data)
        onnx.external_data_helper.set_external_data(tensor, location=name)
        tensor.ClearField("raw_data")
        weights.append(tensor)
        nodes.append(helper.make_node("Mul", [f"t{number}", f"w{number}"], [f"t{number + 1}"]))
    shape = ["n", 3, "h", "w"]
    ends = [helper.make_tensor_value_info(f"t{n}", 1, shape) for n in (0, len(names))]
    graph = helper.make_graph(nodes, "scale", ends[:1], ends[1:], weights)
    opset = [helper.make_opsetid("", 13)]
    path.write_bytes(
        helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    )
    return str(path)


@pytest.mark.parametrize(
    "names",
    [["net.onnx.data"], ["weights.bin"], ["a.bin", "b.bin"], ["deep/w.bin"], ["w" * 200]],
    ids=["of-its-name", "of-another-name", "second-of-two", "in-a-folder", "long-name"],
)
def test_weights_beside_an_onnx_file(tmp_path: Path, names: list[str]) -> None:
    pytest.importorskip("onnxruntime")
    text = with_external_data(tmp_path / "net.onnx", names)
    (tmp_path / "readme.bin").write_bytes(b"nobody reads it\n")
    before = fingerprint(text)
    change(tmp_path / "readme.bin")
    assert fingerprint(text) == before
    change(tmp_path / names[-1])
    assert fingerprint(text) != before


@pytest.mark.usefixtures("folder")
def test_a_relative_import_that_leads_out_of_everything_is_for_python_to_say() -> None:
    Path("t.py").write_text("from ....x import y\n")
    files, _ = command_files(["python", "t.py", "{input}", "{output}"])
    assert Path("t.py") in files
