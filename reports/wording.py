"""How reports put numbers and names into words.

Digits, intervals, units, licences, safe text for each format.
"""

import math
import re
from collections.abc import Callable

from harness.cards import MetricCard, SetMetricCard
from harness.results import SIGNIFICANT, Cost

DASH = "–"
_ABOVE = SIGNIFICANT + 0.001

_NON_COMMERCIAL = re.compile(
    r"\bnc\b|non-?\s?commercial|research|academic|s-lab|not for (commercial|sale)|proprietary",
    re.IGNORECASE,
)
_UNCLEAR = re.compile(r"unknown|unclear|noassertion|not stated|^\W*$", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    """Text without control characters and direction overrides, which could disguise a name."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(text))


def digits(card: MetricCard | SetMetricCard) -> int:
    """Decimal places that a metric deserves: 4 where its scale is about 1 wide, else 2."""
    low, high = card.bounds
    return 4 if high - low <= 2 and not card.unit else 2


def number(value: float | None, places: int) -> str:
    """A number with a fixed number of decimals, a true minus sign where it is not 0, and ∞."""
    if value is None:
        return DASH
    return f"{value:z.{places}f}".replace("-", "−").replace("inf", "∞")


def around(
    value: float | None, low: float | None, high: float | None, places: int
) -> tuple[str, str]:
    """How far an interval reaches above and below a value; empty where it has no finite end."""
    if value is None or low is None or high is None or not math.isfinite(high - low):
        return "", ""
    return number(high - value, places), number(value - low, places)


def signed(value: float | None, places: int) -> str:
    """A difference, always with its sign."""
    if not value:
        return number(value, places)
    return f"{'−' if value < 0 else '+'}{number(abs(value), places)}"


def interval(
    low: float | None,
    high: float | None,
    places: int,
    write: Callable[[float | None, int], str] = number,
) -> str:
    """`LOW to HIGH`, or an empty string where there is no interval."""
    return "" if low is None else f"{write(low, places)} to {write(high, places)}"


def bracketed(text: str) -> str:
    """What follows a name in brackets, if there is anything: ` (dB)`."""
    return f" ({text})" if text else ""


def seconds(value: float | None) -> str:
    """Seconds to three significant digits, such as 0.031, 1.24 or 310."""
    if value is None:
        return DASH
    places = 2 - math.floor(math.log10(value)) if 0.001 <= value < 100 else 0
    return "<0.001" if value < 0.001 else f"{value:.{places}f}"


def beside(cost: Cost) -> str:
    """A mark for seconds that are not ranked by, or an empty string."""
    if cost.timed_alone:
        return ""
    if cost.mixed:
        return "mixed hardware"
    if cost.beside is None:
        return "perhaps not alone"
    if cost.beside:
        return f"beside {cost.beside} more"
    return f"a share of {cost.batch}" if cost.batch > 1 else "first calls"


def measured_on(cost: Cost) -> str:
    """Under which conditions a cost was measured: device, threads, precision, size of images."""
    threads = f"{cost.threads} thread{'s' * (cost.threads > 1)}" if cost.threads else ""
    return ", ".join(filter(None, (cost.device, threads, cost.precision, cost.size)))


def count(value: float | None) -> str:
    """A number of parameters: 0, 854 k, 1.5 M."""
    if value is None:
        return DASH
    rounded = float(f"{value:.3g}")  # 999,900 is a million, and no thousand thousands
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rounded >= limit:
            return f"{rounded / limit:.3g} {unit}"
    return f"{value:.0f}"


def p_value(value: float | None) -> str:
    """A p to two or three places, or `<0.001`; above `SIGNIFICANT` it stays above it."""
    if value is None:
        return DASH
    if SIGNIFICANT < value < _ABOVE:
        value = _ABOVE
    return "<0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def rank_range(low: int | None, high: int | None) -> str:
    """The ranks that the data cannot exclude: `2` or `2–4`."""
    if low is None or high is None:
        return DASH
    return str(low) if low == high else f"{low}–{high}"


def licence_mark(licence: str) -> str:
    """`non-commercial`, `unclear`, or an empty string for a licence that needs no mark.

    One that is absent is unclear.
    """
    if _NON_COMMERCIAL.search(licence):
        return "non-commercial"
    return "unclear" if _UNCLEAR.search(licence) else ""


def arrow(higher_is_better: bool) -> str:
    """An arrow in the direction of better."""
    return "↑" if higher_is_better else "↓"
