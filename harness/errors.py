"""Every error the harness raises on purpose.

The command line catches `HarnessError` once; the rest is a bug.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path


class HarnessError(Exception):
    """Something the user can mend.

    The message says what failed, the value seen, what was expected, what to do.
    """

    exit_code = 2


class InputError(HarnessError):
    """A file, folder, option or value that cannot be used as it is."""


class SeveralError(InputError):
    """Several things that cannot be used; on a terminal each has a line of its own.

    Args:
        message: What they are, and what comes of it.
        each: What is wrong with each of them, at least one.
    """

    def __init__(self, message: str, each: Sequence[str]) -> None:
        super().__init__(message, each)
        self.message, self.each = message, tuple(each)

    def __str__(self) -> str:
        """The message, and all that is wrong."""
        return f"{self.message}: {'; '.join(self.each)}"


class ImageError(InputError):
    """An image that cannot be read, or an array that is not an image."""


class DamagedImageError(ImageError):
    """An image of the harness's own that is gone, or is not what was written there.

    Args:
        message: What was found.
        path: Where.
    """

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message, path)
        self.path = path

    def __str__(self) -> str:
        """The message alone."""
        return str(self.args[0])


_MOST_NAMES = 24
_LISTED = frozenset(
    {"restorer", "benchmark", "set", "known_set", "metric", "report", "degradation", "executor"}
)
"""Kinds of plugins that a command lists."""


class UnknownNameError(InputError):
    """A plugin name nobody has registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(set(known))
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        others = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        some = f"{', '.join(names[:_MOST_NAMES]) or 'none'}{others}"
        hint = f"Did you mean {', '.join(near)}?" if near else f"Known: {some}."
        command = "sets list" if kind == "known_set" else f"list {kind}s"
        more = f" `restobench {command}` shows all of them." if kind in _LISTED else ""
        super().__init__(f"no {kind.replace('_', ' ')} is called {name!r}. {hint}{more}")


class PluginError(HarnessError):
    """A plugin that does not load, or two plugins that claim one name."""


class UnavailableError(HarnessError):
    """A plugin that is known but not usable here: a package or a weight file is missing."""


class StoreError(HarnessError):
    """A run folder that is damaged, newer than this version, or made by another plan."""


class IncomparableError(HarnessError):
    """Results that must not be ranked or compared together.

    The message names the field that differs.
    """

    exit_code = 4


class RestorationError(HarnessError):
    """A restorer that returned something which is not a restored image."""


class EvaluationError(HarnessError):
    """Cells that came to nothing, where the caller wants an error in place of rows."""

    exit_code = 3


def describe_error(error: BaseException) -> str:
    """What an error says, as `plain` text; its type before it where it is not ours."""
    try:
        text = str(error)
    except Exception:  # a third party's class
        text = "it cannot say what is wrong"
    return plain(text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}")


def as_utf8(text: str) -> str:
    r"""Text that every file can hold: bytes that are no UTF-8 become escapes such as `\udce9`."""
    return text.encode("utf-8", "backslashreplace").decode()


LONGEST = 2000
"""Characters of a message of a restorer, a server or a file, wherever it is shown or kept."""


def plain(text: object) -> str:
    """Text from elsewhere as one line that steers neither a terminal nor a CI log.

    Control characters and what has no UTF-8 are shown as escapes, and what GitHub would take for a
    workflow command (`::error::` where a line begins, `##[error]` anywhere) is none any more.
    """
    line = re.sub(r"\s*[\n\r\t\v\f\x85\u2028\u2029]\s*", " ", str(text)[: 2 * LONGEST]).strip()
    shown = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in line
    )
    inert = re.sub("^::", r"\\x3a:", shown.replace("##[", r"#\x23["))
    return inert if len(inert) <= LONGEST else f"{inert[: LONGEST - 4]} ..."
