"""What a family of plugins is: many names behind one entry point."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from harness.errors import UnknownNameError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Family(Generic[T]):
    """Plugins of one kind by name: what an entry point whose name ends in `*` leads to.

    Attributes:
        kind: What one of them is called, in the singular, such as `known_set`.
        members: Every name there is.
        make: The plugin of one of these names.
    """

    kind: str
    members: Callable[[], Collection[str]]
    make: Callable[[str], T]

    def names(self) -> list[str]:
        """Every name, in the family's own order."""
        return list(self.members())

    def get(self, name: str) -> T:
        """The plugin of this name.

        Raises:
            UnknownNameError: The family has no such name.
        """
        members = self.members()
        if name not in members:
            raise UnknownNameError(self.kind, name, members)
        return self.make(name)
