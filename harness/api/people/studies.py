"""A study made of a run: the key stays in the run, the page is for anybody to host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.api.people.pictures import Key, StudyPictures
from harness.errors import InputError
from harness.people.sessions import Budget
from harness.protocols.study import PublicStudy, ShownTrial, StudyTexts

if TYPE_CHECKING:
    from harness.people.design import Belief, Pair
    from harness.people.study import Study, Trial
    from harness.results import Restored, RunData


@dataclass(frozen=True, slots=True)
class StudyWishes:
    """What a study is to be like.

    Attributes:
        texts: What observers read.
        budget: Observers and time.
        restorers: Only these; none: all that have images.
        sets: Only these; none: all.
        images: The first so many of each set; 0: all.
        side: Pixels of the square windows that are shown; 0: whole images.
        design: Which pairs.
        votes: Votes files that an active design goes on from.
        seed: Of pairs, order and sides.
    """

    texts: StudyTexts
    budget: Budget = field(default_factory=Budget)
    restorers: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    images: int = 0
    side: int = 0
    design: Literal["random", "active"] = "random"
    votes: tuple[Path, ...] = ()
    seed: int = 0


def make_study(run: Path, out: Path, wishes: StudyWishes) -> tuple[Study, Path]:
    """Makes a study: writes its key into the run and its page into the new folder `out`.

    Args:
        run: A run folder with restored images.
        out: A folder that is not there yet.
        wishes: What it is to be like.

    Returns:
        The key, and the page to open.

    Raises:
        InputError: There is nothing to compare, `out` is taken, or a wish would have no effect.
        StoreError: No run there.
    """
    from harness.people.study import Study, new_identity, write_study
    from harness.plugins.kinds import study_pages
    from harness.storage.store import load_run

    if out.exists():
        raise InputError(f"{out} is there already; give another -o")
    data = load_run(run)
    cells, study_pairs = _askable(data, wishes)
    identity, secret = new_identity()
    study = Study(
        identity,
        secret,
        run=data.run.id,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        sessions=_sessions(run, data, study_pairs, wishes),
        restorers={
            name: data.run.restorer(name).fingerprint
            for name in sorted({side for pair in study_pairs for side in (pair.one, pair.other)})
        },
        design=wishes.design,
        seed=wishes.seed,
    )
    page = study_pages.get("html")().write(_public(run, data, cells, study, wishes), out)
    write_study(run, study)
    return study, page


def _refuse_useless(wishes: StudyWishes) -> None:
    """Refuses texts that say nothing, and votes that nothing would be made of."""
    texts = wishes.texts
    told = {"title": texts.title, "question": texts.question, "consent text": texts.consent}
    if empty := [name for name, text in told.items() if not text.strip()]:
        raise InputError(f"the {' and the '.join(empty)} would be empty: observers read them")
    if wishes.votes and wishes.design != "active":
        raise InputError(
            f"--votes say which pairs an active design asks next; a {wishes.design} one asks all "
            "equally often: give --design active, or leave --votes"
        )


def _askable(
    data: RunData, wishes: StudyWishes
) -> tuple[dict[Key, dict[str, Restored]], list[Pair]]:
    """The restored images by set and image, and every pair of them that differ."""
    from harness.people.design import Pair

    _refuse_useless(wishes)
    known = {"restorer": set(data.run.restorers), "set": set(data.run.plan.sets)}
    for kind, wanted in (("restorer", wishes.restorers), ("set", wishes.sets)):
        for name in wanted:
            if name not in known[kind]:
                raise InputError(
                    f"the run has no {kind} {name!r}; it has {', '.join(sorted(known[kind]))}"
                )
    cells: dict[Key, dict[str, Restored]] = {}
    for item in data.restored:
        cell = item.cell
        if wishes.restorers and cell.restorer not in wishes.restorers:
            continue
        if not wishes.sets or cell.set in wishes.sets:
            cells.setdefault((cell.set, cell.image), {})[cell.restorer] = item
    kept = _first(cells, wishes.images)
    pairs = [
        Pair(*key, one, other)
        for key, found in kept.items()
        for one, other in combinations(sorted(found), 2)
        if found[one].sha256 != found[other].sha256  # nobody can tell what is the same
    ]
    return kept, pairs


def _first(cells: Mapping[Key, dict[str, Restored]], images: int) -> dict[Key, dict[str, Restored]]:
    count: dict[str, int] = {}
    kept = {}
    for key in sorted(cells):
        count[key[0]] = count.get(key[0], 0) + 1
        if not images or count[key[0]] <= images:
            kept[key] = cells[key]
    return kept


def _sessions(
    run: Path, data: RunData, pairs: Sequence[Pair], wishes: StudyWishes
) -> tuple[tuple[Trial, ...], ...]:
    from harness.people.sessions import plan_sessions

    beliefs = _beliefs(run, data, pairs, wishes) if wishes.design == "active" else {}
    return plan_sessions(pairs, wishes.budget, wishes.design, beliefs, wishes.seed)


def _beliefs(
    run: Path, data: RunData, pairs: Sequence[Pair], wishes: StudyWishes
) -> dict[str, Belief]:
    """What the votes so far say of each set."""
    import numpy as np

    from harness.people.counting import count_votes
    from harness.people.design import Belief

    counted = count_votes(run, data, wishes.votes).panels if wishes.votes else {}
    beliefs = {}
    for name in dict.fromkeys(pair.set for pair in pairs):
        here = [pair for pair in pairs if pair.set == name]
        names = sorted({side for pair in here for side in (pair.one, pair.other)})
        wins = np.zeros((len(names), len(names)))
        if (panel := counted.get(name)) is not None:
            found = panel.comparisons.wins()
            places = {other: place for place, other in enumerate(panel.restorers)}
            shared = [(row, places[item]) for row, item in enumerate(names) if item in places]
            for row, old_row in shared:
                for column, old_column in shared:
                    wins[row, column] = found[old_row, old_column]
        beliefs[name] = Belief.of(names, wins)
    return beliefs


def _public(
    run: Path,
    data: RunData,
    cells: Mapping[Key, Mapping[str, Restored]],
    study: Study,
    wishes: StudyWishes,
) -> PublicStudy:
    from harness.people.study import seen_pictures

    pictures = StudyPictures(run, data, cells, study, wishes.side, wishes.texts.beside)
    texts = wishes.texts
    if texts.beside and not all(pictures.has(key, texts.beside) for key in pictures.shown):
        raise InputError(
            f"not every {texts.beside} is on this machine: resume the run here, which makes them "
            "again, or leave --beside"
        )
    training = _training(study, pictures.shown[0])
    for trial in training:
        pictures.wanted |= seen_pictures([trial[0]])
    return PublicStudy(
        study.id,
        texts,
        tuple(
            _shown(f"t{n}", trial, study, texts, answer)
            for n, (trial, answer) in enumerate(training)
        ),
        tuple(
            tuple(
                _shown(f"{n}-{place}", trial, study, texts) for place, trial in enumerate(session)
            )
            for n, session in enumerate(study.sessions)
        ),
        pictures,
    )


def _training(study: Study, key: Key) -> list[tuple[Trial, Literal["left", "right", ""]]]:
    """Two clear pairs with their answers, and one without."""
    from harness.people.study import CLEAR, SPOILT, Trial

    first = next(trial for trial in study.sessions[0] if trial.kind == "pair")
    return [
        (Trial("check", *key, CLEAR, SPOILT), "left"),
        (Trial("check", *key, SPOILT, CLEAR), "right"),
        (first, ""),
    ]


def _shown(
    name: str,
    trial: Trial,
    study: Study,
    texts: StudyTexts,
    answer: Literal["left", "right", ""] = "",
) -> ShownTrial:
    left, right = (study.opaque(trial.set, trial.image, side) for side in (trial.left, trial.right))
    beside = study.opaque(trial.set, trial.image, f"={texts.beside}") if texts.beside else ""
    return ShownTrial(name, left, right, beside, answer)


def describe(study: Study) -> dict[str, object]:
    """What was planned, as a flat row."""
    trials = [trial for session in study.sessions for trial in session]
    return {
        "study": study.id,
        "sessions": len(study.sessions),
        "trials": max(map(len, study.sessions)),
        "votes": sum(trial.kind == "pair" for trial in trials),
        "restorers": len(study.restorers),
        "images": len({(trial.set, trial.image) for trial in trials}),
        "design": study.design,
    }
