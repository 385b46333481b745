"""What a result depends on, hashed: the code of a plugin, its weights, its parameters."""

import ast
import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from harness.cards import RestorerCard
from harness.plugins.kinds import any_metric, metrics, set_metrics
from harness.plugins.source import OURS, Module, find, is_within, parse, with_its_own
from harness.plugins.specification import RestorerSpec
from harness.storage.provenance import installed_versions

VERSION = "tree1"
"""How code is hashed; fingerprints that do not begin with it are of an earlier way.

It changes when the same code gets another hash: then every result is made again, once.
"""


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
        *map(str, card.weights_sha256),
        repr(spec.parameters),
        device.partition(":")[0],
        *(file_hash(path) for path in _files_of_weights(spec)),
    ]
    if spec.argument is not None:
        path = Path(spec.argument)
        if path.is_file():
            parts.append(file_hash(path))
        else:
            parts += [spec.argument, code_hash(spec.argument.partition(":")[0])]
    digest = hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()
    return f"{VERSION}:{digest[:16]}"


_WEIGHTS = frozenset(
    {".bin", ".ckpt", ".h5", ".json", ".mat", ".npy", ".npz", ".onnx", ".param", ".pb", ".pkl"}
    | {".pt", ".pt2", ".pth", ".safetensors", ".tflite", ".toml", ".ts", ".yaml", ".yml"}
)


def _files_of_weights(spec: RestorerSpec) -> list[Path]:
    """The files that parameters name and that are read, not those that a restorer writes."""
    paths = [Path(value) for _, value in spec.parameters if isinstance(value, str)]
    return [path for path in paths if path.suffix.lower() in _WEIGHTS and path.is_file()]


def metric_fingerprint(name: str, device: str) -> str:
    """What a score depends on besides the images.

    The metric's distribution, its code, the kind of device, and the weights of one that somebody
    has trained.
    """
    cls = any_metric(name)
    origin = (set_metrics if name in set_metrics else metrics).origin(name)
    parts = origin.distribution, code_hash(cls.__module__), device.partition(":")[0]
    weights = getattr(cls, "weights_sha256", "")
    return ":".join([VERSION, *parts, *filter(None, [weights])])


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
    known: dict[str, str] = {}
    hashes = (
        _meaning(code, known)
        for code in with_its_own(module)
        if any(not _says_nothing(node) for node in code.tree.body)  # a package's empty file
    )
    return _hash(sorted(hashes))


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _meaning(code: Module, known: dict[str, str] | None) -> str:
    """The hash of what a module means.

    Args:
        code: The module.
        known: Hashes of what it imports of its own, by name, which are filled in; `None`: whatever
            lies behind that.
    """
    meant: dict[str, set[str]] = {}
    for name, module, attribute in code.imports():
        meant.setdefault(name, set()).add(_stands_for(module, attribute, code.own, known))
    stars = tuple(sorted(meant.pop("*", ())))
    names = tuple((name, " or ".join(sorted(targets))) for name, targets in sorted(meant.items()))
    return _hash_told(code.source, names, stars)


@lru_cache(maxsize=1024)
def _hash_told(source: bytes, names: tuple[tuple[str, str], ...], stars: tuple[str, ...]) -> str:
    """The hash of a source, given what its imported names stand for; plugins share modules."""
    told = [*stars]
    _tell(parse(source)[0], dict(names), told)
    return _hash(told)


def _stands_for(
    module: str, attribute: str, own: frozenset[str], known: dict[str, str] | None
) -> str:
    """An imported name without the place of what is ours: `scipy.ndimage.zoom`, `our zoom`."""
    top = module.partition(".")[0]
    if top not in OURS and not is_within(top, own):
        return ".".join(filter(None, [module, attribute]))
    inner = f"{module}.{attribute}"
    if find(inner):  # a module of its package: its content stands for its place
        module, attribute = inner, ""
    if not is_within(module, own) or module == top:
        return f"our {attribute}"
    if known is None:
        return f"our  {attribute}"
    if module not in known:
        known[module] = _meaning(Module.of(module, own), None)
    return f"our {known[module]} {attribute}"


def _tell(node: ast.AST, imported: Mapping[str, str], told: list[str]) -> None:
    """Tells a tree in its order, without imports, docstrings and empty fields.

    `ast.dump` would do, but what it prints differs between versions of Python.
    """
    told.append(type(node).__name__)
    for name in node._fields:
        value = None if name in _SILENT else getattr(node, name, None)
        if value is None:
            continue
        items = value if isinstance(value, list) else (value,)
        if items and isinstance(items[0], ast.stmt):
            items = [item for item in items if not _says_nothing(item)]
        if items:
            told.append(name)
        for item in items:
            if isinstance(item, ast.AST):
                _tell(item, imported, told)
            else:
                is_name = isinstance(node, ast.Name)
                told.append(imported.get(item, item) if is_name else repr(item))
    told.append("end")


_SILENT = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


def _says_nothing(item: ast.stmt) -> bool:
    """Whether it is an import, a docstring, `pass`, or a block of these for a type checker."""
    if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
        return isinstance(item.value.value, str)
    if isinstance(item, ast.If) and "TYPE_CHECKING" in ast.dump(item.test):
        return all(map(_says_nothing, item.body + item.orelse))
    return isinstance(item, ast.Import | ast.ImportFrom | ast.Pass)
