"""A stored run out of fabricated rows, and observers of a known taste who vote on its studies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from harness.people.study import CLEAR, Study, Trial
from harness.people.votes_file import write_ballot
from harness.protocols.study import StudyTexts
from harness.results import RunData
from harness.storage.store import Store

TEXTS = StudyTexts("A title", "Which is <b>better</b>?", "Agreed & done")

Taste = Callable[[str, str, str], float]
"""How much an observer likes a restorer's picture, by set, image and restorer, in log odds."""


def store(data: RunData, folder: Path) -> Path:
    """Writes a run's rows beside its images."""
    fingerprints = dict.fromkeys(data.run.metrics, "f")
    with Store(folder, create=True) as target:
        target.write_header(data.run)
        for item in data.restored:
            scores = [score for score in data.scores if score.cell == item.cell]
            target.add_scores(scores, [], fingerprints, item)
        for failure in data.failures:
            target.add_failure(failure)
    return folder


def taste_of(data: RunData, metric: str, strength: float = 1.0) -> Taste:
    """A taste that follows a metric: `strength` log odds for each standard deviation in a set."""
    values = {
        (score.cell.set, score.cell.image, score.cell.restorer): score.value
        for score in data.scores
        if score.metric == metric
    }
    sign = data.run.metric(metric).sign
    spread = {
        name: float(np.std([value for key, value in values.items() if key[0] == name])) or 1.0
        for name in {key[0] for key in values}
    }
    return lambda *key: sign * strength * values[key] / spread[key[0]]


def answer(trial: Trial, taste: Taste, generator: np.random.Generator, ties: float = 0.1) -> str:
    """What an observer says, who sees every clear difference."""
    if trial.kind == "check":
        return "left" if trial.left == CLEAR else "right"
    gap = taste(trial.set, trial.image, trial.left) - taste(trial.set, trial.image, trial.right)
    if generator.random() < ties:
        return "tie"
    return "left" if generator.random() < 1 / (1 + np.exp(-gap)) else "right"


def careless(generator: np.random.Generator) -> str:
    """What somebody says who does not look."""
    return str(generator.choice(["left", "right", "tie"]))


def vote(
    study: Study,
    folder: Path,
    taste: Taste,
    sessions: Sequence[int] | None = None,
    random_ones: Sequence[int] = (),
    seed: int = 0,
) -> list[Path]:
    """Has one observer answer each session; those of `random_ones` do not look."""
    folder.mkdir(exist_ok=True)
    generator, files = np.random.default_rng(seed), []
    for number in range(len(study.sessions)) if sessions is None else sessions:
        said = [
            (
                f"{number}-{place}",
                careless(generator) if number in random_ones else answer(trial, taste, generator),
                int(generator.integers(1500, 9000)),
            )
            for place, trial in enumerate(study.sessions[number])
        ]
        observer = f"{seed * 1000 + number:016x}"
        files.append(write_ballot(folder / f"{observer}.json", study.id, number, observer, said))  # type: ignore[arg-type]
    return files
