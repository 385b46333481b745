"""What a restorer may lack here: a package, or weights out of the zoo."""

import importlib.util
from pathlib import Path

from harness import zoo
from harness.protocols import Restorer, RestorerCard, WeightFile


def absent_package(module: str, install: str) -> str | None:
    """Says how to install a package that is not there, or `None`; imports nothing.

    Args:
        module: Top-level module.
        install: The command.
    """
    return None if importlib.util.find_spec(module) else f"{module} is not installed: {install}"


class ZooRestorer(Restorer):
    """A restorer whose weights `restobench zoo get` fetches: those that its card names."""

    card: RestorerCard

    @classmethod
    def missing(cls) -> str | None:
        """Names the command that fetches the weights."""
        return zoo.missing(cls.card.weights, cls.card.name)

    def locate(self, weight: WeightFile) -> Path:
        """One of the files.

        Raises:
            UnavailableError: It is not here.
        """
        return zoo.locate(weight, self.card.name)
