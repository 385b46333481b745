"""What a result depends on, hashed: the code of a plugin, its weights, its parameters."""

import ast
import hashlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

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
    """SHA-256 over what a module's code means, and the modules of its own package that it imports.

    A restorer or metric whose code changed is run again; comments, docstrings, line breaks, how
    something is imported, and where the files lie change nothing.

    Args:
        module: Dotted name; found without being imported where that is possible.

    Returns:
        16 hex digits; of nothing for a module without a source file.
    """
    # of the engine only the metric's own folder counts: the rest of it is versioned, not hashed
    package = ".".join(module.split(".")[: 2 if module.startswith("harness.") else 1])
    pending, seen, hashes = [module], {module}, []
    while pending:
        name = pending.pop()
        path = _find(name)
        source = path.read_bytes() if path else b""
        meaning = _meaning(source, package)
        if meaning != _meaning(b"", package):  # a package's empty file says nothing
            hashes.append(hashlib.sha256(meaning).hexdigest())
        above = name if path and path.name == "__init__.py" else name.rpartition(".")[0]
        inside = (found for found in _named(source, above) if f"{found}.".startswith(f"{package}."))
        found = {name for name in inside if _find(name)} - seen
        seen |= found
        pending += found
    return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()[:16]


def _find(module: str) -> Path | None:
    """A module's file, found beside its package: `find_spec` would import what lies above it."""
    top, *below = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = [Path(spec.origin)] if spec.origin and not below else []
    for folder in (spec.submodule_search_locations or ()) if below else ():
        path = Path(folder, *below)
        places += [path.with_name(f"{path.name}.py"), path / "__init__.py"]
    return next((path for path in places if path.suffix == ".py" and path.is_file()), None)


def _named(source: bytes, above: str) -> set[str]:
    """What a file's imports may lead to; `above` is the package that relative ones start from."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = above.split(".")[: len(above.split(".")) + 1 - node.level] if node.level else []
            start = ".".join([*parts, *([node.module] if node.module else [])])
            names |= {start, *(f"{start}.{alias.name}" for alias in node.names)}
    return names


def _meaning(source: bytes, package: str) -> bytes:
    """The syntax tree of a file as bytes that are the same on every Python."""
    tree = ast.parse(source)
    places = (*OURS, package.partition(".")[0])
    return "\n".join(_tokens(tree, _imported(tree, places))).encode()


def _imported(tree: ast.Module, places: tuple[str, ...]) -> dict[str, str]:
    """What each imported name stands for: `scipy.ndimage.zoom`, or `zoom` where it is our own."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            ours = node.level > 0 or (node.module or "").partition(".")[0] in places
            for alias in node.names:
                found[alias.asname or alias.name] = (
                    alias.name if ours else f"{node.module}.{alias.name}"
                )
    return found


def _tokens(node: ast.AST, imported: dict[str, str]) -> Iterator[str]:
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
    """Whether it is an import or a docstring."""
    if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
        return isinstance(item.value.value, str)
    return isinstance(item, ast.Import | ast.ImportFrom)
