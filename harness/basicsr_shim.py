"""The one file that imports basicsr.

Its `__init__` fails on today's torchvision, its modules do not.

basicsr 1.4.2 imports `torchvision.transforms.functional_tensor`, which is gone, from its data
pipeline. The archs and metrics do not need it: a bare package of the same name and path lets them
be imported on their own.
"""

import importlib.util
import sys
import warnings
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any

from harness.errors import UnavailableError

INSTALL = "pip install torch && pip install --no-build-isolation basicsr"


def missing() -> str | None:
    """Says how to install basicsr where it is missing, or `None`; imports nothing."""
    if PathFinder.find_spec("basicsr"):
        return None
    if sys.version_info >= (3, 13):
        return "basicsr does not build on Python 3.13 or newer: use Python 3.11 or 3.12"
    return f"basicsr is not installed: {INSTALL}"


def import_basicsr(module: str) -> ModuleType:
    """Imports a module of basicsr without basicsr's own `__init__`.

    Args:
        module: Such as `basicsr.metrics.niqe`.

    Raises:
        UnavailableError: basicsr is not installed.
    """
    # importlib.util.find_spec would return the bare package's spec, or fail on it
    spec = PathFinder.find_spec("basicsr")
    if spec is None:
        raise UnavailableError(str(missing()))
    if "basicsr" not in sys.modules:
        sys.modules["basicsr"] = importlib.util.module_from_spec(spec)  # and it is not run
    # its names of scipy and torch are of 2022
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return importlib.import_module(module)


def build_network(options: dict[str, Any]) -> Any:
    """Builds a network from the `network_g` section of a basicsr options file.

    Args:
        options: `type` and the architecture's own parameters.

    Returns:
        A `torch.nn.Module` with random weights.
    """
    return import_basicsr("basicsr.archs").build_network(options)
