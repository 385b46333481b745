"""What a training run does."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from harness.dri.lessons.config import OpinionConfig
from harness.dri.lessons.records import require
from harness.dri.network.config import NetworkConfig
from harness.errors import InputError


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """What a training run does.

    Attributes:
        network: The network's shape.
        upon: Trained weights, by the name of packaged ones or their path: what stands on their deep
            stages learns from all sets together, and nothing else does; empty: all stages are run.
        seed: Of all randomness.
        steps: Of stage 1.
        contents: Patches in a batch of stage 1.
        versions: Degradations of each patch.
        patch: Height and width of a patch, a multiple of 12.
        head_epochs: Of stage 2's first phase, in which the deep stages are ImageNet's.
        epochs: Of its second phase, in which they learn.
        together_epochs: Of what is taught upon trained weights, in place of both.
        soup: Runs of the second phase, or of what is taught upon trained weights, each in an order
            of its own of the data, whose weights are averaged.
        batch: Images in a batch of stage 2.
        together_batch: In one upon trained weights, which is cheap and has more sets to show.
        crop: Cells (of 8 x 8 pixels) a side of the crops in stage 2.
        head_rate: Learning rate of stage 2's first phase; stage 1 takes half.
        learning_rate: Of its second phase.
        together_rate: Upon trained weights.
        deep_rate: Factor of that rate for the deep stages, whose tensors learn in proportion to
            their size.
        weight_decay: Of stage 2.
        memory: Of the moving average of the weights in stage 2.
        order_weight: Weight of the order of versions in stage 2.
        steady_weight: Weight of the difference between two views of the same version in stage 2.
        rs_weight: Weight of the RS loss; 0 is its ablation.
        contents_ranked: Photographs in a batch whose versions are ranked.
        versions_ranked: Versions of each of them.
        twins: Of the versions in a batch, the best ones, that are shown in both views; 0 leaves
            this out.
        starts: Random starts of the members, one each.
        mixed_precision: Whether the deep stages are trained in bfloat16 on CUDA; on a CPU it would
            be slower.
        ablation_epochs: Of stage 2 in ablations, which run its second phase once; or of what is
            taught upon trained weights.
        ablation_seeds: Runs of each ablation, in orders of their own of the data.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    upon: str = ""
    seed: int = 0
    steps: int = 400
    contents: int = 10
    versions: int = 2
    patch: int = 120
    head_epochs: int = 15
    epochs: int = 10
    together_epochs: int = 10
    soup: int = 3
    batch: int = 16
    together_batch: int = 40
    crop: int = 40
    head_rate: float = 1e-3
    learning_rate: float = 3e-4
    together_rate: float = 3e-4
    deep_rate: float = 10.0
    weight_decay: float = 0.05
    memory: float = 0.98
    order_weight: float = 0.3
    steady_weight: float = 1.0
    rs_weight: float = 0.1
    contents_ranked: int = 2
    versions_ranked: int = 6
    twins: int = 4
    starts: tuple[int, ...] = (0,)
    mixed_precision: bool = True
    ablation_epochs: int = 2
    ablation_seeds: int = 1

    def __post_init__(self) -> None:
        """Refuses numbers that make no sense."""
        ones = (
            "steps", "contents", "versions", "head_epochs", "together_epochs", "soup", "crop",
            "together_batch", "contents_ranked", "ablation_epochs", "ablation_seeds",
        )  # fmt: skip
        weights = "weight_decay", "memory", "order_weight", "steady_weight", "rs_weight"
        rates = "head_rate", "learning_rate", "together_rate", "deep_rate"
        least = dict.fromkeys(ones, 1.0) | dict.fromkeys((*weights, "seed", "twins", "epochs"), 0.0)
        least |= dict.fromkeys(rates, 1e-12) | {"batch": 2, "versions_ranked": 2, "patch": 12}
        require("[training]", self, least)
        if not self.starts:
            raise InputError("[training] starts = []; expected at least one random start")
        if len(set(self.starts)) < len(self.starts):
            starts = list(self.starts)
            raise InputError(f"[training] starts = {starts}; expected random starts that differ")


@dataclass(frozen=True, slots=True)
class DegradationLevels:
    """One degradation at several strengths.

    Its place in the list is its type, counted from 1 (0 is clean).

    Attributes:
        name: Of the degradation plugin.
        parameter: Its parameter that sets the strength.
        levels: Values of the parameter, weak ones first.
    """

    name: str
    parameter: str
    levels: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class VersionConfig:
    """What versions of clean photographs the scorer learns to order.

    Counts are for each photograph.

    Attributes:
        metrics: Full-reference metrics, which make the pseudo-scores.
        enlargers: Restorers for low-resolution images.
        denoisers: Restorers for Gaussian noise.
        artifact_removers: Restorers for JPEG.
        judged: Table of what people said of degradations, in the package's folder `configs` or by
            its path, by which the metrics are weighed; empty: they have an equal say.
        scales: Factors of enlargement to draw from, where a restorer reaches them by its own in
            turn and bicubic interpolation.
        noise: Name of the degradation that adds noise of `sigma_255`.
        jpeg: Name of the degradation that compresses with `quality`.
        blind: Name of the second-order degradation that shrinks by `scale`.
        contents: Photographs.
        size: Height and width of the versions.
        degraded: Versions degraded in one way.
        mixed: Versions degraded in two ways.
        enlarged: Versions made smaller and enlarged.
        denoised: Noisy versions, and their restored ones.
        decompressed: Compressed versions, and their restored ones.
        second_order: Versions by `blind`, enlarged.
        spoiled: Share of the small images that are also noisy or compressed.
        sharpened: Share of restored images that are sharpened too far.
        compressed: Share of restored images that are compressed afterwards.
    """

    metrics: tuple[str, ...]
    enlargers: tuple[str, ...]
    denoisers: tuple[str, ...]
    artifact_removers: tuple[str, ...]
    scales: tuple[int, ...]
    judged: str = ""
    noise: str = "gaussian-noise-clipped"
    jpeg: str = "jpeg"
    blind: str = "real-esrgan"
    contents: int = 200
    size: int = 240
    degraded: int = 5
    mixed: int = 2
    enlarged: int = 10
    denoised: int = 3
    decompressed: int = 2
    second_order: int = 2
    spoiled: float = 0.25
    sharpened: float = 0.12
    compressed: float = 0.35

    def __post_init__(self) -> None:
        """Refuses numbers that make no sense."""
        counts = "degraded", "mixed", "enlarged", "denoised", "decompressed", "second_order"
        shares = "spoiled", "sharpened", "compressed"
        require("[versions]", self, dict.fromkeys((*counts, *shares), 0) | {"contents": 1})
        require("[versions]", self, {"size": 64})
        for scale in self.scales:
            if scale < 2 or self.size % scale:
                raise InputError(
                    f"[versions] scales has {scale}, and size = {self.size}; expected factors of "
                    "at least 2 that divide size"
                )

    @property
    def count(self) -> int:
        """Versions of each photograph, with the reference."""
        alone = self.degraded + self.mixed + self.enlarged + self.second_order
        return 1 + alone + 2 * (self.denoised + self.decompressed)


@dataclass(frozen=True, slots=True)
class DataConfig:
    """What a run trains on.

    Attributes:
        clean: Folder of clean photographs, for synthetic pairs; relative to the data folder.
        opinions: Sets of images that people judged; the first one's scale is the scorer's.
        degradations: What is done to clean photographs.
        versions: What versions of them are ranked.
        unseen_quality: JPEG's, at which nobody sees a difference; every image is also shown like
            that.
        splits: Random 80/20 splits of the first set, for the experiment.
        scene_folds: Parts of the scenes of a set, each of which is judged by what the others teach.
        folds: Of these splits, those whose held-out predictions calibrate the scorer.
        ablation_splits: Of these splits, those that ablations are tried on.
    """

    clean: str
    opinions: tuple[OpinionConfig, ...]
    degradations: tuple[DegradationLevels, ...]
    versions: VersionConfig
    unseen_quality: int = 98
    splits: int = 10
    scene_folds: int = 4
    folds: int = 5
    ablation_splits: int = 3

    def __post_init__(self) -> None:
        """Refuses numbers that make no sense, and sets that cannot be told apart."""
        least = {"unseen_quality": 1, "splits": 1, "folds": 1, "scene_folds": 2}
        require("[data]", self, least | {"ablation_splits": 1})
        names = [item.name for item in self.opinions]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise InputError(f"two sets of opinions are called {twice[0]!r}: name them apart")
        if self.clean in names:
            raise InputError(
                f"a set of opinions is called {self.clean!r}, as the folder of clean photographs: "
                "name them apart"
            )


def as_json(data: DataConfig, config: TrainingConfig) -> Mapping[str, object]:
    """Both as JSON types."""
    return {"data": asdict(data), "training": asdict(config)}
