"""Votes as they count: read, screened, and laid out by set and task."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path

from harness.errors import InputError, StoreError, plain
from harness.people.leaderboards import agreement_row, panel_rows
from harness.people.panels import Answer, Panel, answers, make_panels
from harness.people.screening import Rules, Screened, screen
from harness.people.study import Study, read_studies, study_folder
from harness.people.votes_file import Ballot, read_ballots
from harness.results import RunData

VOTES = "votes"
"""The folder of the votes that were counted the last time, among a run's studies."""

RULES = "rules.json"
"""The rules that they were counted by."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Votes as they count.

    Attributes:
        screened: Every observer.
        panels: By set.
        pooled: Of tasks with several sets.
        notes: What else does not count, and why.
        ballots: Those that count.
        read: All of them.
    """

    screened: tuple[Screened, ...]
    panels: dict[str, Panel]
    pooled: tuple[Panel, ...]
    notes: tuple[str, ...]
    ballots: tuple[Ballot, ...]
    read: tuple[Ballot, ...]

    def rows(self) -> list[dict[str, object]]:
        """The leaderboards: of sets, then of tasks."""
        return [row for panel in (*self.panels.values(), *self.pooled) for row in panel_rows(panel)]

    def agreement(self) -> list[dict[str, object]]:
        """How well observers agree, by set and task."""
        return [agreement_row(panel) for panel in (*self.panels.values(), *self.pooled)]


def count_votes(
    run: Path, data: RunData, paths: Sequence[Path], rules: Rules | None = None
) -> Counted:
    """Reads, screens and lays out votes; writes nothing.

    Args:
        run: The run folder.
        data: The run.
        paths: Votes files, or folders of them; none: those that the run keeps.
        rules: Of screening.

    Raises:
        InputError: Files are refused, each named with the reason; or the run has no study.
    """
    studies = read_studies(run)
    if not studies:
        raise InputError(f"{run} has no study: `restobench study make {run} -o FOLDER` makes one")
    kept = study_folder(run) / VOTES
    if not paths and not kept.is_dir():
        raise InputError(f"{run} has no votes yet: give votes files, or folders of them")
    ballots = read_ballots(list(paths) or [kept], studies)
    ballots.sort(key=lambda ballot: (ballot.study, ballot.observer))
    screened = screen(ballots, studies, rules or Rules())
    counted = [ballot for ballot, seen in zip(ballots, screened, strict=True) if not seen.left_out]
    votes, notes = _of_this_run(answers(counted, studies), studies, data)
    tasks = {name: planned.task for name, planned in data.run.plan.sets.items()}
    panels = make_panels(votes, tasks)
    for panel in panels:
        if panel.left_out:
            where = panel.set or panel.task
            notes.append(f"{where}: no vote connects {', '.join(panel.left_out)} with the others")
    return Counted(
        tuple(screened),
        {panel.set: panel for panel in panels if panel.set is not None},
        tuple(panel for panel in panels if panel.set is None),
        tuple(notes),
        tuple(counted),
        tuple(ballots),
    )


def _of_this_run(
    votes: Sequence[Answer], studies: dict[str, Study], data: RunData
) -> tuple[list[Answer], list[str]]:
    """The votes on what the run still holds: a restorer that has changed since is another one."""
    fingerprints = {name: data.run.restorer(name).fingerprint for name in data.run.restorers}
    notes, kept = {}, []
    for vote in votes:
        then = studies[vote.observer.partition("/")[0]].restorers
        changed = [n for n in (vote.one, vote.other) if fingerprints.get(n) != then.get(n)]
        for name in changed:
            gone = (
                "is not in the run" if name not in fingerprints else "has changed since the study"
            )
            notes[name] = f"{name} {gone}: votes on it do not count"
        if not changed:
            kept.append(vote)
    return kept, list(notes.values())


def kept_rules(run: Path) -> Rules:
    """The rules that the votes of a run were counted by the last time.

    Raises:
        StoreError: Their file is damaged.
    """
    path = study_folder(run) / RULES
    if not path.is_file():
        return Rules()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        fastest, keep = told["fastest"], told["keep"]
        if type(fastest) not in (int, float) or not 0 <= fastest < inf or not _are_texts(keep):
            raise ValueError("fastest or keep is not what `restobench votes` writes")
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise StoreError(
            f"{path} is damaged ({plain(error)[:80]}): remove it, and give `restobench votes` the "
            "files again, with --keep and --fastest as before"
        ) from None
    return Rules(float(fastest), tuple(keep))


def _are_texts(found: object) -> bool:
    return isinstance(found, list) and all(isinstance(item, str) for item in found)
