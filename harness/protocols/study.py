"""What a study's page is, and what it is given: nothing that names a restorer or a score."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class ShownTrial:
    """One question as a browser sees it.

    Attributes:
        id: Its name.
        left: Opaque name of a picture.
        right: Likewise.
        beside: A picture to judge by, or an empty string.
        answer: In training only: the clear choice; empty where there is none.
    """

    id: str
    left: str
    right: str
    beside: str = ""
    answer: Literal["left", "right", ""] = ""


@dataclass(frozen=True, slots=True)
class StudyTexts:
    """The laboratory's own words, as plain text.

    Attributes:
        title: Heading.
        question: What is asked of each pair.
        consent: What observers agree to before they begin.
        beside: What the picture beside the two is: `reference` or `degraded`; empty: there is none.
        post: Address that votes are sent to; empty: they are saved by the observer.
    """

    title: str
    question: str
    consent: str
    beside: Literal["reference", "degraded", ""] = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class PublicStudy:
    """Everything that a browser is sent.

    Attributes:
        id: Of the study.
        texts: What observers read.
        training: Trials that count for nothing.
        sessions: The trials of each observer.
        pictures: Opaque names -> the bytes of PNG files, made one at a time.
    """

    id: str
    texts: StudyTexts
    training: tuple[ShownTrial, ...]
    sessions: tuple[tuple[ShownTrial, ...], ...]
    pictures: "Pictures"


class Pictures(Protocol):
    """The pictures of a study, made when they are asked for."""

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Name and PNG of each."""


@runtime_checkable
class StudyPage(Protocol):
    """Writes the pages of a study. A class is registered."""

    name: ClassVar[str]

    def write(self, study: PublicStudy, out: Path) -> Path:
        """Writes them into the new folder `out`, and returns the page to open."""
