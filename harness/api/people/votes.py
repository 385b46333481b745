"""Votes of people taken into a run: screened, counted, and written as the metric `people`."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InputError
from harness.people.panels import Panel, answers, make_panels
from harness.people.screening import Rules, Screened, screen
from harness.people.study import read_studies, study_folder
from harness.people.verdicts import METRIC, agreement_row, image_scores, verdict_rows
from harness.people.votes_file import Ballot, read_ballots
from harness.protocols import MetricCard

if TYPE_CHECKING:
    from harness.people.panels import Answer
    from harness.people.study import Study
    from harness.results import RunData
    from harness.storage.store import Store

VOTES = "votes"
CARD = MetricCard(
    METRIC,
    needs_reference=False,
    higher_is_better=True,
    unit="points",
    source="blind comparisons by people, Bradley-Terry strengths in Elo points: docs/people.md",
)


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
        return [
            row for panel in (*self.panels.values(), *self.pooled) for row in verdict_rows(panel)
        ]

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


def take_votes(run: Path, paths: Sequence[Path], rules: Rules | None = None) -> Counted:
    """Counts votes and writes people's verdict into the run, in place of an earlier one.

    Args:
        run: The run folder.
        paths: Votes files, or folders of them; none: those that the run keeps.
        rules: Of screening; none, without paths: those of last time.

    Raises:
        InputError: As for `count_votes`; nothing is written then.
    """
    from harness.storage.store import Store, load_run

    data = load_run(run)
    rules = rules or (Rules() if paths else _kept_rules(run))
    counted = count_votes(run, data, paths, rules)
    if paths:
        _keep(run, counted.read, rules)
    with Store(run, create=True) as store:
        _write(store, data, counted)
    return counted


def _kept_rules(run: Path) -> Rules:
    path = study_folder(run) / "rules.json"
    if not path.is_file():
        return Rules()
    told = json.loads(path.read_text())
    return Rules(float(told["fastest"]), tuple(told["keep"]))


def _keep(run: Path, ballots: Sequence[Ballot], rules: Rules) -> None:
    """Copies votes files into the run, so that runs with votes can be merged."""
    folder = study_folder(run) / VOTES
    partial = folder.with_name(".votes.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    for ballot in ballots:
        shutil.copyfile(ballot.file, partial / f"{ballot.study}-{ballot.observer}.json")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    told = {"fastest": rules.fastest, "keep": list(rules.keep)}
    (study_folder(run) / "rules.json").write_text(json.dumps(told))


def _write(store: Store, data: RunData, counted: Counted) -> None:
    from harness.results import Score

    restored = {item.cell: item for item in data.restored}
    cells = {(item.restorer, item.set, item.image): item for item in restored}
    files = sorted((ballot.study, ballot.observer, len(ballot.votes)) for ballot in counted.ballots)
    fingerprint = hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16]
    run = data.run
    metrics = tuple(dict.fromkeys([*run.plan.metrics, METRIC]))
    header = replace(
        run, plan=replace(run.plan, metrics=metrics), metrics={**run.metrics, METRIC: CARD}
    )
    with store.transaction():
        store.drop_outdated({METRIC: ""})
        store.write_header(header)
        for panel in counted.panels.values():
            for restorer, (set_name, image), value in image_scores(panel):
                cell = cells.get((restorer, set_name, image))
                if cell is not None:
                    score = Score(cell, METRIC, value)
                    store.add_scores([score], [], {METRIC: fingerprint}, restored[cell])


def merge_votes(runs: Sequence[Path], out: Path) -> Counted | None:
    """Takes the studies and votes of runs into the run that they were merged into, fitted again.

    Returns:
        What counts there, or `None`: none of them has votes.
    """
    folders = [study_folder(run) for run in runs if study_folder(run).is_dir()]
    for folder in folders:
        shutil.copytree(folder, study_folder(out), dirs_exist_ok=True)
    return take_votes(out, []) if (study_folder(out) / VOTES).is_dir() else None
