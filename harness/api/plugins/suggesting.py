"""How a network is named after `-r`, found out from its source and its weights."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.cards import RestorerCard
from harness.errors import InputError, describe_error
from harness.plugins.kinds import loaders
from harness.plugins.specification import parse_restorer
from harness.restoring.build import build_restorer
from harness.restoring.plausibility import RANGES
from harness.restoring.probing import wrong_range
from harness.workers.allocation import free_mib
from harness.workers.confinement import in_users_folder
from harness.workers.pool import Trouble, WorkerPool

SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a network may be called, and what is known of it.

    Attributes:
        text: The specification.
        card: Its card; `None` where it does not load so.
        wrong: Why it does not load, or what the probe says of it; empty: nothing.
        note: What was taken off to find the weights; empty: nothing, or the card has it.
        skeleton: A restorer's class that runs it; empty: an adapter knows it.
    """

    text: str
    card: RestorerCard | None
    wrong: str = ""
    note: str = ""
    skeleton: str = ""


def suggest_restorer(weights: Path, source: Path | None) -> Suggested:
    """Looks at a weight file, and at the source of its network, in a worker.

    Args:
        weights: The weight file.
        source: The Python file with the network's class; `None`: an adapter may know the file.

    Raises:
        InputError: A file is missing or cannot be read, or has no network.
    """
    with WorkerPool(1, private=True, memory_mib=free_mib()) as pool:
        found = pool.run(_suggest, weights, source, timeout=SECONDS)
    if isinstance(found, Trouble):
        raise InputError(found.message)
    if isinstance(found, str):
        raise InputError(found)
    return found


def _suggest(weights: Path, source: Path | None) -> Suggested | str:
    """Runs in a worker, and never raises; a text is what went wrong."""
    try:
        with in_users_folder():
            return _look(weights, source)
    except BaseException as error:  # a third party's code
        return describe_error(error)


def _look(weights: Path, source: Path | None) -> Suggested:
    if source is None:
        return _in_colour_or_grey(str(weights), ":")
    loader: Any = loaders.get("network:")  # no other has `suggest`
    found = loader.suggest(str(source), str(weights))
    suggested = Suggested(found.text, None, found.wrong)
    if not found.wrong:
        try:
            suggested = _in_colour_or_grey(found.text, ",")
        except InputError as error:  # it loads, and does not run from image to image
            suggested = Suggested(found.text, None, str(error))
    skeleton = found.complete(suggested.card)
    return replace(suggested, note=found.note, skeleton=skeleton)


def _in_colour_or_grey(text: str, joint: str) -> Suggested:
    try:
        return _probed(text, joint)
    except InputError as error:
        try:
            return _probed(f"{text}{joint}channels=1", ",")
        except InputError:
            raise error from None


def _probed(text: str, joint: str) -> Suggested:
    """Adds the range in which a network keeps a photograph."""
    said = ["", *(f"{joint}range={name}" for name in RANGES if name != "1")]
    wrong = ""
    for words in said:
        restorer = build_restorer(parse_restorer(text + words))
        probed = wrong_range(restorer)
        if probed is None:
            return Suggested(text + words, restorer.card)
        wrong = wrong or probed
    return Suggested(text, build_restorer(parse_restorer(text)).card, wrong)
