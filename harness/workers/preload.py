"""What the server of workers imports before it forks them; it imports this module first."""

import importlib
import os
from collections.abc import Iterable
from contextlib import suppress

from harness.workers.guard import PRELOAD, split


def preload(names: Iterable[str]) -> None:
    """Imports modules.

    What does not import is left out: the worker that needs it says what is wrong.

    Args:
        names: Dotted.
    """
    for name in names:
        with suppress(Exception):
            importlib.import_module(name)


split()  # before threads and packages: what comes next is the child's
preload(filter(None, os.environ.pop(PRELOAD, "").split(",")))
