"""What the server of workers imports before it forks them; it imports this module first."""

import importlib
import os
from contextlib import suppress

from harness.workers.confinement import PRELOAD


def preload(names: str) -> None:
    """Imports modules, and takes attributes of those that load parts of theirs only then.

    What does not import is left out: the worker that needs it says what is wrong.

    Args:
        names: `module` or `module:attribute`, separated by commas.
    """
    for name in filter(None, names.split(",")):
        module, _, attribute = name.partition(":")
        with suppress(Exception):
            found = importlib.import_module(module)
            if attribute:
                getattr(found, attribute)


preload(os.environ.pop(PRELOAD, ""))
