"""What a file with a network's code may hold.

These checks come before torch reads it; none of them runs anything.
"""

import json
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from harness.errors import InputError

_FILE_OPERATORS = re.compile(
    rb"\b(from_file|save|load_tensor|ops\.(?!aten\b|prim\b|torchvision\b)\w+)\b"
)
"""Operators of TorchScript that reach files, and operators of libraries other than torch's own."""

_OPERATOR = re.compile(
    r"torch\.ops\.(aten|prims|prim)\.\w+(\.\w+)*|torch\.sym_\w+|math\.\w+"
    r"|_operator\.(getitem|add|sub|mul|truediv|floordiv|mod|pow|neg|abs|eq|ne|lt|gt)"
)
_NO_GRAPH = re.compile(r"/data/aotinductor/|/(custom|opaque)_obj|\.(so|dll|dylib|py|cpp|cubin)$")
_EXPRESSION = re.compile(
    r"(?:Symbol\('[su]\w*'(?:, (?:positive|integer|nonnegative)=True)*\)"
    r"|Add|Mul|Pow|Mod|PythonMod|Max|Min|FloorDiv|CleanDiv|CeilDiv|IntTrueDiv|FloatTrueDiv"
    r"|TruncToInt|ToFloat|Integer|Float|Rational|floor|ceiling|Eq|Ne|Lt|Le|Gt|Ge|And|Or|Not"
    r"|true|false|True|False|[su]\d+|[\d\s.+*/(),<>=&|~-])*"
)
"""Sizes such as `Mul(Integer(2), Symbol('s77', integer=True))`.

torch hands them to sympy, which evaluates them.
"""


def is_torchscript(path: str) -> bool:
    """Whether a file is an archive with TorchScript code in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any("/code/" in name.lower() for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def check_torchscript(path: str) -> None:
    """Refuses TorchScript that names an operator it has no need of.

    These are operators which read or write files, and those of another library.

    TorchScript has no `eval`, no attribute by name and no import: what code does not name, it
    cannot reach.

    Raises:
        InputError: The file is no such archive, or is refused.
    """
    with _opened(path, "TorchScript") as archive:
        # every entry, whatever the case of its name and however often it is there: torch's reader
        # has rules of its own
        code = [entry for entry in archive.infolist() if entry.filename.lower().endswith(".py")]
        if not code:
            raise InputError(f"{path} cannot be read as TorchScript: there is no code in it")
        for entry in code:
            found = _FILE_OPERATORS.search(archive.read(entry))
            if found:
                where, word = entry.filename, found.group().decode()
                raise InputError(
                    f"{path} is refused: its code ({where}) names {word!r}; a network needs no "
                    "such operator"
                )


def check_exported_program(path: str) -> None:
    """Refuses an exported program that holds more than a graph of torch's operators and tensors.

    That is pickled objects, compiled code, or calls of anything else.

    Raises:
        InputError: The file is no such archive, or is refused.
    """
    with _opened(path, "an exported program") as archive:
        entries = {entry: entry.filename.lower() for entry in archive.infolist()}
        for entry, name in entries.items():
            if _NO_GRAPH.search(name):
                raise InputError(
                    f"{path} is refused: it holds {entry.filename}, which is not a graph or a "
                    "tensor"
                )
        named = [entry for entry, name in entries.items() if re.search(r"/models/|\.json$", name)]
        if not named:
            raise InputError(
                f"{path} cannot be read as an exported program: there is no graph in it"
            )
        for entry in named:
            try:
                _check_graph(path, json.loads(archive.read(entry)))
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{path} cannot be read as an exported program: {entry.filename}: {error}"
                ) from error


@contextmanager
def weights_only() -> Iterator[None]:
    """Makes every `torch.load` in here read weights only.

    So do those inside torch that ask for all of pickle.
    """
    variable = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
    before = os.environ.get(variable)
    os.environ[variable] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[variable]
        else:
            os.environ[variable] = before


def _check_graph(path: str, graph: object) -> None:
    for key, value in _strings(graph):
        if key == "target" and not _OPERATOR.fullmatch(value):
            raise InputError(
                f"{path} is refused: its graph calls {value!r}, which is no operator of torch"
            )
        if key == "target" and re.search(r"from_file|save", value):
            raise InputError(f"{path} is refused: its graph calls {value!r}, which reaches files")
        if key.startswith("expr") and not _EXPRESSION.fullmatch(value):
            raise InputError(f"{path} is refused: {value[:60]!r} is no size of an array")


def _strings(node: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a JSON document, with the key it stands under."""
    if isinstance(node, str):
        yield key, node
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _strings(value, str(name))
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value, key)


def _opened(path: str, what: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} cannot be read as {what}: {error}") from error
