"""docs/architecture.md names what there is, and the house keeps to its own rules."""

from __future__ import annotations

import ast
import configparser
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HARNESS = ROOT / "harness"
PAGE = (ROOT / "docs" / "architecture.md").read_text()
TREE = re.search(r"```\nharness/\n(.*?)```", PAGE, re.DOTALL)
PUBLIC_PACKAGES = {"protocols", "results"}
CROWDED = {"metrics", "cli"}
"""Rooms that hold one thing a file, and may have many."""


def said(indented: str) -> dict[str, str]:
    """Name -> what the tree says of it."""
    assert TREE is not None
    return dict(re.findall(rf"^  ({indented}) +(.+)$", TREE[1], re.MULTILINE))


def folders(of: Path) -> list[Path]:
    return sorted(path.parent for path in of.rglob("__init__.py") if path.parent != of)


def test_the_tree_names_every_public_file_and_nothing_else() -> None:
    files = {path.stem for path in HARNESS.glob("*.py") if not path.name.startswith("__")}
    assert set(said(r"[a-z_]+")) == files


def test_the_tree_says_of_every_room_what_its_own_docstring_says() -> None:
    rooms = {path.name: path for path in folders(HARNESS) if path.parent == HARNESS}
    lines = said(r"[a-z_]+/")
    assert {name.rstrip("/") for name in lines} == set(rooms)
    for name in rooms:
        docstring = importlib.import_module(f"harness.{name}").__doc__ or ""
        first = docstring.splitlines()[0].rstrip(".")
        assert lines[f"{name}/"] == first[0].lower() + first[1:], name


def test_the_rooms_stay_small() -> None:
    assert len(list(HARNESS.glob("*.py"))) <= 20
    for folder in folders(HARNESS):
        files = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(files) <= 12 or folder.name in CROWDED, folder.name


@pytest.fixture(scope="module")
def contracts() -> configparser.ConfigParser:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return setup


def test_plugins_are_kept_out_of_every_room(contracts: configparser.ConfigParser) -> None:
    closed = contracts["importlinter:contract:surface"]["forbidden_modules"].split()
    rooms = {path.name for path in folders(HARNESS) if path.parent == HARNESS} - PUBLIC_PACKAGES
    assert {name.removeprefix("harness.") for name in closed} == rooms


def test_the_layers_are_few(contracts: configparser.ConfigParser) -> None:
    layers = contracts["importlinter:contract:rooms"]["layers"].strip().splitlines()
    assert len(layers) <= 15


def test_every_test_module_lies_in_the_room_that_it_tests() -> None:
    places = {path.name for path in folders(HARNESS) if path.parent == HARNESS}
    places |= {"benchmarks", "restorers", "reports", "golden", "browser", "docs", "examples"}
    places |= {"security", "performance"}  # what belongs to no room alone
    found = {
        path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").rglob("test_*.py")
    }
    assert {name for name in found if not name.endswith(".py")} <= places
    public = {path.stem for path in HARNESS.glob("*.py")}
    loose = {
        name.removeprefix("test_").removesuffix(".py") for name in found if name.endswith(".py")
    }
    assert loose - {"odd_images"} <= public


SOURCES = [
    path
    for package in ("harness", "restorers", "benchmarks", "reports")
    for path in sorted((ROOT / package).rglob("*.py"))
]


def test_functions_and_files_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 40
    ]
    assert long == []
    assert [path for path in SOURCES if len(path.read_text().splitlines()) > 300] == []


def test_types_say_something() -> None:
    names = (node for path in SOURCES for node in ast.walk(ast.parse(path.read_text())))
    nothing = sum(isinstance(node, ast.Name) and node.id == "Any" for node in names)
    lines = sum(len(path.read_text().splitlines()) for path in SOURCES)
    assert 1000 * nothing <= 6 * lines
