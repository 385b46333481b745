"""The demo as a user gets it: photographs, networks, the scorer, and the pages in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from visits import kinds

from harness.plugins.kinds import resolve_benchmark, restorers

pytestmark = [pytest.mark.browser, pytest.mark.zoo]


def test_the_demos_pages(
    command_line: Callable[..., tuple[int, str, str]], open_page: Callable[..., Any], tmp_path: Path
) -> None:
    for name in resolve_benchmark("demo").restorers:
        reason = restorers.get(name).missing()
        if reason:
            pytest.skip(reason)
    code, out, _ = command_line("run", "-b", "demo", "--limit", 1, "--out", tmp_path / "run")
    assert code == 0, out
    report = tmp_path / "run" / "report"
    visit = open_page(report / "index.html")
    page = visit.page
    assert len({name for group in range(4) for name in visit.column("restorer", group)}) >= 12
    names = "items => items.map(item => item.textContent.split(' ')[0])"
    cards = page.eval_on_selector_all(".card h2", names)
    assert set(cards) == {"denoise", "super-resolve", "dejpeg"}
    keys = "items => items.map(item => item.dataset.key)"
    heads = page.eval_on_selector_all("#board thead th", keys)
    assert {"dri", *resolve_benchmark("demo").metrics} <= set(heads)
    for path in kinds(report):
        visit = open_page(path)
        assert all(visit.load_images())
        assert visit.logged == []
        assert all(url.startswith(report.as_uri()) for url in visit.requests)
    pages = [open_page(path) for path in (report / "site").glob("set-*.html")]
    assert sum(visit.page.locator(".plot svg").count() for visit in pages) >= 8, "two plots a set"
