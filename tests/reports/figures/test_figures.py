"""Plots: text is text, names are inert, nothing needs a style attribute.

What cannot be drawn is left out.
"""

from __future__ import annotations

import re

from pages import MARKUP, Page

from harness.results import Agreement, CriticalDifference, TradeOff, TradeOffPoint
from reports.figures.agreement import plot_agreement
from reports.figures.critical_difference import plot_critical_difference
from reports.figures.distributions import plot_distributions
from reports.figures.style import as_svg
from reports.figures.trade_offs import plot_trade_off


def trade_off(points: list[tuple[float, float]], x: str = "seconds") -> TradeOff:
    made = tuple(TradeOffPoint(f"{MARKUP}{n}", *point, n == 0) for n, point in enumerate(points))
    return TradeOff("quality-seconds", "s", x, "psnr", False, True, made)


def assert_inert(svg: str) -> Page:
    assert svg.startswith("<svg")
    page = Page(svg)
    tags = {tag for tag, _ in page.tags}
    assert tags <= {"svg", "g", "path", "text", "defs", "use", "clippath", "rect", "tspan"}
    names = page.attribute_names()
    assert not {name for name in names if name == "style" or name.startswith("on")}
    return page


def test_names_are_text_and_neither_mathematics_nor_markup() -> None:
    points = trade_off([(1, 30), (2, 31), (3, 29)])
    page = assert_inert(as_svg(plot_trade_off(points, {"psnr": MARKUP}), "a"))
    assert "alert(1)" in page.text
    values = {f"{MARKUP}{n}": [n + 0.1 * k for k in range(9)] for n in range(3)}
    page = assert_inert(as_svg(plot_distributions(values, MARKUP, MARKUP, True, list(values)), "a"))
    assert "alert(1)" in page.text
    names = tuple(f"{MARKUP}{n}" for n in range(4))
    ranks = (1.2, 2.0, 2.8, 4.0)
    diagram = CriticalDifference("s", "psnr", names, ranks, 0.01, (names[1:3],), 30)
    assert "alert(1)" in assert_inert(as_svg(plot_critical_difference(diagram), "a")).text
    taus = [Agreement("s", names[0], name, 0.5, -0.25, None, None, 4, 30) for name in names[1:]]
    page = assert_inert(as_svg(plot_agreement(taus), "a"))
    assert "alert(1)" in page.text
    assert page.text.count("0.50") == page.text.count("−0.25") == 3


def test_colours_are_the_pages_own() -> None:
    svg = as_svg(plot_trade_off(trade_off([(1, 30), (2, 31)]), {}), "a")
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', svg))
    assert colours <= {"currentColor", "none", "var(--accent)", "var(--muted)", "var(--line)"}


def test_ids_differ_between_plots_of_one_page() -> None:
    drawn = [as_svg(plot_trade_off(trade_off([(1, 30), (2, 31)]), {}), salt) for salt in "ab"]
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in drawn]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_what_cannot_be_drawn_is_left_out() -> None:
    assert as_svg(plot_trade_off(trade_off([(1, float("inf")), (2, 30)]), {}), "a") == ""
    without_any = trade_off([(0, 30), (2, 30)], "parameters")
    assert as_svg(plot_trade_off(without_any, {}), "a") == "", "a logarithm has no zero"
    pair = CriticalDifference("s", "psnr", ("a", "b"), (1.2, 1.8), None, (), 30)
    assert as_svg(plot_critical_difference(pair), "a") == ""
    assert (
        as_svg(plot_agreement([Agreement("s", "psnr", "ssim", 0.5, 0.5, None, None, 4, 30)]), "a")
        == ""
    )
    values = {"a": [float("inf")] * 5, "b": [1.0]}
    assert as_svg(plot_distributions(values, "psnr", "dB", True, ["a", "b"]), "a") == ""
