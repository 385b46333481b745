"""A training run: its folder, its stages in order, the ten-split experiment and the ablations."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

import torch

from harness.atomic import atomic_file
from harness.dri.lessons.config import Say
from harness.dri.lessons.features import FeatureTable, Recompress
from harness.dri.lessons.kept import kept_by_the_run
from harness.dri.lessons.lesson import Learner, Lesson
from harness.dri.lessons.links import Links
from harness.dri.lessons.sets import OpinionSet, files_fingerprint
from harness.dri.lessons.table import OpinionTable, describe_opinions
from harness.dri.lessons.validation import Judge, Trial, everything, split_trial
from harness.dri.network.config import SHAPELESS
from harness.dri.network.imagenet import load_imagenet
from harness.dri.network.member import Member
from harness.dri.network.network import DRINetwork
from harness.dri.training.checkpoints import claim, draw_curves
from harness.dri.training.config import DataConfig, TrainingConfig, as_json
from harness.dri.training.data import SyntheticPairs
from harness.dri.training.experiments import Experiments, known_places
from harness.dri.training.pseudo_scores import JudgedLevels
from harness.dri.training.stage1_representation import train_representation
from harness.dri.training.stage2_mos import log_names, train_mos, train_together
from harness.dri.training.stage3_calibration import Fitted, fit_calibration, predict_images
from harness.dri.training.version_files import describe_versions, make_versions
from harness.dri.training.versions import VersionMaker
from harness.dri.training_images import write_training_images
from harness.dri.weights import load_weights, save_weights
from harness.errors import InputError

WEIGHTS, IMAGES = "dri.safetensors", "training-images.json"
"""What a run makes: the weights, and the list of what they have learnt from."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What a run trains on, as objects.

    Attributes:
        basis: The backbone's ImageNet file, or the weight file of a network to stand upon.
        pairs: Reads the clean photographs; called by the stages that need them.
        versions: Makes what makes their versions.
        recompress: Compresses an image so little that nobody sees it.
        opinions: What people said; the first set's scale is the scorer's.
        judge: SRCC and PLCC of predictions with MOS.
        judged: What people said of degradations, if that is to make the pseudo-scores.
        images: Every image that is trained on, by the name of its set.
        before: What the network to stand upon has learnt from: set -> file -> content key.
    """

    basis: Path
    pairs: Callable[[], SyntheticPairs]
    versions: Callable[[SyntheticPairs], VersionMaker]
    recompress: Recompress
    opinions: Sequence[OpinionSet]
    judge: Judge
    judged: JudgedLevels | None
    images: Mapping[str, Sequence[Path]]
    before: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def fingerprints(self) -> dict[str, str]:
        """Hashes of all that is learnt from or judged by, by the names of sets."""
        sets = {item.config.name: item.fingerprint() for item in self.opinions}
        of_files = {name: files_fingerprint(files) for name, files in self.images.items()}
        basis = files_fingerprint([self.basis], repr(self.judged))
        return {"basis and judged levels": basis, **of_files, **sets}


class TrainingRun:
    """A run in a folder; every stage takes up what an earlier call left there.

    Args:
        folder: Checkpoints, logs, curves and weights go here.
        data: What to train on.
        config: How to train.
        materials: The data as objects.
        device: `cpu` or `cuda:N`.
        say: Told of progress.

    Raises:
        InputError: The folder holds a run of another configuration, or of other data; the first set
            has no scores to calibrate by.
    """

    def __init__(
        self,
        folder: Path,
        data: DataConfig,
        config: TrainingConfig,
        materials: Materials,
        device: str,
        say: Say,
    ) -> None:
        self.folder, self.data, self.config, self.materials = folder, data, config, materials
        self.device, self.say = device, say
        if not config.upon and any(len(first.votes) for first in materials.opinions[:1]):
            raise InputError(
                f"the first set of opinions, {materials.opinions[0].config.name!r}, has votes, and "
                "no scores to calibrate by: put a set with labels.csv first, or stand upon trained "
                "weights"
            )
        claim(folder / "config.json", as_json(data, config), "of another configuration")
        claim(folder / "made-of.json", materials.fingerprints(), "on other data")

    def run(self, stage: str) -> None:
        """Runs one stage, after those it stands on.

        Raises:
            InputError: What the network stands on has learnt from all of the first set, and the
                stage would judge it by a part of that.
        """
        if self.config.upon and stage == "splits":
            raise InputError(
                f"{self.config.upon} has learnt from what the splits would hold back: "
                "run them for the configuration that it was made by"
            )
        experiments = self._experiments
        stages: dict[str, Callable[[], object]] = {
            "versions": self.versions,
            "representation": lambda: self.network,
            "mos": self.mos,
            "splits": lambda: experiments().splits(self.data.splits),
            "validation": lambda: experiments().validation(self.data.scene_folds),
            "ablation": lambda: experiments().ablation(
                self.data.ablation_splits, self.data.scene_folds
            ),
            "calibration": self.calibration,
            "all": self.calibration,
        }
        stages[stage]()
        draw_curves(self.folder)

    def _experiments(self) -> Experiments:
        sets, judge = self.materials.opinions, self.materials.judge
        known: frozenset[int] = frozenset()
        if self.config.upon:
            self.say(f"looking for images that {self.config.upon} has learnt from")
            known = known_places(sets, self.materials.before)
        return Experiments(self.folder, sets, judge, self.held, self.config, self.say, known)

    def versions(self) -> list[Path]:
        """Versions of the clean photographs, with what the full-reference metrics say of them."""
        folder, contents = self.folder / "versions", self.data.versions.contents
        paths = [folder / f"{content:04d}.npz" for content in range(contents)]
        if not all(path.is_file() for path in paths):
            maker = self.materials.versions(self.materials.pairs())
            make_versions(maker, folder, contents, self.say)
        return paths

    @cached_property
    def _trained(self) -> Mapping[str, torch.Tensor]:
        """The weights of the network that is stood upon."""
        path, wanted = self.materials.basis, self.config.network
        trained = load_weights(path)
        if trained.config.members > 1:
            raise InputError(
                f"{path} has {trained.config.members} members, and one can be stood upon: "
                "train one with starts = [0], or stand upon dri or dri-stated-terms"
            )
        shape = replace(trained.config, **{part: getattr(wanted, part) for part in SHAPELESS})
        if shape != wanted:
            said, is_so = asdict(wanted), asdict(shape)
            other = ", ".join(
                f"{key} {is_so[key]} and not {value}"
                for key, value in said.items()
                if value != is_so[key]
            )
            raise InputError(
                f"{path} has {other}, as [training.network] and the number of starts (members) say"
            )
        return trained.state_dict()

    @cached_property
    def network(self) -> DRINetwork:
        """After stage 1, or what it left behind; or the one that is stood upon."""
        torch.manual_seed(self.config.seed)
        network = DRINetwork(self.config.network)
        if self.config.upon:
            network.load_state_dict(self._trained)
            return network.to(self.device).eval()
        backbone, deep = self.config.network.backbone, network.members[0].deep
        load_imagenet(self.materials.basis, backbone, network.shallow, deep)
        network.to(self.device)
        train_representation(network, self.materials.pairs, self.config, self.folder, self.say)
        return network

    @cached_property
    def tables(self) -> tuple[list[OpinionTable], FeatureTable]:
        """What the frozen parts say of the images that people judged, and of the versions.

        Computed once a stage 1, or a network that is stood upon.
        """
        network, recompress = self.network, self.materials.recompress
        basis = self.materials.basis if self.config.upon else self.folder / "stage1.pt"
        of = hashlib.sha256(basis.read_bytes()).hexdigest()[:12]
        tables = []
        for opinions in self.materials.opinions:
            path = self.folder / f"features-{opinions.config.name}-{of}.pt"
            if not path.is_file():
                describe_opinions(network, opinions, recompress, path, self.say)
            tables.append(OpinionTable.load(path, opinions).to(self.device))
        path = self.folder / f"features-versions-{of}.pt"
        if not path.is_file():
            judged = self.materials.judged
            describe_versions(network, self.versions(), recompress, judged, self.say).save(path)
        return tables, FeatureTable.load(path).to(self.device)

    def mos(self) -> None:
        """Stage 2 on all that people said: each member from another start."""
        images = everything(self.materials.opinions)
        for place, start in enumerate(self.config.starts):
            member = self._fit(images, f"stage2-{start}", self.config, start)
            self.network.members[place].load_state_dict(member.state_dict())
            draw_curves(self.folder)

    def calibration(self) -> None:
        """Stage 3 by predictions of images that a member had not seen; writes the weights.

        Upon a trained network its calibration stays: that has seen all of the first set.
        """
        sets = self.materials.opinions
        folds = 0 if self.config.upon else self.data.folds
        trials = [split_trial(sets, split) for split in range(folds)]
        seen = [(self.held(trial, self.config, "whole"), trial.held) for trial in trials]
        self.mos()
        if seen:
            raw, spread = (
                torch.cat([getattr(fitted, name) for fitted, _ in seen])
                for name in ("raw", "spread")
            )
            scores = torch.cat([sets[0].scores[held] for _, held in seen])
            fit_calibration(self.network, Fitted(raw, spread), 100 * scores)
        path = self.folder / WEIGHTS
        sha256 = save_weights(self.network, path, as_json(self.data, self.config))
        write_training_images(self.folder / IMAGES, self.materials.images, self.materials.before)
        self.say(f"{path}: {path.stat().st_size / 2**20:.1f} MiB, SHA-256 {sha256}")

    def held(self, trial: Trial, config: TrainingConfig, part: str) -> Fitted:
        """What one member that learnt as the trial says thinks of the images that were held back.

        That is kept as soon as it is known.
        """
        name = f"{trial.name}-{part.replace(' ', '-').replace(',', '')}"
        path = self.folder / f"{name}-said.pt"
        if not path.is_file():
            member = self._fit(trial.images, name, config)
            # what this configuration leaves out, the network that predicts leaves out too
            judge = DRINetwork(replace(config.network, members=0))
            judge.load_state_dict(self.network.state_dict(), strict=False)
            table, seen = self.tables[0][trial.judged], bool(config.upon)
            fitted = predict_images(judge.to(self.device), [member], table, trial.held, seen=seen)
            with atomic_file(path) as partial:
                torch.save({"raw": fitted.raw, "spread": fitted.spread}, partial)
            self._forget(log_names(name, config))
        with kept_by_the_run(path):
            return Fitted(**torch.load(path, weights_only=True))

    def _fit(
        self, images: Sequence[Sequence[int]], name: str, config: TrainingConfig, start: int = 0
    ) -> Member:
        """Stage 2 of one member on some images of each set."""
        tables, versions = self.tables  # before the seed, for making them draws random numbers
        config = replace(config, seed=config.seed + start)
        network, learner = self._fresh(config)
        train = train_together if config.upon else train_mos
        lesson = Lesson(tables, images, versions)
        train(network, learner, lesson, config, self.folder, self.say, name)
        return learner.member

    def _forget(self, logs: Sequence[str]) -> None:
        """Checkpoints of what is done: megabytes that nobody needs again."""
        for log in logs:
            (self.folder / f"{log}.pt").unlink(missing_ok=True)

    def _fresh(self, config: TrainingConfig) -> tuple[DRINetwork, Learner]:
        """A network of one member, and who learns, as stage 1 has left them.

        Interaction and predictor, which stage 1 has not taught, have a start of their own. A
        network that is stood upon has been taught all.
        """
        torch.manual_seed(config.seed)
        network = DRINetwork(replace(config.network, members=1))
        if config.upon:
            network.load_state_dict(self._trained)
        else:
            stage_1 = torch.load(self.folder / "stage1.pt", weights_only=True, map_location="cpu")
            untaught = ("members.0.interaction.", "members.0.predictor.")
            kept = (item for item in stage_1["network"].items() if not item[0].startswith(untaught))
            network.load_state_dict(dict(kept), strict=False)  # of several the first was taught
        sets = self.materials.opinions
        votes = frozenset(item.config.name for item in sets if len(item.votes))
        learner = Learner(network.members[0], Links([item.config.name for item in sets], votes))
        return network.to(self.device), learner.to(self.device)
