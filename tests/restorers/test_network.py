"""Networks out of their source: `-r network:net.py:Net:weights=net.pth`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import restorers as our_restorers
from harness import basicsr_shim
from harness.errors import InputError
from harness.protocols import Conditions
from harness.restoring.adaptation import restore_image
from restorers.network import NetworkRestorer

SOURCE = """
import torch
from torch import nn

class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return x + self.body(x)

class Net(nn.Module):
    def __init__(self, width=4, scale=2, depths=(1,)):
        super().__init__()
        self.head = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(sum(depths))))
        self.tail = nn.Sequential(nn.Conv2d(width, 3 * scale**2, 3, padding=1),
                                  nn.PixelShuffle(scale))

    def forward(self, x):
        return self.tail(self.blocks(self.head(x)))
"""


@pytest.fixture
def image(generator: np.random.Generator) -> Any:
    return generator.random((3, 20, 24), dtype=np.float32)


def write(folder: Path, source: str = SOURCE, prefix: str = "", **arguments: Any) -> Any:
    """Writes `net.py` and the weights of a network of it; returns the network."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net.py").write_text(source)
    names: dict[str, Any] = {}
    exec(compile(SOURCE, "net.py", "exec"), names)  # noqa: S102 - the text above
    network = names["Net"](**arguments).eval()
    state = {prefix + key: value for key, value in network.state_dict().items()}
    torch.save({"params": state}, folder / "net.pth")
    return network


def restore(restorer: NetworkRestorer, image: Any) -> Any:
    return restore_image(restorer, image, Conditions(scale=restorer.card.scales[0]))


def run(network: Any, image: Any) -> Any:
    with torch.inference_mode():
        return network(torch.from_numpy(image[None]))[0].numpy()


@pytest.mark.parametrize("cls", [":Net", ""])
def test_it_runs_as_the_network_does(tmp_path: Path, image: Any, cls: str) -> None:
    network = write(tmp_path, width=6, depths=(2, 1))
    restorer = NetworkRestorer(
        path=f"{tmp_path}/net.py{cls}", weights=f"{tmp_path}/net.pth", width=6, depths="[2;1]"
    )
    assert (restorer.card.name, restorer.card.scales) == ("net", (2,))
    assert restorer.card.parameters == sum(item.numel() for item in network.parameters())
    assert "Net of net.py" in restorer.card.source
    assert np.array_equal(restore(restorer, image), run(network, image).clip(0, 1))


def test_words_of_any_network_and_arguments_of_the_class_stand_side_by_side(
    tmp_path: Path,
) -> None:
    write(tmp_path, scale=3)
    restorer = NetworkRestorer(
        path=f"{tmp_path}/net.py", weights=f"{tmp_path}/net.pth", scale=3, range=255, order="bgr"
    )
    card = restorer.card
    assert (card.scales, card.value_range, card.channel_order) == ((3,), (0.0, 255.0), "bgr")


def test_prefixes_of_tools_are_taken_off_and_said(tmp_path: Path) -> None:
    write(tmp_path, prefix="module.net_g.")
    restorer = NetworkRestorer(path=f"{tmp_path}/net.py", weights=f"{tmp_path}/net.pth")
    assert "'module.net_g.'" in restorer.card.source


@pytest.mark.parametrize("name", ["basicsr", "restorers", "harness", "utils"])
def test_packages_beside_it_are_its_own_and_nobody_elses(
    tmp_path: Path, image: Any, name: str
) -> None:
    package = tmp_path / "project" / name
    source = SOURCE.replace("import torch\n", f"import torch\nfrom {name}.twice import twice\n", 1)
    late = f"        from {name}.late import late\n        return late(twice(self.tail("
    source = source.replace("        return self.tail(", late).replace("head(x)))", "head(x)))))")
    network = write(tmp_path / "project", source)
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "twice.py").write_text("def twice(x):\n    return 2 * x\n")
    (package / "late.py").write_text("def late(x):\n    return x / 4\n")
    before = dict(sys.modules), list(sys.path)
    restorer = NetworkRestorer(
        path=f"{tmp_path}/project/net.py:Net", weights=f"{tmp_path}/project/net.pth"
    )
    found = restore(restorer, image)
    assert found == pytest.approx((run(network, image) / 2).clip(0, 1), abs=1e-6)
    assert sys.modules["restorers"] is our_restorers
    changed = {key for key in before[0] if sys.modules.get(key) is not before[0][key]}
    assert changed == set(), [(before[0][k], sys.modules.get(k)) for k in changed]
    assert f"{name}.late" not in sys.modules
    assert sys.path == before[1]


def test_what_is_called_as_a_part_of_python_changes_nothing(tmp_path: Path, image: Any) -> None:
    network = write(tmp_path)
    for name in ("types", "random", "logging"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('imported')\n")
    restorer = NetworkRestorer(path=f"{tmp_path}/net.py", weights=f"{tmp_path}/net.pth")
    assert np.array_equal(restore(restorer, image), run(network, image).clip(0, 1))


@pytest.mark.parametrize("marked", [True, False])
def test_relative_imports_work_in_a_package_and_in_a_mere_folder(
    tmp_path: Path, image: Any, marked: bool
) -> None:
    source = SOURCE.replace("import torch\n", "import torch\nfrom .part import half\n", 1)
    source = source.replace("return self.tail(", "return half * self.tail(")
    network = write(tmp_path / "models", source)
    (tmp_path / "models" / "part.py").write_text("half = 0.5\n")
    if marked:
        (tmp_path / "models" / "__init__.py").write_text("")
    restorer = NetworkRestorer(
        path=f"{tmp_path}/models/net.py:Net", weights=f"{tmp_path}/models/net.pth"
    )
    expected = (0.5 * run(network, image)).clip(0, 1)
    assert restore(restorer, image) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("copied", [True, False])
def test_architectures_of_basicsr_need_nothing_but_what_they_import(
    tmp_path: Path, image: Any, copied: bool
) -> None:
    """Its own `__init__` fails on today's torchvision, and that of a copy for want of `version`."""
    registered = "from basicsr.utils.registry import ARCH_REGISTRY\n"
    source = SOURCE.replace("class Net(", "@ARCH_REGISTRY.register()\nclass RCAN(")
    source = source.replace("import torch\n", f"import torch\n{registered}", 1)
    folder = tmp_path / "basicsr" / "archs" if copied else tmp_path
    network = write(folder, source)
    if copied:
        (tmp_path / "basicsr" / "utils").mkdir()
        (folder / "__init__.py").write_text("raise RuntimeError('the other architectures')\n")
        (tmp_path / "basicsr" / "__init__.py").write_text("from .version import __version__\n")
        (tmp_path / "basicsr" / "utils" / "__init__.py").write_text("")
        registry = "class Registry(dict):\n    def register(self):\n        return self.add\n"
        registry += "    def add(self, cls):\n        assert cls.__name__ not in self\n"
        registry += "        self[cls.__name__] = cls\n        return cls\n"
        (tmp_path / "basicsr" / "utils" / "registry.py").write_text(
            f"{registry}ARCH_REGISTRY = Registry()\n"
        )
    elif basicsr_shim.missing():
        pytest.skip(str(basicsr_shim.missing()))
    before = {name for name in sys.modules if name.partition(".")[0] == "basicsr"}
    for _ in range(2):  # a registry takes a name once
        restorer = NetworkRestorer(path=f"{folder}/net.py:RCAN", weights=f"{folder}/net.pth")
        assert np.array_equal(restore(restorer, image), run(network, image).clip(0, 1))
    after = {name for name in sys.modules if name.partition(".")[0] == "basicsr"}
    assert after == before


def test_its_fingerprint_follows_weights_source_and_what_is_imported(tmp_path: Path) -> None:
    source = SOURCE.replace("import torch\n", "import torch\nimport part\n", 1)
    write(tmp_path, source)

    def card() -> tuple[str, ...]:
        built = NetworkRestorer(path=f"{tmp_path}/net.py", weights=f"{tmp_path}/net.pth")
        return built.card.weights_sha256

    (tmp_path / "part.py").write_text("x = 1\n")
    first = card()
    assert card() == first
    (tmp_path / "part.py").write_text("x = 2\n")
    second = card()
    os.utime(tmp_path / "net.py")
    write(tmp_path, source)
    assert len({first, second, card()}) == 3, "the weights are random"


def test_what_does_not_fit_is_named_with_its_shapes(tmp_path: Path) -> None:
    write(tmp_path, width=6)
    with pytest.raises(InputError, match=r"head\.bias \(6,\) for \(4,\).* strict=false"):
        NetworkRestorer(path=f"{tmp_path}/net.py:Net", weights=f"{tmp_path}/net.pth")
    write(tmp_path, depths=(1, 1))
    with pytest.raises(InputError, match=r"2 not of the network \(blocks\.1\.body\.bias"):
        NetworkRestorer(path=f"{tmp_path}/net.py:Net", weights=f"{tmp_path}/net.pth")
    partly = NetworkRestorer(
        path=f"{tmp_path}/net.py:Net", weights=f"{tmp_path}/net.pth", strict=False
    )
    assert "loaded in part (2 not of the network" in partly.card.source


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("net.txt:Net", SOURCE, "names no Python file; expected network:FILE.py:CLASS"),
        ("gone.py:Net", SOURCE, "gone.py does not exist"),
        ("net.py:Other", SOURCE, "has no 'Other'; its networks: Block, Net"),
        ("net.py", "x = 1", "there is no torch.nn.Module"),
        ("net.py:Net", "import no_such_package", "needs the package 'no_such_package'"),
        (
            "net.py:Net",
            "import torch.gone",
            "imports torch.gone, which the torch that is there does not have",
        ),
        ("net.py:Net", "1 / 0", "cannot be imported: ZeroDivisionError"),
        ("net.py:Net", "raise SystemExit(3)", "cannot be imported: SystemExit"),
        ("net.py:Net", "def Net(", "cannot be imported: SyntaxError"),
    ],
)
def test_what_cannot_be_imported_is_one_clear_line(
    tmp_path: Path, path: str, source: str, message: str
) -> None:
    write(tmp_path, source)
    with pytest.raises(InputError, match=message) as raised:
        NetworkRestorer(path=f"{tmp_path}/{path}", weights=f"{tmp_path}/net.pth")
    assert "\n" not in str(raised.value)


def test_arguments_that_the_class_does_not_take_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(InputError, match=r"Net takes width=4, scale=2, depths=\(1,\), and no 'br"):
        NetworkRestorer(path=f"{tmp_path}/net.py", weights=f"{tmp_path}/net.pth", breadth=3)
    with pytest.raises(InputError, match=r"cannot be built: .*takes width=4.*restobench wrap"):
        NetworkRestorer(path=f"{tmp_path}/net.py", weights=f"{tmp_path}/net.pth", width="wide")
