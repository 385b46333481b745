"""Whether a package is installed, without importing it."""

from __future__ import annotations

import importlib.util


def absent_package(module: str, install: str) -> str | None:
    """Says how to install a package that is not there, or `None`.

    Args:
        module: Top-level module.
        install: The command.
    """
    return None if importlib.util.find_spec(module) else f"{module} is not installed: {install}"
