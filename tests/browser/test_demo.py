"""The demo as a user gets it: real photographs, real networks, the scorer, and the page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.plugins import resolve_benchmark, restorers

pytestmark = [pytest.mark.browser, pytest.mark.zoo]


def test_the_demos_page(
    command_line: Callable[..., tuple[int, str, str]], open_page: Callable[..., Any], tmp_path: Path
) -> None:
    for name in resolve_benchmark("demo").restorers:
        reason = restorers.get(name).missing()
        if reason:
            pytest.skip(reason)
    code, out, _ = command_line("run", "-b", "demo", "--limit", 1, "--out", tmp_path / "run")
    assert code == 0, out
    visit = open_page(tmp_path / "run" / "report" / "index.html")
    page = visit.page
    assert len(set(visit.column(0))) >= 12
    cards = page.eval_on_selector_all(".card h2", "items => items.map(item => item.textContent.split(' ')[0])")
    assert set(cards) == {"denoise", "super-resolve", "dejpeg"}
    heads = page.eval_on_selector_all("#board thead th", "items => items.map(item => item.textContent)")
    metrics = resolve_benchmark("demo").metrics
    assert len(metrics) >= 6
    assert all(any(head.strip().startswith(metric) for head in heads) for metric in ("dri", *metrics))
    assert min(visit.load_images()) > 0
    assert page.locator("svg").count() >= 8, "two plots a set"
    assert visit.logged == []
    assert all(url.startswith("file://") for url in visit.requests)
