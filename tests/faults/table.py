"""Writes into docs/reliability.md what the tests try that goes wrong, and what comes out.

`python tests/faults/table.py` writes the table; with `--check` it says whether it is up to date.
The rows are tests that are there: tests/faults/table.toml says in words what each of them tries.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reliability.md"
BEGINS = "<!-- `make reliability` writes what follows -->\n"
LONGEST = 90

Item = dict[str, str]
"""Parameters of one test, as words; `id` is all of them."""


class _Collector:
    """Keeps the tests that pytest finds."""

    def __init__(self) -> None:
        self.found: dict[str, list[Item]] = defaultdict(list)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            call = getattr(item, "callspec", None)
            told = {} if call is None else {name: words(it) for name, it in call.params.items()}
            told["id"] = "" if call is None else words(call.id)
            self.found[item.nodeid.partition("[")[0]].append(told)


def words(value: Any) -> str:
    """A parameter in a cell of a table: short, on one line, a pattern without its escapes."""
    if callable(value):
        value = getattr(value, "__name__", type(value).__name__).strip("_").replace("_", " ")
    if isinstance(value, str) and re.fullmatch(r"[a-z]+(_[a-z]+)+", value):
        value = value.replace("_", " ")
    text = re.sub(r"\\([^\w\\])", r"\1", value) if isinstance(value, str) else str(value)
    text = " ".join(text.replace(".*", "...").replace("`", "'").split())
    text = "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return text.replace("|", "\\|").replace("<", "&lt;") or "nothing"


def collect(sections: list[dict[str, Any]]) -> dict[str, list[Item]]:
    """The tests that the sections name, by their name."""
    files = sorted({row[0].partition("::")[0] for section in sections for row in section["rows"]})
    collector = _Collector()
    output = io.StringIO()
    options = ["--collect-only", "-q", "-p", "no:cacheprovider", "--rootdir", str(ROOT)]
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(output):
        code = pytest.main([*options, *files], plugins=[collector])
    if code:
        sys.exit(output.getvalue())
    return collector.found


def table() -> tuple[str, int]:
    """The sections as Markdown, and how many rows they have."""
    sections = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["section"]
    found = collect(sections)
    lines, number = [], 0
    for section in sections:
        lines += [f"### {section['title']}", "", "| what is tried | what comes out |", "|---|---|"]
        for test, tried, outcome in section["rows"]:
            if test not in found:
                sys.exit(f"{Path(__file__).with_suffix('.toml')}: there is no test {test}")
            try:
                rows = dict.fromkeys(
                    f"| {tried.format_map(item)} | {outcome.format_map(item)} |"
                    for item in found[test]
                )
            except KeyError as error:
                sys.exit(f"{Path(__file__).with_suffix('.toml')}: {test} has no {error}")
            lines += rows
            number += len(rows)
        lines.append("")
    return f"{number} faults are tried.\n\n" + "\n".join(lines), number


def main() -> None:
    """Writes the page, or compares it."""
    page = PAGE.read_text(encoding="utf-8")
    prose, _, _ = page.partition(BEGINS)
    content, number = table()
    wanted = f"{prose}{BEGINS}\n{content}"
    if "--check" not in sys.argv:
        PAGE.write_text(wanted, encoding="utf-8")
    elif page != wanted:
        sys.exit(f"{PAGE} is not up to date: run `make reliability`")
    print(f"{number} faults in {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
