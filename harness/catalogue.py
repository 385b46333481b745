"""Plugins by name, for plugins: what is registered, whoever registered it.

A loader of benchmark files looks here for what its files name; it registers nothing.
"""

from collections.abc import Callable

from harness.known_sets import KnownSet
from harness.plugins.kinds import degradations, known_sets, sets
from harness.protocols import Degradation, DegradedSet


def find_degradation(name: str) -> Callable[..., Degradation]:
    """The class of a degradation, built with its parameters as keywords.

    Raises:
        UnknownNameError: Nobody registers the name.
        PluginError: It does not import.
    """
    return degradations.get(name)


def find_set(name: str) -> DegradedSet:
    """The degraded set of this name.

    Raises:
        UnknownNameError: Nobody registers the name.
        PluginError: It does not import.
    """
    return sets.get(name)()


def find_known_set(name: str) -> KnownSet:
    """The published set of images of this name.

    Raises:
        UnknownNameError: Nobody registers the name.
        PluginError: It does not import.
    """
    return known_sets.get(name)
