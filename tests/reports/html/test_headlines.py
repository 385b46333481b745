"""The answer in words: sure, likely, or nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.protocols.report import ReportData
from harness.results import Headline
from reports.html.headlines import headline, summary
from reports.html.places import Places


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


@pytest.mark.parametrize(
    ("images", "limits"),
    [
        (1, "nothing is told apart"),
        (5, "holds if differences are normally distributed, which so few cannot show"),
        (6, "few for a claim"),
        (24, ""),
    ],
)
def test_a_card_says_what_so_many_images_can_show(
    images: int, limits: str, fabricated: ReportData, tmp_path: Path
) -> None:
    places = Places(tmp_path / "index.html", tmp_path, {}, {}, {})
    assert headline(fabricated, line(("tv",), "x", n=images), places)["limits"] == limits
