"""The files that a command names, and the modules that a script of Python imports beside itself."""

import ast
import glob
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PYTHON = re.compile(r"python[\d.]*|pypy[\d.]*")
_FIELD = re.compile(r"\{\w+\}")


def command_files(arguments: list[str]) -> tuple[list[Path], str]:
    """What decides the results of a command, as far as it says so.

    Args:
        arguments: The program and its arguments, with fields such as `{input}` in them.

    Returns:
        The program, every argument that is a file, what Python scripts among these import from
        their folders, and the files of every argument that is a folder, where these are few; and in
        words what of the rest is not known.
    """
    program, *rest = arguments
    files = dict.fromkeys(Path(path) for path in [shutil.which(program)] if path)
    if _PYTHON.fullmatch(Path(program).name):
        told = dict(itertools.pairwise(rest))
        code = [f"from {told['-m']} import __main__" if "-m" in told else "", told.get("-c", "")]
        for file in _imported(_parsed("\n".join(code)), Path()):
            files |= _with_imports(file, Path())
    names, large = [file.name for file in files], []
    for place in _arguments(rest):
        if not place.is_dir():
            is_script = place.suffix == ".py"
            found = _with_imports(place, place.parent) if is_script else {place: None}
            names += [file.name for file in found]
        elif (inside := _files_below(place)) is not None:
            found = dict.fromkeys(inside)
            names.append(f"{place}/")
        else:
            large.append(f"{place}/, ")
            continue
        files |= found
    names = list(dict.fromkeys(names))
    named = ", ".join(names[:5]) + ", ..." * (len(names) > 5)
    also = "".join(large) + ("and what" if large else "what")
    return list(files), f"{also} the command reads besides {named}" if named else "the command"


def _arguments(rest: list[str]) -> Iterator[Path]:
    """The files and folders that arguments name."""
    for part in rest:
        _, equals, value = part.partition("=")  # --weights=net.pth
        for name in (part, value) if equals else (part,):
            if _FIELD.sub("", name):  # a number, or a file of one image
                yield from _matching(name)


_MOST_FILES, _MOST_BYTES = 2000, 2**28


def _files_below(folder: Path) -> list[Path] | None:
    """The files of a folder by name, hidden and compiled ones left out.

    `None` where they are too many, or where others write: somebody works in it.
    """
    worked_in = (Path.cwd(), Path(tempfile.gettempdir()))
    if any(place.resolve().is_relative_to(folder.resolve()) for place in worked_in):
        return None
    found, size = [], 0
    for above, folders, names in os.walk(folder):
        kept = [name for name in folders if not name.startswith((".", "__pycache__"))]
        folders[:] = sorted(kept)
        for path in (Path(above, name) for name in sorted(names) if not name.startswith(".")):
            if path.is_file():
                found.append(path)
                size += path.stat().st_size
            if len(found) > _MOST_FILES or size > _MOST_BYTES:
                return None
    return found


def _matching(name: str) -> list[Path]:
    """What an argument names, whatever stands for its fields: `x{scale}.pth`."""
    pattern = "*".join(map(glob.escape, _FIELD.split(name)))
    names = sorted(glob.glob(pattern))  # noqa: PTH207 - it may be absolute, or begin with `..`
    return [path for path in map(Path, names) if path.is_file() or path.is_dir()]


def _with_imports(script: Path, root: Path) -> dict[Path, None]:
    """A script and the modules below a folder that it leads to."""
    seen, pending = {script: None}, [script]
    while pending:
        file = pending.pop()
        tree = _parsed(file.read_bytes())
        new = [path for path in _imported(tree, root, file.parent) if path not in seen]
        seen |= dict.fromkeys(new)
        pending += new
    return seen


def _parsed(source: str | bytes) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):  # for its interpreter to say
        return ast.Module([], [])


def _imported(tree: ast.Module, root: Path, package: Path | None = None) -> list[Path]:
    """The modules below a folder that code imports; `package` is where relative imports start."""
    found: list[Path] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names, base = [alias.name for alias in node.names], root
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            names = [start, *(f"{start}.{alias.name}".strip(".") for alias in node.names)]
            base = root
            if node.level and package is not None:
                above = [package, *package.parents]
                if node.level > len(above):  # for its interpreter to say
                    continue
                base = above[node.level - 1]
        else:
            continue
        for name in filter(None, names):
            found += _modules(base, name)
    return found


def _modules(base: Path, name: str) -> Iterator[Path]:
    """The files of a module and of the packages around it."""
    place = base
    for part in name.split("."):
        place /= part
        files = place / "__init__.py", place.with_name(f"{part}.py")
        yield from filter(Path.is_file, files)
