"""The source of plugins: their modules and what these import, read and not imported."""

import ast
import hashlib
import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder
from pathlib import Path
from typing import Self

OURS = ("harness", "restorers", "benchmarks", "reports")
"""Packages whose modules may move without changing what a name means."""

USING_TORCH = frozenset({"torch", "torchvision", "timm", "spandrel", "pyiqa", "basicsr_shim"})
"""Packages that import torch, which takes two seconds of a processor."""


@dataclass(frozen=True, slots=True)
class Module:
    """The syntax tree of a module, and what its imports mean.

    Attributes:
        source: What `tree` was parsed from.
        import_nodes: Those of the tree.
        own: Packages and modules of its own: what is imported from there is hashed as well.
        above: The package that its relative imports start from.
    """

    source: bytes
    tree: ast.Module
    import_nodes: tuple[ast.Import | ast.ImportFrom, ...]
    own: frozenset[str]
    above: str

    @classmethod
    def of(cls, name: str, own: frozenset[str]) -> Self:
        """Reads a module by its dotted name; one without a file is empty."""
        path = find(name)
        is_package = path is not None and path.name == "__init__.py"
        above = name if is_package else name.rpartition(".")[0]
        source = path.read_bytes() if path else b""
        try:
            parsed = parse(source)
        except (SyntaxError, ValueError):  # compiled, or broken: its bytes are all that it says
            source = f"content = '{hashlib.sha256(source).hexdigest()}'".encode()
            parsed = parse(source)
        return cls(source, *parsed, own, above)

    def imports(self) -> Iterator[tuple[str, str, str]]:
        """Every name that an import binds, with the module and the attribute it stands for."""
        for node in self.import_nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    whole = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield alias.asname or whole, whole, ""
            else:
                above = self.above.split(".")
                parts = above[: len(above) + 1 - node.level] if node.level else []
                start = ".".join([*parts, *filter(None, [node.module])])
                for alias in node.names:
                    yield alias.asname or alias.name, start, alias.name

    def siblings(self) -> set[str]:
        """The modules of its own that its imports may lead to."""
        plain = (node for node in self.import_nodes if isinstance(node, ast.Import))
        names = {alias.name for node in plain for alias in node.names}
        for _, module, attribute in self.imports():
            names |= {module, f"{module}.{attribute}"}
        return {name for name in names if is_within(name, self.own)}


@lru_cache(maxsize=512)
def parse(source: bytes) -> tuple[ast.Module, tuple[ast.Import | ast.ImportFrom, ...]]:
    """The tree of a module, and the imports anywhere in it."""
    tree = ast.parse(source)
    nodes = _statements(tree.body)
    return tree, tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def _statements(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All of them, without what they are made of: an import is a statement."""
    for node in nodes:
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _statements(getattr(node, name, ()))


def with_its_own(module: str) -> Iterator[Module]:
    """A module, and those of its own that it leads to.

    Its own are those of its package and, where it lies in a folder of the user's, the others that
    lie in such folders. Of the engine only the metric's own folder counts: the rest of it is
    versioned, not hashed.

    Args:
        module: Dotted name; found without being imported where that is possible.
    """
    own = {".".join(module.split(".")[: 2 if module.startswith("harness.") else 1])}
    if module.partition(".")[0] not in OURS:
        beside = _in_users_folders()
        own |= beside if own <= beside else set()
    pending, seen = [module], {module}
    while pending:
        code = Module.of(pending.pop(), frozenset(own))
        yield code
        found = {name for name in code.siblings() if find(name)} - seen
        seen |= found
        pending += found


def imported_by_workers(modules: Iterable[str]) -> frozenset[str]:
    """What workers had better have imported before they start, to run plugins of these modules.

    Only what takes long, what a fork survives, and what another plugin does not notice.

    Args:
        modules: Dotted names.
    """
    named = {
        name
        for module in modules
        for code in with_its_own(module)
        for _, origin, attribute in code.imports()
        for name in (origin.partition(".")[0], attribute)
    }
    torch = {"torch"} if named & USING_TORCH else set()
    return frozenset(named & {"spandrel"} | torch)


def _in_users_folders() -> set[str]:
    """Modules and packages that are imported from where nothing is installed, such as here."""
    standard = Path(sysconfig.get_path("stdlib")).resolve()
    folders = dict.fromkeys(Path.cwd() / place for place in ("", *sys.path))
    own = set()
    for folder in filter(Path.is_dir, folders):
        place = folder.resolve()
        is_installed = {"site-packages", "dist-packages"} & set(place.parts)
        if not is_installed and not place.is_relative_to(standard):
            own |= {name for name, file in _importable(folder) if find(name) == file}
    return own - set(OURS)


def _importable(folder: Path) -> Iterator[tuple[str, Path | None]]:
    """Names of modules and packages in a folder, with their files."""
    for path in folder.iterdir():
        name = path.name.partition(".")[0]
        if path.name.endswith((".py", *EXTENSION_SUFFIXES)):
            yield name, path
        elif path.name.isidentifier() and path.is_dir():
            file = path / "__init__.py"
            if file.is_file():
                yield name, file
            elif any(path.glob("*.py")):  # a package without that file
                yield name, None


def is_within(name: str, packages: Iterable[str]) -> bool:
    """Whether a dotted name is one of these packages, or lies in one."""
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def find(module: str) -> Path | None:
    """A module's file, found beside its package: `find_spec` would import what lies above it."""
    top, *below = module.split(".")
    try:
        # a user's own module lies in the working folder, where the worker will import it from
        spec = importlib.util.find_spec(top) or PathFinder.find_spec(top, [""])
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    known = (".py", *EXTENSION_SUFFIXES)
    # text, for a thousand are looked at
    places = [spec.origin] if spec.origin and not below else []
    for folder in (spec.submodule_search_locations or ()) if below else ():
        stem = os.path.join(folder, *filter(None, below))  # noqa: PTH118
        places += [stem + ending for ending in (*known, f"{os.sep}__init__.py")]
    places = [place for place in places if place.endswith(known)]
    found = filter(os.path.isfile, places)
    return next(map(Path, found), None)
