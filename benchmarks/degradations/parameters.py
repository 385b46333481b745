"""What degradations have in common: parameters that are checked, and named in errors and in a run's plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from harness.errors import ImageError, InputError

if TYPE_CHECKING:
    from harness.images import Image


@dataclass(frozen=True, slots=True)
class Between:
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float

    def problem(self, value: object) -> str | None:
        """What was expected, if the value is not that."""
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        ):
            return None
        return f"expected a number from {self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Whole:
    """Whole numbers from `low` to `high`, both included."""

    low: int
    high: int

    def problem(self, value: object) -> str | None:
        """What was expected, if the value is not that."""
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        ):
            return None
        return f"expected a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few names."""

    names: tuple[str, ...]

    def problem(self, value: object) -> str | None:
        """What was expected, if the value is not that."""
        return None if value in self.names else f"expected one of {', '.join(self.names)}"


class Parametrised:
    """A degradation whose parameters are the fields of its dataclass, checked when it is made."""

    __slots__ = ()
    name: ClassVar[str]
    limits: ClassVar[Mapping[str, Between | Whole | OneOf]]

    def __post_init__(self) -> None:
        """Checks the parameters.

        Raises:
            InputError: One of them is outside its limits.
        """
        for key, limit in self.limits.items():
            problem = limit.problem(getattr(self, key))
            if problem:
                raise InputError(f"{self.name}: {key} is {getattr(self, key)!r}; {problem}")

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters as JSON types."""
        return {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]  # dataclasses


def check_colour(image: Image, name: str) -> None:
    """Refuses a grey plane where there is nothing to do without colour.

    Raises:
        ImageError: The image has one plane.
    """
    if image.shape[0] != 3:
        raise ImageError(f"{name}: the image has one plane; expected RGB")
