"""The answer in words: sure, likely, or nobody."""

from __future__ import annotations

from harness.results import Headline
from reports.html.headlines import summary


def line(leaders: tuple[str, ...], set_name: str, n: int = 30, ranked: int = 3) -> Headline:
    return Headline("denoise", set_name, "psnr", leaders, 30.0, n, ranked)


def test_many_images_few_images_and_ties_are_told_apart() -> None:
    sure = [line(("a",), "x"), line(("a",), "y")]
    text = summary([*sure, line(("b",), "z", n=8), line(("a", "b"), "w")])
    assert text == (
        "Best, beyond what chance explains: a on x and y. Ahead, on fewer than 24 images: b on z. "
        "On w the data cannot tell the leaders apart."
    )


def test_a_single_restorer_has_beaten_nobody() -> None:
    assert summary([line(("a",), "x", ranked=1)]) == ""
