"""How reports put numbers, ranges and licences."""

from __future__ import annotations

import pytest

from harness.cards import MetricCard
from reports.wording import (
    count,
    digits,
    licence_mark,
    number,
    p_value,
    plain,
    rank_range,
    seconds,
    signed,
)


@pytest.mark.parametrize(
    ("licence", "mark"),
    [
        ("Apache-2.0", ""),
        ("BSD-3-Clause AND GPL-3.0-only", ""),
        ("CC-BY-NC-SA-4.0", "non-commercial"),
        ("LicenseRef-noncommercial", "non-commercial"),
        ("S-Lab License 1.0", "non-commercial"),
        ("NCSA", ""),
        ("", "unclear"),
        ("unknown", "unclear"),
    ],
)
def test_licences_are_marked(licence: str, mark: str) -> None:
    assert licence_mark(licence) == mark


def test_wording() -> None:
    assert number(-1.005, 2) == "−1.00"
    assert number(float("inf"), 2) == "∞"
    assert number(None, 2) == "–"
    # a rounded 0 has no side; a difference keeps it
    assert [number(value, 0) for value in (-0.2, -0.0, 0.2, -0.6)] == ["0", "0", "0", "−1"]
    assert (signed(0.25, 2), signed(-0.25, 2)) == ("+0.25", "−0.25")
    assert [signed(value, 2) for value in (0.001, -0.001, 0.0)] == ["+0.00", "−0.00", "0.00"]
    spent = [seconds(value) for value in (0.0001, 0.0312, 1.239, 45.61, 310.2)]
    assert spent == ["<0.001", "0.0312", "1.24", "45.6", "310"]
    counts = [count(value) for value in (0, 999, 852108, 999_900, 16_700_000)]
    assert counts == ["0", "999", "852 k", "1 M", "16.7 M"]
    assert [p_value(value) for value in (0.0002, 0.0312, 0.5)] == ["<0.001", "0.031", "0.50"]
    # what tells nothing apart does not read like what does
    assert [p_value(value) for value in (0.0496, 0.0504)] == ["0.050", "0.051"]
    assert (rank_range(2, 2), rank_range(1, 3), rank_range(None, None)) == ("2", "1–3", "–")
    decibels = MetricCard("psnr", True, True, unit="dB")
    assert (digits(decibels), digits(MetricCard("ssim", True, True, bounds=(0, 1)))) == (2, 4)
    assert plain("a\x1b[31mb\u202ec") == "a�[31mb�c"
