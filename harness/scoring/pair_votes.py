"""Votes on pairs of images in a folder: `pairs.csv`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.cards import plain_number
from harness.errors import InputError
from harness.formats import read_text
from harness.scoring.mos import inside, table_rows
from harness.statistics import Floats
from harness.statistics.judged_pairs import Figure, JudgedPairs, judge_pairs

FILE = "pairs.csv"
COLUMNS = ("scene", "a", "b", "votes_a", "votes_b")


@dataclass(frozen=True, slots=True)
class VotedPair:
    """Two images of a scene, and how many people found which better.

    Attributes:
        scene: What they show; empty: every pair is a scene of its own.
        a: A file.
        b: A file.
        votes_a: Votes for `a`; half votes are those of ties, shared out.
        votes_b: Votes for `b`.
    """

    scene: str
    a: Path
    b: Path
    votes_a: float
    votes_b: float


def read_pairs(folder: Path) -> list[VotedPair]:
    """Reads `pairs.csv` of a folder, with the columns scene, a, b, votes_a and votes_b.

    The images are in the folder or in `images/` below it.

    Returns:
        The pairs; none where there is no such file.

    Raises:
        InputError: A column or file is missing, or votes are no numbers of at least 0.
    """
    path = folder / FILE
    if not path.is_file():
        return []
    root = folder / "images" if (folder / "images").is_dir() else folder
    try:
        return [
            _pair(row, root, place)
            for place, row in enumerate(table_rows(read_text(path, "list of votes"), path, COLUMNS))
        ]
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    except FileNotFoundError as error:
        raise InputError(f"{path} names {error}, which is not in {root}") from None


def _pair(row: Mapping[str, str | None], root: Path, place: int) -> VotedPair:
    a, b = (inside(root, row[side] or "") for side in ("a", "b"))
    votes = [
        _number(row[name] or "", f"{name} of {row['a']} and {row['b']}") for name in COLUMNS[3:]
    ]
    return VotedPair(row["scene"] or f"row {place}", a, b, votes[0], votes[1])


def _number(said: str, what: str) -> float:
    try:
        number = plain_number(said)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise ValueError(f"{what} is {said!r}; expected a number of votes")
    return number


@dataclass(frozen=True, slots=True)
class Judged:
    """What votes say of a metric.

    Attributes:
        count: Pairs of which both images have a score.
        figures: Those of `judge_pairs`.
        reason: Why there are no figures at all, in words; `None` where there are some.
    """

    count: int
    figures: Mapping[str, Figure | None]
    reason: str | None


def judge(
    pairs: Sequence[VotedPair], scores: Mapping[Path, float], higher_is_better: bool
) -> Judged:
    """Holds a metric against the votes.

    Args:
        pairs: What people said.
        scores: By file; NaN, or none, where it has no score.
        higher_is_better: The metric's direction.
    """
    scenes = {name: place for place, name in enumerate(dict.fromkeys(p.scene for p in pairs))}
    nothing = float("nan")
    columns = np.array(
        [
            (scenes[p.scene], _gap(scores.get(p.a, nothing), scores.get(p.b, nothing)),
             p.votes_a, p.votes_b)
            for p in pairs
        ],
        dtype=np.float64,
    ).reshape(-1, 4)  # fmt: skip
    known = columns[~np.isnan(columns[:, 1])]
    sign = 1 if higher_is_better else -1
    difference: Floats = sign * known[:, 1]
    judged = JudgedPairs(known[:, 0].astype(np.int64), difference, known[:, 2], known[:, 3])
    figures, reason = judge_pairs(judged), None
    if not len(known):
        reason = f"none of {len(pairs)} pairs has a score for both images"
    elif not any(figures.values()):
        reason = f"nobody voted on any of the {len(known)} pairs"
    return Judged(len(known), figures, reason)


def _gap(one: float, other: float) -> float:
    """The difference; two that are infinite are alike."""
    return 0.0 if one == other else one - other
