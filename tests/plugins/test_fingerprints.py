"""Fingerprints move with what code means, and with nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cards import RestorerCard
from harness.plugins.fingerprints import code_hash, is_current, restorer_fingerprint
from harness.plugins.specification import parse_restorer

CODE = '''"""A module."""

from __future__ import annotations

import math
import numpy as np
from scipy import ndimage

from {package}.parts import kernel

STEP = 2
"""How far."""


class Restorer:
    """A restorer."""

    def restore(self, image: object) -> object:
        """Restores."""
        low, high = math.floor(STEP), np.pi  # both ends
        return ndimage.convolve(image, kernel(low, high))
'''
PARTS = "def kernel(low, high):\n    return [low, high]\n"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a package of two modules and gives the hash of the first."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def hashed(code: str = CODE, parts: str = PARTS, more: str = "", package: str = "pack") -> str:
        folder = tmp_path / package
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text('"""A package."""\n')
        (folder / "parts.py").write_text(parts)
        (folder / "more.py").write_text(more)
        (folder / "code.py").write_text(code.format(package=package))
        return code_hash(f"{package}.code")

    return hashed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # both ends", ""),
        ('"""A restorer."""', '"""Another text.\n\n    On many lines.\n    """'),
        ('"""How far."""\n', ""),
        ("low, high = math.floor(STEP), np.pi",
         "(\n            low, high\n) = (math.floor(STEP), np.pi)"),
        ("import math\nimport numpy as np\n", "import numpy as np\nimport math\n"),
        ("import numpy as np", "import numpy"),
        ("from scipy import ndimage", "import scipy.ndimage as ndimage"),
        ("from {package}.parts import kernel",
         "from {package} import parts\nfrom {package}.parts import kernel"),
        ("from __future__ import annotations\n", ""),
        ("import math\n",
         "import math\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import decimal\n"),
    ],
)  # fmt: skip
def test_what_says_nothing_moves_nothing(write: Write, old: str, new: str) -> None:
    before = write()
    assert old in CODE
    changed = CODE.replace(old, new)
    if new == "import numpy":
        changed = changed.replace("np.pi", "numpy.pi")
    assert write(changed) == before


def test_a_body_that_is_empty_is_empty(write: Write) -> None:
    empty = [f"class Failure(Exception):\n    {body}\n" for body in ("pass", '"""A failure."""')]
    assert write(empty[0]) == write(empty[1]) != write("")


def test_the_place_of_a_file_moves_nothing(write: Write) -> None:
    assert write() == write(package="elsewhere")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("STEP = 2", "STEP = 3"),
        ("STEP = 2", "STEP = 2.0"),
        ("np.pi", "np.e"),
        ("math.floor", "math.ceil"),
        ("from scipy import ndimage", "from skimage import filters as ndimage"),
        ("kernel(low, high)", "kernel(high, low)"),
        ("image: object", "image: object, *, mode: str = 'wrap'"),
    ],
)
def test_what_code_means_moves_it(write: Write, old: str, new: str) -> None:
    before = write()
    assert old in CODE
    assert write(CODE.replace(old, new)) != before


def test_a_module_beside_it_counts(write: Write) -> None:
    before = write()
    assert write(parts=PARTS.replace("[low, high]", "[high, low]")) != before
    assert write(parts="# why\n" + PARTS) == before


@pytest.mark.parametrize(
    "line", ["from .parts import kernel", "from . import parts", "from {package} import parts"]
)
def test_a_module_that_is_imported_in_another_way_counts_as_well(write: Write, line: str) -> None:
    code = CODE.replace("from {package}.parts import kernel", line)
    before = write(code)
    assert write(code, parts=PARTS.replace("[low, high]", "[high, low]")) != before
    if "kernel" in line:
        assert before == write()


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("from {package}.parts import kernel", "from {package}.more import kernel"),
        ("from {package}.parts import *", "from {package}.more import *"),
        ("from numpy import *", "from scipy.ndimage import *"),
        (
            "try:\n    from numpy import kernel\nexcept ImportError:\n    from scipy import kernel",
            "try:\n    from numpy import kernel\nexcept ImportError:\n    from math import kernel",
        ),
    ],
)
def test_where_a_name_comes_from_counts(write: Write, line: str, other: str) -> None:
    own = "from {package}.parts import kernel"
    code = CODE.replace(own, f"import {{package}}.more\n{line}")
    more = "def kernel(low, high):\n    return high\n"
    assert write(code, more=more) != write(code.replace(line, other), more=more)
    assert write(code, more=more) == write(code, more=more, package="elsewhere")


@pytest.mark.parametrize("line", ["import {package}.parts as parts", "import {package}.parts"])
def test_a_module_that_is_named_whole_may_move(write: Write, line: str) -> None:
    name = line.split()[-1]
    code = CODE.replace("from {package}.parts import kernel", line)
    code = code.replace("kernel(", f"{name}.kernel(")
    before = write(code)
    assert write(code, parts=PARTS.replace("[low, high]", "[high, low]")) != before
    if " as " in line:
        assert write(code, package="elsewhere") == before


def test_code_is_hashed_without_being_imported(write: Write) -> None:
    write("raise RuntimeError\n")
    assert "pack.code" not in sys.modules


def test_modules_in_the_working_folder_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").touch()  # Python finds another one first

    def hashed(own: str, net: str, other: str = "") -> str:
        (tmp_path / "a_restorer_of_mine.py").write_text(f"import torch\n{own}")
        (tmp_path / "a_net_of_mine.py").write_text(net)
        (tmp_path / "nobody_imports_this.py").write_text(other)
        spec = parse_restorer("a_restorer_of_mine:build")
        return restorer_fingerprint(spec, RestorerCard("mine"), "cpu")

    own = "from a_net_of_mine import Net\n\ndef build(device):\n    return Net(1)\n"
    net = "Net = list\n"
    before = hashed(own, net)
    assert hashed(own, "# why\n" + net, other="NAME = 1") == before
    assert hashed(own.replace("1", "2"), net) != before
    assert hashed(own, "Net = tuple\n") != before


def test_a_restorers_fingerprint_is_versioned_and_knows_parameters_weights_and_device() -> None:
    card = RestorerCard("tv")
    plain = restorer_fingerprint(parse_restorer("tv"), card, "cpu")
    assert is_current(plain)
    assert not is_current("0123456789abcdef"), "that of an earlier version"
    others = [
        restorer_fingerprint(parse_restorer("tv:strength=2"), card, "cpu"),
        restorer_fingerprint(parse_restorer("tv"), card, "cuda:0"),
        restorer_fingerprint(
            parse_restorer("tv"), RestorerCard("tv", weights_sha256=("a",)), "cpu"
        ),
        restorer_fingerprint(parse_restorer("wavelet"), card, "cpu"),
    ]
    assert len({plain, *others}) == 5
    assert restorer_fingerprint(parse_restorer("tv"), card, "cpu") == plain
