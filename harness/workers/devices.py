"""Which device there is to compute on; torch is asked only where a driver may be."""

import ctypes
import re
import sys
from pathlib import Path

from harness.errors import InputError

DEVICES = Path("/dev")
NODES = ("nvidia*", "nvhost*", "nvmap", "nvgpu", "dxg", "kfd")
"""What drivers of GPUs that torch calls CUDA put there: NVIDIA's, Tegra's, Windows', AMD's."""
DRIVER = "libcuda.so.1"


def choose_device(wanted: str) -> str:
    """Resolves `auto` to the first CUDA device, or the CPU.

    Raises:
        InputError: A device that is not here.
    """
    if wanted == "cpu":
        return wanted
    if not re.fullmatch(r"auto|cuda(:\d+)?", wanted):
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


def _has_driver() -> bool:
    """Whether torch may find a CUDA device; true wherever that cannot be ruled out."""
    if sys.platform != "linux" or any(any(DEVICES.glob(name)) for name in NODES):
        return True
    try:  # as torch would look for it: a driver may lie anywhere, and its devices elsewhere
        ctypes.CDLL(DRIVER)
    except OSError:
        return False
    return True
