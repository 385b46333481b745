"""Which device there is to compute on; torch is asked only where a driver may be."""

import ctypes
import os
import re
import sys
from pathlib import Path

from harness.errors import InputError

DEVICES = Path("/dev")
NODES = ("nvidia*", "nvhost*", "nvmap", "nvgpu", "dxg", "kfd")
"""What drivers of GPUs that torch calls CUDA put there: NVIDIA's, Tegra's, Windows', AMD's."""
DRIVER = "libcuda.so.1"

MOST_DEVICES = 1024
"""More than any machine has: what is beyond is a slip of the hand."""


def choose_device(wanted: str) -> str:
    """Resolves `auto` to the first CUDA device, or the CPU.

    Raises:
        InputError: A device that is not here.
    """
    if wanted == "cpu":
        return wanted
    if not (isinstance(wanted, str) and re.fullmatch(r"auto|cuda(:[0-9]+)?", wanted)):
        raise InputError(f"device {wanted!r} is unknown; expected auto, cpu or cuda:0")
    if not _has_driver():
        if wanted == "auto":
            return "cpu"
        raise InputError(
            f"device {wanted} was asked for, and there is no driver of an NVIDIA or AMD GPU "
            f"here: no {DRIVER}, and none of {', '.join(NODES)} in {DEVICES}"
        )
    import torch

    if wanted == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if not torch.cuda.is_available():
        raise InputError(
            f"device {wanted} was asked for, and torch {torch.__version__} sees no CUDA device here"
        )
    return wanted


def choose_devices(wanted: str) -> tuple[str, tuple[str, ...]]:
    """Several devices, each for workers that see no other.

    Args:
        wanted: `cuda:0-7`, `cuda:0,cuda:2`, `cuda:0,2`, or `cpu`.

    Returns:
        What each of these workers calls its device, and what each may see: values for `confined`.

    Raises:
        InputError: It cannot be read, or one of them is not here.
    """
    if wanted == "cpu":
        return "cpu", ()
    numbers: dict[int, None] = {}
    for part in wanted.split(","):
        match = re.fullmatch(r"(?:cuda:)?([0-9]+)(?:-([0-9]+))?", part.strip())
        if match is None or not wanted.startswith("cuda:"):
            raise InputError(
                f"--devices {wanted!r} is unknown; expected cuda:0-7, cuda:0,cuda:2 or cpu"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if last >= MOST_DEVICES:
            raise InputError(f"--devices {wanted!r}: no machine has a device {last}")
        numbers |= dict.fromkeys(range(first, last + 1))
    if not numbers:
        raise InputError(f"--devices {wanted!r} names no device")
    choose_device(f"cuda:{min(numbers)}")
    import torch

    if (count := torch.cuda.device_count()) <= max(numbers):
        raise InputError(f"--devices {wanted}: torch sees {count} CUDA devices here")
    return "cuda:0", tuple(_visible(number) for number in numbers)


SEEN_BY = ("HIP_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")
"""What says which GPUs a process sees, by AMD's and NVIDIA's drivers; a queue may have set it."""


def _visible(number: int) -> str:
    """What a device is called by the driver: a queue or the user may have left some out."""
    named = next((os.environ[name] for name in SEEN_BY if os.environ.get(name)), "")
    seen = [item for item in named.split(",") if item]
    return seen[number] if number < len(seen) else str(number)


def confined(device: str) -> dict[str, str]:
    """The variables of a process that is to see one device alone, as `choose_devices` calls it."""
    set_already = [name for name in SEEN_BY if os.environ.get(name)]
    return dict.fromkeys(set_already or SEEN_BY[1:], device)


def _has_driver() -> bool:
    """Whether torch may find a CUDA device; true wherever that cannot be ruled out."""
    if sys.platform != "linux" or any(any(DEVICES.glob(name)) for name in NODES):
        return True
    try:  # as torch would look for it: a driver may lie anywhere, and its devices elsewhere
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True
