"""What a result depends on, hashed: the code of a plugin, its weights, its parameters."""

import ast
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Self

from harness.cards import RestorerCard
from harness.plugins.kinds import metrics
from harness.plugins.specification import RestorerSpec
from harness.storage.provenance import installed_versions

VERSION = "tree1"
"""How code is hashed; fingerprints that do not begin with it are of an earlier way.

It changes when the same code gets another hash: then every result is made again, once.
"""

OURS = ("harness", "restorers", "benchmarks", "reports")
"""Packages whose modules may move without changing what a name means."""


def is_current(fingerprint: str) -> bool:
    """Whether a fingerprint was made as this version makes them."""
    return fingerprint.startswith(f"{VERSION}:")


def restorer_fingerprint(spec: RestorerSpec, card: RestorerCard, device: str) -> str:
    """What a restored image depends on besides the degraded one.

    The distribution's version and the code of the adapter, weights, parameters, and the kind of
    device.
    """
    module = spec.cls().__module__
    parts = [
        code_hash(module),
        _version_of(module.partition(".")[0]),
        *(weight.sha256 for weight in card.weights),
        *card.weights_sha256,
        repr(spec.parameters),
        device.partition(":")[0],
    ]
    if spec.argument is not None:
        path = Path(spec.argument)
        if path.is_file():
            parts.append(file_hash(path))
        else:
            parts += [spec.argument, code_hash(spec.argument.partition(":")[0])]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"{VERSION}:{digest[:16]}"


def metric_fingerprint(name: str, device: str) -> str:
    """What a score depends on besides the images.

    The metric's distribution, its code, and the kind of device.
    """
    code = code_hash(metrics.get(name).__module__)
    kind = device.partition(":")[0]
    return f"{VERSION}:{metrics.origin(name).distribution}:{code}:{kind}"


def _version_of(package: str) -> str:
    # our own adapters are told apart by their code: a release alone does not run everything again
    return "" if package in OURS else installed_versions([package]).get(package, "")


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def code_hash(module: str) -> str:
    """SHA-256 over what a module's code means, and the modules of its own that it imports.

    Its own are those of its package and, where it lies in the working folder, the others there. A
    restorer or metric whose code changed is run again; comments, docstrings, line breaks, how
    something is imported, and where the files lie change nothing.

    Args:
        module: Dotted name; found without being imported where that is possible.

    Returns:
        16 hex digits; of nothing for a module without a source file.
    """
    # of the engine only the metric's own folder counts: the rest of it is versioned, not hashed
    own = {".".join(module.split(".")[: 2 if module.startswith("harness.") else 1])}
    beside = _in_working_folder()
    own |= beside if own <= beside else set()
    pending, seen, hashes = [module], {module}, []
    while pending:
        code = _Module.of(pending.pop(), frozenset(own))
        if any(not _says_nothing(node) for node in code.tree.body):  # a package's empty file
            hashes.append(_hash(code.tokens()))
        found = {name for name in code.siblings() if _find(name)} - seen
        seen |= found
        pending += found
    return _hash(sorted(hashes))


def _in_working_folder() -> set[str]:
    """Modules and packages of the user's own that are imported from the working folder."""
    files = [*Path.cwd().glob("*.py"), *Path.cwd().glob("*/__init__.py")]
    names = {(file if file.stem != "__init__" else file.parent).stem: file for file in files}
    return {name for name, file in names.items() if name not in OURS and _find(name) == file}


def _is_within(name: str, packages: Iterable[str]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _find(module: str) -> Path | None:
    """A module's file, found beside its package: `find_spec` would import what lies above it."""
    top, *below = module.split(".")
    try:
        # a user's own module lies in the working folder, where the worker will import it from
        spec = importlib.util.find_spec(top) or PathFinder.find_spec(top, [""])
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = [Path(spec.origin)] if spec.origin and not below else []
    for folder in (spec.submodule_search_locations or ()) if below else ():
        path = Path(folder, *below)
        places += [path.with_name(f"{path.name}.py"), path / "__init__.py"]
    return next((path for path in places if path.suffix == ".py" and path.is_file()), None)


@dataclass(frozen=True, slots=True)
class _Module:
    """The syntax tree of a module, and what its imports mean.

    Attributes:
        own: Packages and modules of its own: what is imported from there is hashed as well.
        above: The package that its relative imports start from.
    """

    tree: ast.Module
    own: frozenset[str]
    above: str

    @classmethod
    def of(cls, name: str, own: frozenset[str]) -> Self:
        path = _find(name)
        tree = ast.parse(path.read_bytes() if path else b"")
        is_package = path is not None and path.name == "__init__.py"
        return cls(tree, own, name if is_package else name.rpartition(".")[0])

    def imports(self) -> Iterator[tuple[str, str, str]]:
        """Every name that an import binds, with the module and the attribute it stands for."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    whole = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield alias.asname or whole, whole, ""
            elif isinstance(node, ast.ImportFrom):
                above = self.above.split(".")
                parts = above[: len(above) + 1 - node.level] if node.level else []
                start = ".".join([*parts, *filter(None, [node.module])])
                for alias in node.names:
                    yield alias.asname or alias.name, start, alias.name

    def siblings(self) -> set[str]:
        """The modules of its own that its imports may lead to."""
        names = {
            alias.name
            for n in ast.walk(self.tree)
            if isinstance(n, ast.Import)
            for alias in n.names
        }
        for _, module, attribute in self.imports():
            names |= {module, f"{module}.{attribute}"}
        return {name for name in names if _is_within(name, self.own)}

    def tokens(self, *, alone: bool = False) -> Iterator[str]:
        """What the module means; `alone`: whatever lies behind what it imports of its own."""
        meant: dict[str, set[str]] = {}
        for name, module, attribute in self.imports():
            meant.setdefault(name, set()).add(self._stands_for(module, attribute, alone))
        yield from sorted(meant.pop("*", ()))
        names = {name: " or ".join(sorted(targets)) for name, targets in meant.items()}
        yield from _tokens(self.tree, names)

    def _stands_for(self, module: str, attribute: str, alone: bool) -> str:
        """An imported name without the place of what is ours: `scipy.ndimage.zoom`, `our zoom`."""
        top = module.partition(".")[0]
        if top not in OURS and not _is_within(top, self.own):
            return ".".join(filter(None, [module, attribute]))
        inner = f"{module}.{attribute}"
        if _find(inner):  # a module of its package: its content stands for its place
            module, attribute = inner, ""
        if not _is_within(module, self.own) or module == top:
            return f"our {attribute}"
        code = "" if alone else _hash(_Module.of(module, self.own).tokens(alone=True))
        return f"our {code} {attribute}"


def _tokens(node: ast.AST, imported: Mapping[str, str]) -> Iterator[str]:
    """The tree in its order, without imports, docstrings and empty fields.

    `ast.dump` would do, but what it prints differs between versions of Python.
    """
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        if name in ("ctx", "kind", "type_comment", "type_ignores") or value is None:
            continue
        items = value if isinstance(value, list) else [value]
        told = [item for item in items if not _says_nothing(item)]
        yield from [name] if told else []
        for item in told:
            if isinstance(item, ast.AST):
                yield from _tokens(item, imported)
            else:
                is_name = isinstance(node, ast.Name)
                yield imported.get(item, item) if is_name else repr(item)
    yield "end"


def _says_nothing(item: object) -> bool:
    """Whether it is an import, a docstring, `pass`, or a block of these for a type checker."""
    if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
        return isinstance(item.value.value, str)
    if isinstance(item, ast.If) and "TYPE_CHECKING" in ast.dump(item.test):
        return all(map(_says_nothing, item.body + item.orelse))
    return isinstance(item, ast.Import | ast.ImportFrom | ast.Pass)
