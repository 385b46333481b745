"""What plugin authors are told to write in their own tests runs."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

from harness import testing
from harness.images import Image
from harness.protocols import Conditions, Restorer, RestorerCard, Task


class Returns(Restorer):
    """What it is given."""

    card = RestorerCard("returns", tasks=(Task.DENOISE,), parameters=0)

    def restore(self, image: Image, conditions: Conditions) -> Image:
        return image.copy()


class Doubles(Returns):
    """Brighter than its card says."""

    def restore(self, image: Image, conditions: Conditions) -> Image:
        return image * np.float32(4)


def example_of(restorer: type[Restorer]) -> None:
    """Runs the test of the module's docstring, with a restorer in the place of `MyRestorer`."""
    text = testing.__doc__ or ""
    names: dict[str, object] = {"MyRestorer": restorer}
    source = textwrap.dedent(text[text.index("    from harness") :])
    exec(source, names)  # noqa: S102 - our own text
    names["test_conformance"]()  # type: ignore[operator]


def test_the_example_of_the_docstring_passes_a_good_restorer_and_fails_a_bad_one() -> None:
    example_of(Returns)
    with pytest.raises(AssertionError):
        example_of(Doubles)
