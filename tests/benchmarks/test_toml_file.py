"""Where a key stands in a file: asked of tomllib itself, by beginnings of the file."""

from __future__ import annotations

import tomllib

import pytest

from benchmarks.toml_file import find_line

TEXT = '''# name = "a comment"
title = """
name = "text, not a key"
"""

[owner]
name = "x"  # name

[[sets]]
name = "one"
chain = [
    { name = "a", size = 1 },
    { name = "b", size = 2 },
]

[[sets]]
"name" = "two"
owner = { name = "y" }
point.x = 3
'''


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (("title",), 2),
        (("owner",), 6),
        (("owner", "name"), 7),
        (("sets",), 9),
        (("sets", 0, "name"), 10),
        (("sets", 0, "chain"), 11),
        (("sets", 0, "chain", 0, "size"), 12),
        (("sets", 0, "chain", 1, "name"), 13),
        (("sets", 1), 16),
        (("sets", 1, "name"), 17),
        (("sets", 1, "owner", "name"), 18),
        (("sets", 1, "point", "x"), 19),
        (("sets", 1, "missing"), 16),
        (("missing",), None),
    ],
)
def test_the_line_of_a_key(where: tuple[str | int, ...], line: int | None) -> None:
    assert tomllib.loads(TEXT)
    assert find_line(TEXT, where) == line
