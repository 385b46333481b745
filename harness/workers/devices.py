"""Which device there is to compute on."""

import re

from harness.errors import InputError


def choose_device(wanted: str) -> str:
    """Resolves `auto` to the first CUDA device, or the CPU.

    Raises:
        InputError: A device that is not here.
    """
    if wanted == "cpu":
        return wanted
    if not re.fullmatch(r"auto|cuda(:\d+)?", wanted):
        raise InputError(f"--device {wanted!r} is unknown; expected auto, cpu or cuda:0")
    import torch

    if wanted == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if not torch.cuda.is_available():
        raise InputError(
            f"--device {wanted} was asked for, and torch {torch.__version__} sees no CUDA device "
            "here"
        )
    return wanted
