"""Builds restorers by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.plugins.kinds import restorers
from harness.protocols import Restorer


@pytest.fixture
def build() -> Callable[[str], Restorer]:
    """A restorer of this name, or a skip that says what it lacks."""

    def make(name: str) -> Restorer:
        cls = restorers.get(name)
        if cls.missing() is not None:
            pytest.skip(str(cls.missing()))
        return cls()

    return make
