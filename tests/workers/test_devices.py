"""Which device there is: torch is asked where a driver may be, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import InputError
from harness.workers import devices
from harness.workers.devices import choose_device


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The devices of a machine without a GPU, on which nobody must import torch."""
    monkeypatch.setattr(devices, "DEVICES", tmp_path)
    monkeypatch.setattr(devices, "DRIVER", "libno-such-driver.so.1")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "null").touch()
    return tmp_path


def put_torch(monkeypatch: pytest.MonkeyPatch, *, cuda: bool) -> None:
    torch = SimpleNamespace(__version__="2", cuda=SimpleNamespace(is_available=lambda: cuda))
    monkeypatch.setitem(sys.modules, "torch", torch)


@pytest.mark.usefixtures("folder")
def test_without_a_driver_it_is_the_processor() -> None:
    assert choose_device("auto") == choose_device("cpu") == "cpu"
    for wanted in ("cuda", "cuda:0", "cuda:99"):
        with pytest.raises(InputError, match=f"device {wanted} was asked for, and there is no"):
            choose_device(wanted)
    with pytest.raises(InputError, match="is unknown"):
        choose_device("gpu")


@pytest.mark.parametrize("node", ["nvidia0", "nvidiactl", "kfd", "dxg", "nvhost-gpu", "nvmap"])
def test_where_a_driver_may_be_torch_is_asked(
    folder: Path, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / node).touch()
    with pytest.raises(ImportError):
        choose_device("auto")
    put_torch(monkeypatch, cuda=True)
    assert choose_device("auto") == "cuda:0"
    assert choose_device("cuda:1") == "cuda:1"
    put_torch(monkeypatch, cuda=False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(InputError, match="torch 2 sees no CUDA device"):
        choose_device("cuda:0")


@pytest.mark.usefixtures("folder")
def test_a_library_of_the_driver_is_enough_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "DRIVER", None)  # this process itself, which can be loaded
    put_torch(monkeypatch, cuda=True)
    assert choose_device("auto") == "cuda:0"


@pytest.mark.usefixtures("folder")
def test_another_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    put_torch(monkeypatch, cuda=True)
    assert choose_device("auto") == "cuda:0"
