"""What degradations have in common: their parameters, and the 8 bits of their results.

Parameters are checked when a degradation is made, and named in errors and in a run's plan.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import (
    TYPE_CHECKING,
    ClassVar,
    TypeAlias,
    TypeVar,
    dataclass_transform,
    get_type_hints,
)

from harness.errors import ImageError, InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# named here, and as text, so that the modules of degradations do not import numpy
Image: TypeAlias = "npt.NDArray[np.float32]"
Array: TypeAlias = "npt.NDArray[np.float64]"
Generator: TypeAlias = "np.random.Generator"


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


class Whole(Between):
    """Whole numbers from `low` to `high`, both included."""

    __slots__ = ()

    def problem(self, value: object) -> str | None:
        """What was expected, if the value is not that."""
        if isinstance(value, int) and super().problem(value) is None:
            return None
        return f"expected a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few names."""

    names: tuple[str, ...]

    def problem(self, value: object) -> str | None:
        """What was expected, if the value is not that."""
        return None if value in self.names else f"expected one of {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class Parametrised:
    """A degradation whose parameters are the fields of its dataclass, checked when it is made.

    A field's annotation says what the parameter may be: `Annotated[float, Between(0, 1)]`.
    """

    name: ClassVar[str]

    def __post_init__(self) -> None:
        """Checks the parameters.

        Raises:
            InputError: One of them is outside its limits.
        """
        for key, limit in self._limits():
            value = getattr(self, key)
            problem = limit.problem(value)
            if problem:
                raise InputError(f"{self.name}: {key} is {value!r}; {problem}")

    @property
    def params(self) -> Mapping[str, object]:
        """The parameters as JSON types."""
        return asdict(self)

    @classmethod
    @cache
    def _limits(cls) -> list[tuple[str, Between | OneOf]]:
        """The limits by field; evaluating annotations is slow, and chains are long."""
        hints = get_type_hints(cls, include_extras=True)
        annotated = {key: getattr(hint, "__metadata__", ()) for key, hint in hints.items()}
        return [(key, limit) for key, limits in annotated.items() for limit in limits]


Class = TypeVar("Class", bound=Parametrised)


@dataclass_transform(frozen_default=True)
def degradation(name: str) -> Callable[[type[Class]], type[Class]]:
    """Names a class, and makes it a frozen dataclass whose fields are its parameters."""

    def make(cls: type[Class]) -> type[Class]:
        cls.name = name
        return dataclass(frozen=True, slots=True)(cls)

    return make


class Rounded(Parametrised, ABC):
    """A degradation whose result is clipped to [0, 1] and rounded to 8 bits, as a file holds it."""

    __slots__ = ()

    def __call__(self, image: Image, generator: Generator) -> Image:
        """Degrades (C, H, W), and rounds."""
        from harness.images import quantise

        return quantise(self._degrade(image, generator))

    @abstractmethod
    def _degrade(self, image: Image, generator: Generator) -> Image:
        """The degraded values, before they are clipped and rounded."""


def check_colour(image: Image, name: str) -> None:
    """Refuses a grey plane where there is nothing to do without colour.

    Raises:
        ImageError: The image has one plane.
    """
    if image.shape[0] != 3:
        raise ImageError(f"{name}: the image has one plane; expected RGB")
