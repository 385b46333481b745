"""Names to plugins, through entry points: built-in plugins register exactly as a third party's do.

Nothing is imported before a name is asked for. An entry point whose name ends in `*` is a *family*:
it names an object with `names() -> Sequence[str]` and `get(name) -> plugin`, for catalogues such as
pyiqa's metrics.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, entry_points, packages_distributions
from typing import Any, Generic, TypeVar

from harness.errors import (
    PluginError,
    UnavailableError,
    UnknownNameError,
    describe_error,
)
from harness.plugins.importing import bounded
from harness.protocols import Family

T = TypeVar("T")

OWN = "restobench "
"""What `Origin.distribution` begins with of plugins that come with the harness."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a plugin comes from.

    Attributes:
        distribution: `NAME VERSION` of the distribution that registers it; `this process` for added
            objects.
        target: The entry point's `module:attribute`.
    """

    distribution: str
    target: str


class Registry(Generic[T]):
    """The plugins of one kind.

    Args:
        kind: What one of them is called, in the singular; the entry point group is
            `restobench.<kind>s`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.group = f"restobench.{kind}s"
        self._added: dict[str, T] = {}
        self._entries: dict[str, EntryPoint] | None = None
        self._families: dict[str, Family[T]] | None = None
        self._broken: dict[str, PluginError] = {}

    def names(self) -> list[str]:
        """Every registered name, sorted; families are asked for theirs.

        One that does not import is there as it is registered, `NAME*`.
        """
        single = [name for name in self._entry_points() if not name.endswith("*")]
        family = [name for member in self._load_families().values() for name in member.names()]
        return sorted({*single, *family, *self._broken, *self._added})

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __contains__(self, name: str) -> bool:
        return (
            name in self._added or name in self._entry_points() or self._family_of(name) is not None
        )

    def get(self, name: str) -> T:
        """Imports and returns the plugin of this name.

        Raises:
            UnknownNameError: Nobody registers the name; near names are suggested.
            PluginError: It does not import.
        """
        if name in self._added:
            return self._added[name]
        entry = self._entry_points().get(name)
        if entry is not None and not name.endswith("*"):
            plugin: T = self._load(entry)
            return plugin
        family = self._family_of(name)
        if family is None:
            for star, error in self._broken.items():
                if name.startswith(star[:-1]):
                    raise error
            raise UnknownNameError(self.kind, name, self.names())
        return self._load_families()[family].get(name)

    def origin(self, name: str) -> Origin:
        """Says which distribution registers a name."""
        if name in self._added:
            return Origin("this process", repr(self._added[name]))
        entries = self._entry_points()
        entry = entries.get(name) or entries.get(self._family_of(name) or "")
        if entry is None:
            raise UnknownNameError(self.kind, name, self.names())
        return Origin(_distribution(entry), entry.value)

    def add(self, name: str, plugin: T) -> None:
        """Registers an object for this process only, for tests and notebooks.

        Raises:
            PluginError: The name is taken.
        """
        if name in self:
            raise PluginError(
                f"the {self.kind} {name!r} is registered already, by "
                f"{self.origin(name).distribution}"
            )
        self._added[name] = plugin

    def _entry_points(self) -> dict[str, EntryPoint]:
        if self._entries is None:
            found: dict[str, EntryPoint] = {}
            for entry in installed_entry_points(self.group):
                other = found.setdefault(entry.name, entry)
                if other.value != entry.value or _distribution(other) != _distribution(entry):
                    raise PluginError(
                        f"two distributions register the {self.kind} {entry.name!r}: "
                        f"{_distribution(other)} "
                        f"({other.value}) and {_distribution(entry)} ({entry.value}); uninstall "
                        "one of them"
                    )
            self._entries = found
        return self._entries

    def _load_families(self) -> dict[str, Family[T]]:
        if self._families is None:
            self._families = {}
            for name, entry in self._entry_points().items():
                if name.endswith("*"):
                    try:  # one that is broken keeps nobody from the others
                        self._families[name] = self._load(entry)
                    except PluginError as error:
                        self._broken[name] = error
        return self._families

    def _family_of(self, name: str) -> str | None:
        for family, member in self._load_families().items():
            if name.startswith(family[:-1]) and name in member.names():
                return family
        return None

    def _load(self, entry: EntryPoint) -> Any:
        try:
            foreign = not _distribution(entry).startswith(OWN)
            with redirect_stdout(sys.stderr), bounded() if foreign else nullcontext():
                plugin = entry.load()  # standard output is the command's own
                if plugin is None:
                    raise TypeError("it is None")
                if foreign and entry.name.endswith("*"):
                    plugin.names()
                return plugin
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # of whatever type a third party makes
            package = entry.module.split(".")[0]
            claimants = packages_distributions().get(package, [])
            also = (
                f"; the package {package!r} is installed by {', '.join(claimants)}"
                if len(claimants) > 1
                else ""
            )
            raise PluginError(
                f"the {self.kind} {entry.name!r} of {_distribution(entry)} does not import "
                f"({entry.value}): {describe_error(error)}{also}"
            ) from error


def installed_entry_points(group: str) -> Iterable[EntryPoint]:
    """The entry points of a group; every installed distribution is read once a process."""
    found: Iterable[EntryPoint] = _all_entry_points().select(group=group)
    return found


@lru_cache(maxsize=1)
def _all_entry_points() -> Any:
    return entry_points()


def _distribution(entry: EntryPoint) -> str:
    return _name_and_version(entry.dist) if entry.dist else "an unknown distribution"


@lru_cache
def _name_and_version(distribution: Distribution) -> str:
    # each look at a name or version parses the whole metadata, README and all
    return f"{distribution.name} {distribution.version}"


def why_missing(plugin: object) -> str | None:
    """Why a plugin is not usable here and what mends it, or `None`; none has to be able to say."""
    ask = getattr(plugin, "missing", None)
    reason: str | None = ask() if ask else None
    return reason


def require_usable(what: str, plugin: object) -> None:
    """Refuses a plugin that is not usable here.

    Raises:
        UnavailableError: Says what is missing.
    """
    if reason := why_missing(plugin):
        raise UnavailableError(f"{what} is not usable here: {reason}")
