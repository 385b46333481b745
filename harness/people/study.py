"""A study: its trials by session, and the key that says what each was of.

The key stays in the run. What a browser is sent has opaque names of pictures and trials only.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from harness.atomic import atomic_file
from harness.errors import InputError, StoreError

SCHEMA = "restobench/study/1"
FOLDER = "studies"
"""Where a run keeps the keys of its studies, and the votes that were counted."""

Kind = Literal["pair", "check", "swapped"]
Choice = Literal["left", "right", "tie"]
MIRRORED: Mapping[Choice, Choice] = {"left": "right", "right": "left", "tie": "tie"}


@dataclass(frozen=True, slots=True)
class Trial:
    """One question to one observer.

    Attributes:
        kind: `pair`; `check`: one side is clearly worse; `swapped`: an earlier pair of this
            session with its sides swapped.
        left: The restorer on the left; of a check, `CLEAR` or `SPOILT`.
        right: Likewise.
        of: For `swapped`, the place of the earlier trial in the session.
    """

    kind: Kind
    set: str
    image: str
    left: str
    right: str
    of: int | None = None


CLEAR, SPOILT = "=clear", "=spoilt"
"""The sides of a check; no restorer has such a name."""


@dataclass(frozen=True, slots=True)
class Study:
    """The key of a study.

    Attributes:
        id: 12 hex digits.
        secret: What opaque names are made with.
        run: The run's id.
        made: ISO 8601 time in UTC.
        sessions: The trials of each observer, in their order.
        restorers: Name -> fingerprint, of those that take part.
        design: `random` or `active`.
        seed: Of pairs, order and sides.
    """

    id: str
    secret: str
    run: str
    made: str
    sessions: tuple[tuple[Trial, ...], ...]
    restorers: Mapping[str, str] = field(default_factory=dict)
    design: str = "random"
    seed: int = 0

    def opaque(self, *names: str) -> str:
        """A name that says nothing: 16 hex digits that nobody can find without the secret."""
        told = json.dumps(names).encode()
        return hmac.new(bytes.fromhex(self.secret), told, hashlib.sha256).hexdigest()[:16]

    def trial(self, name: str) -> tuple[int, int, Trial]:
        """Session, place and trial of a name such as `3-12`.

        Raises:
            KeyError: There is none.
        """
        session, _, place = name.partition("-")
        if (
            not (session.isdecimal() and place.isdecimal())
            or name != f"{int(session)}-{int(place)}"
        ):
            raise KeyError(name)
        try:
            return int(session), int(place), self.sessions[int(session)][int(place)]
        except IndexError:
            raise KeyError(name) from None


def new_identity() -> tuple[str, str]:
    """An id and a secret."""
    return secrets.token_hex(6), secrets.token_hex(16)


def study_folder(run: Path) -> Path:
    """Where a run keeps what belongs to its studies."""
    return run / FOLDER


def write_study(run: Path, study: Study) -> Path:
    """Writes the key into the run."""
    folder = study_folder(run)
    folder.mkdir(exist_ok=True)
    path = folder / f"{study.id}.json"
    trials = [[list(asdict(trial).values()) for trial in session] for session in study.sessions]
    told = {"schema": SCHEMA, **asdict(study), "sessions": trials}
    with atomic_file(path) as partial:
        partial.write_text(json.dumps(told, indent=None, sort_keys=True))
        partial.chmod(0o600)
    return path


def read_studies(run: Path) -> dict[str, Study]:
    """The keys that a run has, by id.

    Raises:
        StoreError: One is damaged.
    """
    files = sorted(study_folder(run).glob(f"{'[0-9a-f]' * 12}.json"))
    return {study.id: study for study in map(_read, files)}


def _read(path: Path) -> Study:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.pop("schema") != SCHEMA:
            raise InputError(f"{path} is no key of a study that this version reads")
        sessions = tuple(
            tuple(Trial(*trial) for trial in session) for session in told.pop("sessions")
        )
        return Study(**told, sessions=sessions)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(f"{path} is damaged, and its votes cannot be read: {error}") from error


def seen_pictures(session: Sequence[Trial]) -> set[tuple[str, str, str]]:
    """Set, image and name of everything that a session shows."""
    return {
        (trial.set, trial.image, side) for trial in session for side in (trial.left, trial.right)
    }
