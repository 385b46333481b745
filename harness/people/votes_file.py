"""Votes files: what a browser wrote, checked before anything of it is believed.

One JSON file for each observer. A checksum in every vote, which goes on from the one before, tells
damage and hand-made changes; it is no signature, and who knows the format can forge votes.
"""

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from harness.errors import InputError, SeveralError, plain
from harness.formats import decode_text
from harness.people.study import MIRRORED, Choice, Study

SCHEMA = "restobench/votes/1"
MOST_BYTES = 2 << 20
_OBSERVER = re.compile(r"[0-9a-f]{16}")
_STUDY = re.compile(r"[0-9a-f]{12}")
_LONGEST_MS = 24 * 3600 * 1000
_LEAST_SCALE = 0.001  # to so many places the page rounds
_HEAD = {"schema", "study", "session", "observer", "scale", "votes"}
_VOTE = {"trial", "choice", "ms", "away", "check"}


@dataclass(frozen=True, slots=True)
class Vote:
    """One answer.

    Attributes:
        trial: Its name in the study.
        choice: Which side was better.
        seconds: From when both pictures were shown.
        away: Whether the page was hidden meanwhile, so that the time says nothing.
    """

    trial: str
    choice: Choice
    seconds: float
    away: bool


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one observer said.

    Attributes:
        file: Where it lies.
        study: The study's id.
        session: Which of the study's sessions.
        observer: 16 hex digits that the browser drew.
        scale: Pixels of the display to one of the page.
        votes: In their order.
    """

    file: Path
    study: str
    session: int
    observer: str
    scale: float
    votes: tuple[Vote, ...]


def read_ballots(paths: Sequence[Path], studies: Mapping[str, Study]) -> list[Ballot]:
    """Reads votes files, and folders of them.

    Args:
        paths: Files, or folders with `*.json`.
        studies: Those of the run.

    Raises:
        InputError: Some are refused; each is named with the reason. Nothing is read by halves.
    """
    found: list[Ballot] = []
    refused: list[str] = []
    for path in _files(paths):
        try:
            ballot = read_ballot(path, studies)
            _refuse_again(ballot, found)
        except InputError as error:
            refused.append(str(error))
        except OSError as error:
            refused.append(f"{path} cannot be read: {error.strerror or error}")
        else:
            found.append(ballot)
    if refused:
        whole = len(refused) + len(found)
        raise SeveralError(
            f"{len(refused)} of {whole} votes files are refused, and nothing was counted", refused
        )
    return found


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        files += sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise InputError("there are no votes files: expected *.json as the study's page saves them")
    return list(dict.fromkeys(files))


def _refuse_again(ballot: Ballot, before: Sequence[Ballot]) -> None:
    for other in before:
        if (other.study, other.observer) == (ballot.study, ballot.observer):
            raise InputError(
                f"{ballot.file} is duplicated: {other.file} is of the same observer; keep the one "
                f"that has more votes ({len(ballot.votes)} and {len(other.votes)})"
            )


def read_ballot(path: Path, studies: Mapping[str, Study]) -> Ballot:
    """Reads one votes file.

    Raises:
        InputError: It is too large, no votes file, damaged, inconsistent, or of another study.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path} is a folder, a pipe or a device; expected a votes file")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    return parse_ballot(path, content, studies)


def parse_ballot(path: Path, content: bytes, studies: Mapping[str, Study]) -> Ballot:
    """As `read_ballot`, of its content."""
    if len(content) > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES >> 20} MiB: it is no votes file")
    try:
        text = decode_text(content, str(path))
        told = json.loads(text, parse_constant=_no_number, object_pairs_hook=_unlike)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is damaged or no votes file: it cannot be read as JSON ({_short(error)})"
        ) from None
    if not isinstance(told, dict) or set(told) != _HEAD or told["schema"] != SCHEMA:
        raise InputError(
            f"{path} is no votes file: expected {SCHEMA} with {', '.join(sorted(_HEAD))}"
        )
    study, session, observer, scale = (told[k] for k in ("study", "session", "observer", "scale"))
    sound = (
        isinstance(study, str)
        and _STUDY.fullmatch(study)
        and isinstance(observer, str)
        and _OBSERVER.fullmatch(observer)
        and type(session) is int
        and type(scale) in (int, float)
        and _LEAST_SCALE <= scale < 100
        and isinstance(told["votes"], list)
    )
    if not sound:
        raise InputError(
            f"{path} is inconsistent: study, session, observer or scale is not what the page writes"
        )
    if study not in studies:
        known = ", ".join(studies) or "none"
        raise InputError(f"{path} is of another study ({study}); this run has {known}")
    if not 0 <= session < len(studies[study].sessions):
        count = len(studies[study].sessions)
        raise InputError(f"{path} is inconsistent: its session is none of the study's {count}")
    head = f"{study}|{session}|{observer}|{_as_text(scale)}"
    votes = _votes(path, told["votes"], head, session, studies[study])
    return Ballot(path, study, session, observer, float(scale), votes)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _unlike(items: Sequence[tuple[str, object]]) -> dict[str, object]:
    """An object whose keys are all different: readers differ in which of two they take."""
    found = dict(items)
    if len(found) < len(items):
        raise ValueError("an object has a key twice")
    return found


def _short(error: Exception) -> str:
    return plain(error)[:80]


def _as_text(number: float) -> str:
    """A number as JavaScript's template strings have it, for those that the page writes."""
    return str(int(number)) if number == int(number) else repr(float(number))


def _votes(
    path: Path, told: Sequence[object], head: str, session: int, study: Study
) -> tuple[Vote, ...]:
    found: list[Vote] = []
    check = _crc(head)
    for place, item in enumerate(told):
        where = f"{path}: vote {place + 1}"
        vote = _vote(item, where)
        record = cast(Mapping[str, object], item)
        check = _crc(f"{check}|{vote.trial}|{vote.choice}|{record['ms']}|{int(vote.away)}")
        if record["check"] != check:
            raise InputError(f"{where} is damaged: its checksum does not fit")
        try:
            own, _, _ = study.trial(vote.trial)
        except KeyError:
            raise InputError(f"{where} is inconsistent: the study has no such trial") from None
        if own != session:
            raise InputError(f"{where} is inconsistent: its trial is of another session")
        found.append(vote)
    if len({vote.trial for vote in found}) < len(found):
        raise InputError(f"{path} is inconsistent: it answers a trial twice")
    return tuple(found)


def _vote(item: object, where: str) -> Vote:
    if not isinstance(item, dict) or set(item) != _VOTE:
        raise InputError(f"{where} is no vote: expected {', '.join(sorted(_VOTE))}")
    trial, choice, ms, away = (item[key] for key in ("trial", "choice", "ms", "away"))
    sound = (
        isinstance(trial, str)
        and len(trial) <= 16
        and trial.isascii()
        and isinstance(choice, str)
        and choice in MIRRORED
        and type(ms) is int
        and 0 <= ms <= _LONGEST_MS
        and type(away) is bool
        and isinstance(item["check"], str)
    )
    if not sound:
        raise InputError(
            f"{where} is inconsistent: trial, choice, ms or away is not what the page writes"
        )
    return Vote(trial, cast(Choice, choice), ms / 1000, away)


def _crc(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def write_ballot(
    path: Path, study: str, session: int, observer: str, answers: Sequence[tuple[str, Choice, int]]
) -> Path:
    """Writes a votes file as the page does: for simulations.

    Args:
        path: Where.
        study: The study's id.
        session: Which session.
        observer: 16 hex digits.
        answers: Trial, choice and milliseconds.
    """
    check, votes = _crc(f"{study}|{session}|{observer}|1"), []
    for trial, choice, ms in answers:
        check = _crc(f"{check}|{trial}|{choice}|{ms}|0")
        vote = {"trial": trial, "choice": choice, "ms": ms, "away": False, "check": check}
        votes.append(vote)
    head = {"schema": SCHEMA, "study": study, "session": session, "observer": observer, "scale": 1}
    path.write_text(json.dumps({**head, "votes": votes}))
    return path
