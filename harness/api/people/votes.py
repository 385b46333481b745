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
from harness.people.counting import RULES, VOTES, Counted, count_votes, kept_rules
from harness.people.leaderboards import METRIC, image_scores
from harness.people.screening import Rules
from harness.people.study import read_studies, study_folder
from harness.people.votes_file import Ballot, read_ballots
from harness.protocols import MetricCard

if TYPE_CHECKING:
    from harness.results import RunData
    from harness.storage.store import Store

CARD = MetricCard(
    METRIC,
    needs_reference=False,
    higher_is_better=True,
    unit="points",
    source="blind comparisons by people, Bradley-Terry strengths in Elo points: docs/people.md",
)


def take_votes(run: Path, paths: Sequence[Path], rules: Rules | None = None) -> Counted:
    """Counts votes and writes the metric `people` into the run, in place of an earlier one.

    Args:
        run: The run folder.
        paths: Votes files, or folders of them; none: those that the run keeps.
        rules: Of screening; none, without paths: those of last time.

    Raises:
        InputError: As for `count_votes`, or an observer to keep is not there; nothing is written
            then.
    """
    from harness.storage.store import Store, load_run

    data = load_run(run)
    wanted = set(rules.keep) if rules else set()
    rules = rules or (Rules() if paths else kept_rules(run))
    counted = count_votes(run, data, paths, rules)
    observers = {ballot.observer for ballot in counted.read}
    if unknown := wanted - observers:
        raise InputError(
            f"nobody is called {', '.join(sorted(unknown))}, who should be kept; the votes are of "
            f"{', '.join(sorted(observers))}"
        )
    if paths:
        counted = replace(counted, notes=(*counted.notes, *_dropped(run, counted.read)))
        _keep(run, counted.read, rules)
    with Store(run, create=True) as store:
        _write(store, data, counted)
    return counted


def _dropped(run: Path, ballots: Sequence[Ballot]) -> list[str]:
    """What to say of the files that the run has kept so far and that are not among these."""
    before = {path.stem for path in (study_folder(run) / VOTES).glob("*.json")}
    gone = sorted(before - {f"{ballot.study}-{ballot.observer}" for ballot in ballots})
    if not gone:
        return []
    named = ", ".join(name.partition("-")[2] for name in gone[:3])
    named += f" and {len(gone) - 3} more" if len(gone) > 3 else ""
    return [
        f"of the {len(before)} votes files that {run} has kept, {len(gone)} were not given this "
        f"time and are dropped: {named}; it keeps the {len(ballots)} given"
    ]


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
    (study_folder(run) / RULES).write_text(json.dumps(told))


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


@dataclass(frozen=True, slots=True)
class Gathered:
    """The studies and votes of several runs.

    Attributes:
        folders: Where the runs keep their studies.
        ballots: One of each observer.
        rules: Of screening.
        notes: What else a reader has to know.
    """

    folders: tuple[Path, ...]
    ballots: tuple[Ballot, ...]
    rules: Rules
    notes: tuple[str, ...]


def gather_votes(runs: Sequence[Path]) -> Gathered:
    """Reads the votes that runs keep, to be merged.

    Of an observer whose votes several runs keep, the file counts that has more of them. Whom one of
    the runs keeps whatever was seen of it, all keep; of several `fastest` the strictest is taken.

    Raises:
        InputError: Votes are refused, or two files of an observer say different things.
    """
    folders = [study_folder(run) for run in runs if study_folder(run).is_dir()]
    voted = [folder.parent for folder in folders if (folder / VOTES).is_dir()]
    found: dict[tuple[str, str], Ballot] = {}
    for run in voted:
        for ballot in read_ballots([study_folder(run) / VOTES], read_studies(run)):
            key = ballot.study, ballot.observer
            found[key] = _longer(found.get(key, ballot), ballot)
    rules = [kept_rules(run) for run in voted] or [Rules()]
    fastest = sorted({rule.fastest for rule in rules})
    keep = dict.fromkeys(name for rule in rules for name in rule.keep)
    note = f"the runs were counted with --fastest {', '.join(f'{s:g}' for s in fastest)}: "
    notes = (f"{note}the merged one is with {fastest[-1]:g}",) if len(fastest) > 1 else ()
    return Gathered(tuple(folders), tuple(found.values()), Rules(fastest[-1], tuple(keep)), notes)


def _longer(one: Ballot, other: Ballot) -> Ballot:
    """The later state of an observer's votes, which begins with the earlier one."""
    short, long = sorted((one, other), key=lambda ballot: len(ballot.votes))
    if (short.session, short.votes) != (long.session, long.votes[: len(short.votes)]):
        raise InputError(
            f"{one.file} and {other.file} are of the same observer and say different things: give "
            "`restobench votes` those of one of the runs without it, and merge again"
        )
    return long


def merge_votes(gathered: Gathered, out: Path) -> Counted | None:
    """Takes the studies and votes of runs into the run that they were merged into, fitted again.

    Returns:
        What counts there, or `None`: none of them has votes.
    """
    for folder in gathered.folders:
        left = shutil.ignore_patterns(VOTES, RULES, ".*")
        shutil.copytree(folder, study_folder(out), ignore=left, dirs_exist_ok=True)
    if not gathered.ballots:
        return None
    _keep(out, gathered.ballots, gathered.rules)
    counted = take_votes(out, [])
    return replace(counted, notes=(*gathered.notes, *counted.notes))
