"""How many floating-point operations a restorer takes for each shape of an image.

Counting sends shapes through the network, which takes seconds for thousands of small layers, and
sets have an image of almost every shape. What a network without global attention takes grows with
the padded area and with the length of its borders, or in parts with the padded area and in others
with that of the image, so that most shapes need not be counted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations

MULTIPLES = (1, 2, 4, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 48, 64)
"""What networks fill up height and width to: multiples of strides, windows, and their products."""

AGREEING = 5
"""Counted shapes that three numbers have to explain before they are believed of others."""

Shape = tuple[int, int, int]
"""Planes, height and width of a degraded image."""

Counted = Mapping[Shape, int | None]
"""Operations that were counted; `None` for what cannot be counted."""

_Point = tuple[int, int, int]
"""What a shape is explained by: a constant and two more numbers (`_EXPLANATIONS`)."""

_Explanation = Callable[[Shape], _Point]


def _by_borders(padding: tuple[int, int], shape: Shape) -> _Point:
    """The sum of the padded sides, and their product: all of the network sees what is padded."""
    height, width = _padded(padding, shape)
    return 1, height + width, height * width


def _by_parts(padding: tuple[int, int], shape: Shape) -> _Point:
    """The image's area and the padded one: attention in windows pads, convolutions do not."""
    height, width = _padded(padding, shape)
    return 1, shape[1] * shape[2], height * width


def _padded(padding: tuple[int, int], shape: Shape) -> tuple[int, int]:
    height, width = (-(-side // to) * to for side, to in zip(shape[1:], padding, strict=True))
    return height, width


_EXPLANATIONS: tuple[_Explanation, ...] = tuple(
    partial(kind, (high, wide))  # a window need not be a square
    for kind in (_by_borders, _by_parts)
    for high in MULTIPLES
    for wide in MULTIPLES
)


def known_operations(shape: Shape, counted: Counted) -> int | None:
    """Operations for an image that follow from those that were counted for others.

    They follow where every explanation, by which three numbers give all that was counted to the
    last operation, says the same; and where what was counted differs enough to tell explanations
    apart: images of one height, or whose sides are all multiples of what a network may pad to, do
    not say what becomes of others.

    Args:
        shape: Of the image, which was not counted.
        counted: Of the same restorer at the same scale.
    """
    alike = {one: flops for one, flops in counted.items() if one[0] == shape[0]}
    flops = {one: many for one, many in alike.items() if many is not None}
    if len(flops) < max(AGREEING, len(alike)) or not _tell_apart(list(flops), shape):
        return None
    said = {_follows(flops, shape, explanation) for explanation in _EXPLANATIONS} - {None}
    return said.pop() if len(said) == 1 else None


def _tell_apart(counted: Sequence[Shape], shape: Shape) -> bool:
    """Whether counted shapes differ in area and borders, any one left out, and in what divides."""
    points = [_by_borders((1, 1), one) for one in counted]
    for left_out in range(len(points)):
        rest = points[:left_out] + points[left_out + 1 :]
        if not any(_determinant(*three) for three in combinations(rest, 3)):
            return False
    return not any(
        shape[axis] % multiple and all(one[axis] % multiple == 0 for one in counted)
        for axis in (1, 2)
        for multiple in MULTIPLES
    )


def _follows(flops: Mapping[Shape, int], shape: Shape, point: _Explanation) -> int | None:
    """What an explanation says of a shape; `None` where it does not fit those that were counted."""
    points = {point(one): many for one, many in flops.items()}
    base = next((three for three in combinations(points, 3) if _determinant(*three)), None)
    if base is None or len(points) < AGREEING:
        return None
    if any(_combined(base, points, point(one)) != many for one, many in flops.items()):
        return None
    return _combined(base, points, point(shape))


def _combined(
    base: tuple[_Point, _Point, _Point], flops: Mapping[_Point, int], point: _Point
) -> int | None:
    """Operations at a point, as the plane through three others has them (Cramer's rule)."""
    a, b, c = base
    shares = _determinant(point, b, c), _determinant(a, point, c), _determinant(a, b, point)
    total = sum(share * flops[one] for share, one in zip(shares, base, strict=True))
    whole, rest = divmod(total, _determinant(a, b, c))
    return None if rest else whole


def _determinant(first: Iterable[int], second: Iterable[int], third: Iterable[int]) -> int:
    (a, b, c), (d, e, f), (g, h, i) = first, second, third
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
