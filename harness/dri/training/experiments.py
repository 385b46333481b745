"""Experiments: splits, scenes and sets that are held back, and what each part is good for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd
import torch

from harness.dri.lessons.config import Say
from harness.dri.lessons.sets import OpinionSet
from harness.dri.lessons.validation import (
    Judge,
    Trial,
    agreement,
    scene_trials,
    set_trials,
    split_trial,
)
from harness.dri.network.config import NetworkConfig
from harness.dri.training.checkpoints import write_table
from harness.dri.training.config import TrainingConfig
from harness.dri.training.stage3_calibration import Fitted
from harness.errors import InputError
from harness.images import content_key, read_image

PARTS = ("degradation", "quality", "interaction", "restoration", "rs-loss")
"""What an ablation can take away from stage 2."""


class Experiments:
    """What a member says of images that it has not learnt from.

    Args:
        folder: For tables.
        sets: What people said.
        judge: SRCC and PLCC.
        held: What is said of the images that a trial holds back, by a configuration, whose name
            comes last.
        config: Of the run.
        say: Told of progress.
        known: Places of sets that what is stood upon has learnt from: they judge nobody.
    """

    def __init__(
        self,
        folder: Path,
        sets: Sequence[OpinionSet],
        judge: Judge,
        held: Callable[[Trial, TrainingConfig, str], Fitted],
        config: TrainingConfig,
        say: Say,
        known: Collection[int],
    ) -> None:
        self.folder, self.sets, self.judge, self.held = folder, sets, judge, held
        self.config, self.say, self.known = config, say, known

    def splits(self, count: int) -> None:
        """Random 80/20 splits of the first set.

        One member each. Writes `splits.csv`.
        """
        trials = [split_trial(self.sets, split) for split in range(count)]
        self._write(trials, {"whole": self.config}, "splits.csv")

    def validation(self, folds: int) -> None:
        """By scenes, by sets, and on sets that are only judged by: writes `validation.csv`."""
        sets, known = self.sets, self.known
        trials = [*scene_trials(sets, folds, known), *set_trials(sets, known)]
        self._write(trials, {"whole": self.config}, "validation.csv")

    def ablation(self, splits: int, folds: int) -> None:
        """The whole, and without each of `PARTS` in stage 2: writes `ablation.csv`.

        On a few splits, by scenes, and on a short schedule.
        """
        known, most = self.config, self.config.ablation_epochs
        epochs, together = min(known.epochs, most), min(known.together_epochs, most)
        short = replace(known, epochs=epochs, together_epochs=together, soup=1)
        once = {"whole, short": short}
        once |= {f"without {part}": ablate(short, part) for part in PARTS}
        configs = {
            f"{name}, seed {seed}" if seed else name: replace(config, seed=config.seed + seed)
            for seed in range(known.ablation_seeds)
            for name, config in once.items()
        }
        trials = [split_trial(self.sets, split) for split in range(0 if known.upon else splits)]
        self._write([*trials, *scene_trials(self.sets, folds, self.known)], configs, "ablation.csv")

    def _write(
        self, trials: Sequence[Trial], configs: Mapping[str, TrainingConfig], name: str
    ) -> None:
        """Correlates what is said with what people said; writes a row when it is known.

        Of several trials of a set, the last row is that of all their images together.

        Raises:
            InputError: There is no trial.
        """
        if not trials:
            raise InputError(
                f"nothing is held back for {name}: give a second set of opinions, or one with "
                "scenes (the column group)"
                + (
                    "; upon trained weights what they have learnt from judges nobody, nor does "
                    "the first set"
                    if self.known
                    else ""
                )
            )
        rows: list[dict[str, object]] = []
        for part, config in configs.items():
            together: dict[str, list[tuple[Trial, Fitted]]] = {}
            for trial in trials:
                fitted = self.held(trial, config, part)
                rows.append(self._row(part, trial.name, trial.judged, [(trial, fitted)]))
                write_table(self.folder / name, pd.DataFrame(rows))
                if trial.part_of:
                    together.setdefault(trial.part_of, []).append((trial, fitted))
            for whole, parts in together.items():
                rows.append(self._row(part, whole, parts[0][0].judged, parts))
        table = pd.DataFrame(rows)
        write_table(self.folder / name, table)
        medians = table.groupby("part", sort=False).median(numeric_only=True)
        self.say(f"medians:\n{medians.drop(columns='images').to_string()}")

    def _row(
        self, part: str, name: str, judged: int, parts: Sequence[tuple[Trial, Fitted]]
    ) -> dict[str, object]:
        held = [image for trial, _ in parts for image in trial.held]
        raw = torch.cat([fitted.raw for _, fitted in parts]).tolist()
        known = agreement(raw, self.sets[judged], held, self.judge)
        said = ", ".join(f"{key} {value:.4f}" for key, value in known.items())
        self.say(f"{part}, {name}: {said} on {len(held)} images")
        return {"part": part, "trial": name, "images": len(held), **known}


def ablate(config: TrainingConfig, part: str) -> TrainingConfig:
    """The same run with one of `PARTS` silent.

    Raises:
        InputError: There is no such part.
    """
    if part not in PARTS:
        raise InputError(f"there is no part {part!r}; expected one of {', '.join(PARTS)}")
    if part == "rs-loss":
        return replace(config, rs_weight=0.0)
    network = NetworkConfig(**{**asdict(config.network), f"use_{part}": False})
    return replace(config, network=network)


def known_places(
    sets: Sequence[OpinionSet], before: Mapping[str, Mapping[str, str]]
) -> frozenset[int]:
    """Places of the sets that a network to stand upon has learnt from: the first is one.

    Args:
        sets: All of them.
        before: What it has learnt from: set -> file -> content key.
    """
    keys = {key for files in before.values() for key in files.values()}
    return frozenset({0}) | {
        place
        for place, opinions in enumerate(sets)
        if place and any(content_key(read_image(path)) in keys for path in opinions.images)
    }
