"""A restorer that is a Python object of the user's own: `-r my_module:MyRestorer`."""

import importlib
import sys
from contextlib import suppress
from dataclasses import replace

from harness.errors import InputError
from harness.protocols import Restorer, RestorerCard


def load(*, path: str, device: str = "cpu", **parameters: object) -> Restorer:
    """Imports and builds a restorer.

    Args:
        path: `module:Class`; the module is looked for where Python looks, and in the working
            folder.
        device: Passed on.
        parameters: Passed on.

    Raises:
        InputError: It does not import, or what is built has no card or no `restore`.
    """
    module, _, attribute = path.partition(":")
    if "" not in sys.path:
        sys.path.append("")  # the working folder, as `python -m` has it
    try:
        factory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise InputError(f"restorer {path} cannot be imported: {error}") from error
    restorer: Restorer = factory(device=device, **parameters)
    card, restore = (getattr(restorer, name, None) for name in ("card", "restore"))
    if not isinstance(card, RestorerCard) or not callable(restore):
        raise InputError(
            f"{path} built a {type(restorer).__name__}; expected an object with card and "
            "restore(...)"
        )
    if not (card.weights or card.weights_sha256 or card.not_tracked):
        with suppress(AttributeError):  # a card that cannot be set says what its author wants
            opens = f"files that {module} opens (card.weights_sha256 names those that matter)"
            restorer.card = replace(card, not_tracked=opens)
    return restorer
