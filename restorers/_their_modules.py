"""Modules of a user's own that are imported from a file, apart from ours and installed ones.

A network's folder may hold a `utils`, a `basicsr` or a `restorers` of its own. Its code finds
those, and everybody else goes on finding what is installed.
"""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Self

from harness import basicsr_shim
from harness.errors import InputError
from restorers._network_file import one_line


class TheirModules:
    """What a Python file and the files beside it import from each other.

    While it is entered, their names stand for them; a network may import something when it runs.

    Args:
        file: The Python file. Its folder can be imported from, and so can the folder above its
            package.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.resolve()
        self._roots = list(dict.fromkeys((str(self._file.parent), str(package_root(self._file)))))
        # a registry of basicsr's takes a name once: each network has one of its own
        self._names = {"basicsr"} | {
            name for root in self._roots for name in _importable(Path(root))
        }
        self._theirs: dict[str, ModuleType] = {}
        self._ours: dict[str, ModuleType] = {}

    def load(self) -> ModuleType:
        """Imports the file; to be called while it is entered.

        Raises:
            InputError: It raises something; what is not installed is named.
        """
        try:
            try:
                return importlib.import_module(dotted_name(self._file, package_root(self._file)))
            except ImportError as error:
                if "relative import" in str(error):
                    # it belongs to a package whose folder has no __init__.py
                    above = self._file.parent.parent
                    self._add(str(above))
                    return importlib.import_module(dotted_name(self._file, above))
                return self._load_alone()
        except ModuleNotFoundError as error:
            raise InputError(f"{self._file} {_lacks(str(error.name))}") from error
        except (Exception, SystemExit) as error:
            why = f"{type(error).__name__}: {one_line(Exception(error))}"
            raise InputError(f"{self._file} cannot be imported: {why}") from error

    def _load_alone(self) -> ModuleType:
        """Imports the file without what its packages, and basicsr, import when they are.

        Those fetch data pipelines, losses and trainers, which want more than a network does: a copy
        of basicsr has no `version.py` before it is built, and fails on today's torchvision.
        """
        for name, _ in list(self._loaded()):
            del sys.modules[name]
        dotted = dotted_name(self._file, package_root(self._file))
        above = dotted.split(".")[:-1]
        packages = [".".join(above[: depth + 1]) for depth in range(len(above))]
        for name in dict.fromkeys((*packages, "basicsr", "basicsr.archs")):
            _stand_in(name)
        return importlib.import_module(dotted)

    def source_hash(self) -> str:
        """SHA-256 of every file of theirs that has been imported."""
        digest = sha256()
        for name, module in sorted(self._theirs.items()):
            path = Path(module.__file__ or "")
            if path.is_file():
                digest.update(f"{name}\n".encode() + path.read_bytes())
        return digest.hexdigest()

    def __enter__(self) -> Self:
        self._ours = dict(self._loaded())
        for name in self._ours:
            del sys.modules[name]
        sys.modules.update(self._theirs)
        sys.path[:0] = self._roots
        return self

    def __exit__(self, *error: object) -> None:
        self._theirs = dict(self._loaded())
        for name in self._theirs:
            del sys.modules[name]
        sys.modules.update(self._ours)
        for root in self._roots:
            if root in sys.path:  # unless their code has changed it
                sys.path.remove(root)

    def _add(self, root: str) -> None:
        self._roots.append(root)
        sys.path.insert(0, root)
        self._names.add(self._file.parent.name)

    def _loaded(self) -> Iterator[tuple[str, ModuleType]]:
        """Modules that go by their names now."""
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in self._names:
                yield name, module


def _stand_in(name: str) -> None:
    """Puts an empty package where one is, whose modules can be imported."""
    parent, _, last = name.rpartition(".")
    if parent and parent not in sys.modules:
        return
    path = sys.modules[parent].__path__ if parent else None
    spec = PathFinder.find_spec(name, path)
    if spec is not None and spec.submodule_search_locations is not None:
        sys.modules[name] = importlib.util.module_from_spec(spec)  # and it is not run
        if parent:
            setattr(sys.modules[parent], last, sys.modules[name])


def _lacks(name: str) -> str:
    """What to say of a module that cannot be found, and what mends it."""
    package = name.partition(".")[0]
    if package == "basicsr" and (why := basicsr_shim.missing()):
        return f"imports {name}: {why}"
    if package != name and PathFinder.find_spec(package):
        return f"imports {name}, which the {package} that is there does not have"
    return f"needs the package {package!r}, which is not installed: pip install {package}"


def package_root(file: Path) -> Path:
    """The folder above the package that a file belongs to; its own where it belongs to none."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def dotted_name(file: Path, root: Path) -> str:
    """What a file is imported as from a folder."""
    return ".".join(file.relative_to(root).with_suffix("").parts)


def _importable(root: Path) -> Iterator[str]:
    """Modules and packages in a folder, but for those that are everybody's."""
    for path in root.iterdir():
        holds_code = path.is_dir() and any(path.glob("*.py"))
        if (path.suffix == ".py" or holds_code) and path.stem not in _NEVER:
            yield path.stem


_NEVER = frozenset({"torch", "numpy", "torchvision", "__init__"}) | sys.stdlib_module_names
"""What must be the same for a network and for who calls it."""
