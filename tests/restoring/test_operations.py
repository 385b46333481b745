"""Operations of shapes that follow from those of others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.restoring.operations import AGREEING, Shape, known_operations

SIDES = [
    (126, 90),
    (128, 128),
    (64, 48),
    (120, 80),
    (70, 41),
    (33, 57),
    (97, 99),
    (16, 16),
    (200, 150),
    (250, 20),
]


def padded(side: int, to: int) -> int:
    return (side + to - 1) // to * to


def ask(flops: Callable[[int, int], int | None]) -> tuple[list[int | None], int]:
    """What is said of all shapes, and how many had to be counted."""
    counted: dict[Shape, int | None] = {}
    said = []
    for sides in SIDES:
        follows = known_operations((3, *sides), counted)
        if follows is None:
            follows = counted[3, *sides] = flops(*sides)
        said.append(follows)
    return said, len(counted)


@pytest.mark.parametrize("padding", [(1, 1), (2, 2), (7, 7), (8, 8), (8, 16), (16, 16), (24, 24)])
@pytest.mark.parametrize(("fixed", "borders"), [(0, 0), (12_345, 0), (7, 320)])
def test_a_network_that_pads_is_counted_a_few_times_and_said_exactly(
    padding: tuple[int, int], fixed: int, borders: int
) -> None:
    def flops(height: int, width: int) -> int:
        height, width = padded(height, padding[0]), padded(width, padding[1])
        return fixed + 1001 * height * width + borders * (height + width)

    said, counted = ask(flops)
    assert said == [flops(*shape) for shape in SIDES]
    assert AGREEING <= counted < len(SIDES)


@pytest.mark.parametrize("padding", [(8, 8), (16, 16), (8, 16)])
def test_a_network_that_pads_in_parts_is_counted_a_few_times_and_said_exactly(
    padding: tuple[int, int],
) -> None:
    def flops(height: int, width: int) -> int:  # as DCTLSA, whose windows are of 16 x 16
        windows = padded(height, padding[0]) * padded(width, padding[1])
        return 77 + 262_240 * height * width + 1_533_840 * windows

    said, counted = ask(flops)
    assert said == [flops(*shape) for shape in SIDES]
    assert AGREEING <= counted < len(SIDES)


@pytest.mark.parametrize(
    "flops",
    [
        lambda height, width: 7 * height * width + (height * width) ** 2,
        lambda height, width: 7 * height * width // 5,
    ],
    ids=["global attention", "rounding"],
)
def test_what_lies_on_no_line_is_counted_each_time(flops: Callable[[int, int], int]) -> None:
    assert ask(flops) == ([flops(*shape) for shape in SIDES], len(SIDES))


def test_what_cannot_be_counted_for_one_shape_says_nothing_of_others() -> None:
    said, counted = ask(lambda height, width: None if height == 128 else height * width)
    assert said == [None if height == 128 else height * width for height, width in SIDES]
    assert counted == len(SIDES)


def test_other_planes_say_nothing() -> None:
    grey = {(1, *sides): sides[0] * sides[1] for sides in SIDES}
    assert known_operations((1, 50, 50), grey) == 2500
    assert known_operations((3, 50, 50), grey) is None


EIGHTS = [(80, 48), (88, 160), (120, 72), (136, 200), (64, 104), (144, 88)]
SETS = {
    "a square of 128": (
        lambda height, width: padded(max(height, width), 128) ** 2,
        [(side, 510) for side in (339, 345, 351, 372, 384, 360)],
        [(126, 126), (250, 250)],
    ),
    "borders of 18": (
        lambda height, width: (height + 36) * (width + 36),
        [(side, 256) for side in (144, 163, 171, 200, 211, 180)],
        [(128, 128), (128, 512)],
    ),
    "four of a side and one": (
        lambda height, width: 7 * height * width + 5 * padded(height, 8) * padded(width, 4),
        [(101, 256), (115, 256), (130, 256), (147, 256), (90, 131)],
        [(97, 99), (203, 77)],
    ),
    "windows of two sizes": (
        lambda height, width: (
            3 * height * width
            + 5 * padded(height, 8) * padded(width, 8)
            + 7 * padded(height, 16) * padded(width, 16)
        ),
        EIGHTS,
        [(334, 383)],
    ),
}


@pytest.mark.parametrize(("flops", "counted", "asked"), SETS.values(), ids=SETS)
def test_shapes_that_are_too_much_alike_say_nothing_of_others(
    flops: Callable[[int, int], int],
    counted: list[tuple[int, int]],
    asked: list[tuple[int, int]],
) -> None:
    known = {(3, *sides): flops(*sides) for sides in counted}
    for sides in asked:
        assert known_operations((3, *sides), known) in (None, flops(*sides))
