"""What a command or an address is told of a degradation: `{scale}`, `{sigma_255}`, `{quality}`."""

import string

from harness.protocols import RestorerCard

KNOWN = ("scale", "sigma_255", "quality")
"""Conditions that may be told."""


def placeholders(text: str) -> list[str]:
    """The names in braces, in their order.

    Raises:
        ValueError: A brace is left open.
    """
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def told_card(name: str, told: list[str], source: str, not_tracked: str) -> RestorerCard:
    """The card of a restorer that is told these conditions, and of which nothing else is known."""
    return RestorerCard(
        name=name,
        scales=() if "scale" in told else (1,),
        conditions=tuple(name for name in KNOWN if name in told and name != "scale"),
        licence="unknown",
        source=source,
        not_tracked=not_tracked,
    )
