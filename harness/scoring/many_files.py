"""Scores many image files, here or in workers: what is there already is not scored again."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import replace
from typing import Protocol

from harness.scoring.files import ImagePair
from harness.scoring.recalling import ScoredFile, ScoringJob, recall
from harness.storage.kept_scores import KeptScores
from harness.workers.allocation import cores
from harness.workers.as_in_workers import as_in_workers

PATIENCE_SECONDS = 10.0
"""Workers that nobody asked for are started when scoring has taken so long, and will as long again.

A worker imports torch and builds every metric before it scores anything.
"""


class Progress(Protocol):
    """Who is told how far it is."""

    def start(self, total: int, done: int) -> None:
        """There are so many images, and `done` of them need nothing."""

    def note(self, text: str) -> None:
        """Something that a reader of the log would ask about."""

    def advance(self, name: str) -> None:
        """An image is done."""


def score_files(
    pairs: Sequence[ImagePair], job: ScoringJob, progress: Progress, workers: int | None = None
) -> list[ScoredFile]:
    """Scores files by every metric; each score is kept as soon as it is there.

    The values do not depend on where they are computed.

    Args:
        pairs: The images.
        job: What is asked of each.
        progress: Who is told how far it is.
        workers: Worker processes; one that dies is an image with an error. `None`: this process,
            and workers for the rest where they pay.

    Returns:
        What was found, in the order of `pairs`.

    Raises:
        HarnessError: A metric cannot be built in this process.
    """
    told: set[str] = set()
    with KeptScores() as kept:
        found = [recall(pair, job, kept) for pair in pairs]
        _tell(kept.take_notes(), told, progress)
        if there := sum(len(file.scores) for file in found):
            wanted = len(pairs) * len(job.metrics)
            progress.note(f"{there} of {wanted} scores were there already")
        jobs = {
            place: replace(job, metrics=missing)
            for place, file in enumerate(found)
            if (missing := tuple(name for name in job.metrics if name not in file.scores))
        }
        progress.start(len(pairs), len(pairs) - len(jobs))
        for place, new in _score(pairs, jobs, workers, kept):
            found[place] = _together(job, found[place], new)
            _tell(new.notes, told, progress)
            progress.advance(str(pairs[place].path))
    return found


def _tell(notes: Sequence[str], told: set[str], progress: Progress) -> None:
    """Tells each note once, however many workers say it."""
    for note in notes:
        if note not in told:
            progress.note(note)
    told.update(notes)


def _together(job: ScoringJob, known: ScoredFile, new: ScoredFile) -> ScoredFile:
    """What was there already and what is new, in the order of the metrics."""
    scores = {**known.scores, **new.scores}
    return ScoredFile({name: scores[name] for name in job.metrics}, new.content or known.content)


def _score(
    pairs: Sequence[ImagePair],
    jobs: Mapping[int, ScoringJob],
    workers: int | None,
    kept: KeptScores,
) -> Iterator[tuple[int, ScoredFile]]:
    """Scores by their places, as they come."""
    rest = dict(jobs)
    if workers is None:
        for place, scored in _score_here(pairs, jobs, kept):
            del rest[place]
            yield place, scored
    if rest:
        yield from _score_in_workers(pairs, rest, workers or cores())


def _score_here(
    pairs: Sequence[ImagePair], jobs: Mapping[int, ScoringJob], kept: KeptScores
) -> Iterator[tuple[int, ScoredFile]]:
    """Scores by their places, until workers would pay."""
    if not jobs:
        return
    from harness.scoring.evaluation import build_metric
    from harness.scoring.one_file import FileScorer

    wanted = dict.fromkeys((name, job.device) for job in jobs.values() for name in job.metrics)
    with as_in_workers():
        for name, device in wanted:
            build_metric(name, device)  # what cannot be built is said once, before any work
    # each worker would take its share of a GPU
    alone = os.cpu_count() == 1 or any(job.device != "cpu" for job in jobs.values())
    scorer, start = FileScorer(kept), time.monotonic()
    for count, (place, job) in enumerate(jobs.items(), 1):
        with as_in_workers():
            scored = scorer.score(pairs[place], job)
        yield place, scored
        spent = time.monotonic() - start
        if not alone and min(spent, spent / count * (len(jobs) - count)) > PATIENCE_SECONDS:
            return


def _score_in_workers(
    pairs: Sequence[ImagePair], jobs: Mapping[int, ScoringJob], workers: int
) -> Iterator[tuple[int, ScoredFile]]:
    """Scores by their places, as workers finish them."""
    from harness.plugins.kinds import metrics
    from harness.plugins.source import imported_by_workers
    from harness.scoring.one_file import score_in_worker
    from harness.workers.pool import Trouble, WorkerPool, announce, outcome

    modules = {metrics.get(name).__module__ for job in jobs.values() for name in job.metrics}
    announce(lambda: imported_by_workers(modules))
    with WorkerPool(min(workers, len(jobs))) as pool:
        places = {pool.submit(score_in_worker, pairs[place], jobs[place]): place for place in jobs}
        for future in as_completed(places):
            found, place = outcome(future, None), places[future]
            if isinstance(found, Trouble):
                found = ScoredFile(dict.fromkeys(jobs[place].metrics, found.message))
            yield place, found
