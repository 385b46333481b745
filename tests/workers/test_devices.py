"""Which device there is: torch is asked where a driver may be, and nowhere else."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.errors import InputError
from harness.workers import devices
from harness.workers.devices import choose_device, choose_devices, confined


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


def put_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    cuda = SimpleNamespace(is_available=lambda: True, device_count=lambda: count)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(__version__="2", cuda=cuda))
    for name in devices.SEEN_BY:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ("cuda:0-3", ("0", "1", "2", "3")),
        ("cuda:0,cuda:2", ("0", "2")),
        ("cuda:3,1", ("3", "1")),
        ("cuda:1,1-2", ("1", "2")),
    ],
)
def test_several_devices_are_named_as_the_driver_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, seen: tuple[str, ...]
) -> None:
    (folder / "nvidia0").touch()
    put_gpus(monkeypatch, 4)
    assert choose_devices(wanted) == ("cuda:0", seen)


def test_devices_count_among_those_that_a_queue_allots(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "nvidia0").touch()
    put_gpus(monkeypatch, 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,GPU-8932f937")
    assert choose_devices("cuda:0-1") == ("cuda:0", ("5", "GPU-8932f937"))
    assert confined("5") == {"CUDA_VISIBLE_DEVICES": "5"}
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "0,1")
    assert confined("1") == {"HIP_VISIBLE_DEVICES": "1"}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("cuda:0-7", "torch sees 2 CUDA devices here"),
        ("gpu:0", "is unknown; expected cuda:0-7"),
        ("cuda:2-1", "names no device"),
        ("0,1", "is unknown"),
        ("cuda:0-4000000000", "no machine has a device 4000000000"),
    ],
)
def test_devices_that_are_not_here_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: str, message: str
) -> None:
    (folder / "nvidia0").touch()
    put_gpus(monkeypatch, 2)
    with pytest.raises(InputError, match=message):
        choose_devices(wanted)
