"""Builds the restorer that a specification names."""

import pickle
import random
import sys

import numpy as np

from harness.cards import check_feeding
from harness.errors import InputError
from harness.plugins.specification import RestorerSpec
from harness.protocols import Restorer


def build_restorer(spec: RestorerSpec, device: str = "cpu") -> Restorer:
    """Builds a restorer: imports its packages and loads its weights.

    Raises:
        InputError: A parameter that the class does not take, or a card that cannot be followed.
    """
    try:
        restorer = spec.cls()(device=device, **spec.keywords())
    except TypeError as error:
        if "argument" not in str(error):
            raise
        told = ", ".join(["device", *spec.keywords()])
        raise InputError(f"{spec.text}: {error}; it is given {told}") from error
    check_feeding(restorer.card)
    if not spec.options():
        return restorer
    from harness.restoring.variants import with_options

    return with_options(restorer, spec.options(), device)


def asks_its_card(restorer: Restorer) -> bool:
    """Whether its card alone decides which sets a restorer can be run on."""
    while (inner := getattr(restorer, "inner", None)) is not None:  # it has options
        restorer = inner
    is_default = getattr(type(restorer), "supports", None) is Restorer.supports
    return is_default and "supports" not in vars(restorer)


def seed_everything() -> None:
    """Makes what a restorer draws depend on no image before this one.

    A restorer that uses torch has imported it before its first image, in the warm-up.
    """
    random.seed(0)
    np.random.seed(0)
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.manual_seed(0)
    elif torch is not None:
        torch.default_generator.manual_seed(0)  # all that there is, without 1 ms of looking


def random_state() -> bytes:
    """What Python, numpy and torch draw from next: it stays as it is where nothing is drawn."""
    states: list[object] = [random.getstate(), np.random.get_state()]
    torch = sys.modules.get("torch")
    if torch is not None:
        states.append(torch.default_generator.get_state().numpy())
        if torch.cuda.is_initialized():
            states += [state.numpy() for state in torch.cuda.get_rng_state_all()]
    return pickle.dumps(states)
