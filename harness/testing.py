"""Conformance: what any restorer or metric has to keep.

For its author's own tests, and for `restobench check`:

    from harness.testing import check_restorer


    def test_conformance():
        assert [item for item in check_restorer(MyRestorer()) if not item.passed] == []
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np

from harness.conditions import Conditions, kernel_of
from harness.errors import HarnessError, describe_error
from harness.images import Image, from_uint8
from harness.protocols import Evaluation, Metric, Restorer, RestorerCard, Task
from harness.resizing import imresize
from harness.restoring.adaptation import restore_image, restore_images
from harness.restoring.build import seed_everything
from harness.restoring.measuring import restore_measured
from harness.restoring.probing import probe_photo, wrong_range
from harness.scoring.evaluation import prepare


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a plugin has to keep, and whether it does; the message says what was seen."""

    name: str
    check: str
    passed: bool
    message: str


class _Spy(Restorer):
    """Hands on to a restorer, and remembers what it returned before the harness converts it."""

    returned: Image
    mutated = False

    def __init__(self, inner: Restorer) -> None:
        self.inner, self.card = inner, inner.card

    def restore(self, image: Image, conditions: Conditions) -> Image:
        before = image.copy()
        self.returned = self.inner.restore(image, conditions)
        self.mutated |= not np.array_equal(before, image)
        return self.returned


def run_check(name: str, check: str, examine: Callable[[], str | None]) -> Check:
    """Runs one check; what it raises is its message."""
    try:
        problem = examine()
    except Exception as error:  # a third party's code
        problem = describe_error(error)
    return Check(name, check, problem is None, " ".join((problem or "").split())[:1000])


def check_restorer(restorer: Restorer) -> list[Check]:
    """Runs every check of `RESTORER_CHECKS` on small probe images.

    Args:
        restorer: One that has been built.
    """
    trials = Trials(restorer)
    return [
        run_check(restorer.card.name, check, partial(examine, trials))
        for check, examine in RESTORER_CHECKS.items()
    ]


@dataclass(eq=False, slots=True)
class Trials:
    """A restorer, and the probe images that it has restored already.

    Many checks look at the same one.

    Args:
        restorer: One that has been built.
    """

    restorer: Restorer
    _done: dict[tuple[int, ...], _Spy] = field(default_factory=dict, init=False)

    def run(
        self,
        height: int = 24,
        width: int = 28,
        planes: int = 3,
        scale: int | None = None,
        *,
        again: bool = False,
    ) -> _Spy:
        """Restores a probe of this size as the harness does, and checks the shape of the result."""
        scale = scale or _scales(self.restorer.card)[0]
        key = (height, width, planes, scale)
        if again or key not in self._done:
            spy = _Spy(self.restorer)
            image, conditions = _probe(self.restorer.card, height, width, planes, scale)
            seed_everything()
            restored = restore_image(spy, image, conditions)
            expected = (image.shape[0], height * scale, width * scale)
            if restored.shape != expected:
                raise HarnessError(
                    f"x{scale}: {image.shape} became {restored.shape}; expected {expected}"
                )
            self._done[key] = spy
        return self._done[key]


def _scales(card: RestorerCard) -> tuple[int, ...]:
    return tuple(sorted(card.scales)) or ((2,) if Task.SUPER_RESOLVE in card.tasks else (1,))


def _probe(
    card: RestorerCard, height: int, width: int, planes: int, scale: int
) -> tuple[Image, Conditions]:
    """A piece of a photograph, and everything that a restorer may want to be told."""
    image = probe_photo()[:, :height, :width].copy()
    conditions = Conditions(scale=scale, sigma_255=15.0, quality=50)
    if "kernel" in card.conditions:
        conditions = replace(conditions, kernel=kernel_of(np.full((3, 3), 1 / 9)))
    if "mask" in card.conditions:
        mask = np.zeros((height, width), bool)
        mask[:: max(height // 3, 2), 1::5] = True
        image[:, mask] = 0
        conditions = replace(conditions, mask=mask)
    if "cfa" in card.conditions:
        sensor = np.zeros_like(image)
        for plane, top, left in ((0, 0, 0), (1, 0, 1), (1, 1, 0), (2, 1, 1)):
            sensor[plane, top::2, left::2] = image[plane, top::2, left::2]
        image, conditions = sensor, replace(conditions, cfa="RGGB")
    elif planes == 1:
        image = image.mean(axis=0, keepdims=True, dtype=np.float32)
    return image, conditions


def _unless(kept: bool, problem: str) -> str | None:
    return None if kept else problem


def _check_dtype(trials: Trials) -> str | None:
    dtype = trials.run().returned.dtype
    return _unless(dtype == np.float32, f"returned {dtype}; expected float32")


def _check_range(trials: Trials) -> str | None:
    card, returned = trials.restorer.card, trials.run().returned
    low, high = card.output_range or card.value_range
    span, smallest, largest = high - low, float(returned.min()), float(returned.max())
    inside = low - span / 2 <= smallest and largest <= high + span / 2
    return _unless(
        inside and largest - smallest >= span / 20,
        f"returned values in {smallest:.4g}..{largest:.4g}; its card says value_range "
        f"{low:g}..{high:g}",
    )


def _check_determinism(trials: Trials) -> str | None:
    first, second = (np.array(trials.run(again=again).returned) for again in (False, True))
    difference = float(np.abs(first - second).max())
    return _unless(
        difference == 0,
        f"two calls with the same image and seeds differ by up to {difference:.3g}",
    )


def _restores(
    height: int = 24, width: int = 28, planes: int = 3, *, scales: int | None = 1
) -> Callable[[Trials], str | None]:
    """The check that a probe of this size is restored, to the first so many scales or to all."""

    def examine(trials: Trials) -> str | None:
        for scale in _scales(trials.restorer.card)[:scales]:
            trials.run(height, width, planes, scale)
        return None

    return examine


def _check_input_not_mutated(trials: Trials) -> str | None:
    return _unless(
        not trials.run().mutated,
        "restore() changed the image it was given: work on image.copy()",
    )


def _check_batch(trials: Trials) -> str | None:
    """Of one that takes batches; what differs from an image alone is raised."""
    if hasattr(trials.restorer, "restore_batch"):
        card = trials.restorer.card
        image, known = _probe(card, 24, 28, 3, _scales(card)[0])
        restore = partial(restore_images, trials.restorer)
        restore_measured(restore, [image * np.float32(0.5), image], [known, known], "cpu", 0.0, [])
    return None


RESTORER_CHECKS: dict[str, Callable[[Trials], str | None]] = {
    "shape-and-scale": _restores(scales=None),
    "dtype": _check_dtype,
    "range": _check_range,
    "determinism": _check_determinism,
    "odd-sizes": _restores(23, 29),
    "tiny-image": _restores(7, 5),
    "grey-image": _restores(planes=1),
    "input-not-mutated": _check_input_not_mutated,
    "batch": _check_batch,
    "wrong-range": lambda trials: wrong_range(trials.restorer),
}
"""Check -> function of a restorer's `Trials` that says what is wrong, or `None`."""


def check_metric(metric: Metric) -> list[Check]:
    """Runs every check of `METRIC_CHECKS` on a photograph and a blurred copy.

    Args:
        metric: One that has been built.
    """
    return [
        run_check(metric.card.name, check, partial(examine, metric))
        for check, examine in METRIC_CHECKS.items()
    ]


@lru_cache(maxsize=1)
def _photographs() -> tuple[Image, Image]:
    """A photograph (3, 192, 192), and the same without its fine detail."""
    from skimage import data

    photo = from_uint8(data.astronaut()[16:208, 128:320])
    blurred = np.clip(imresize(imresize(photo, 1 / 6, rounding="none"), 6, rounding="none"), 0, 1)
    return photo, blurred


def _values(metric: Metric, *images: Image) -> list[float]:
    """What a metric says of images, or of the two photographs, against the sharp photograph."""
    photo, blurred = _photographs()
    pairs = [
        prepare(image, photo, metric.card, Evaluation("check"), 1)
        for image in images or (photo, blurred)
    ]
    return [float(metric(*pair).value) for pair in pairs]


def _check_identity(metric: Metric) -> str | None:
    if not metric.card.needs_reference:
        return None
    same, worse = _values(metric)
    return _unless(
        not np.isnan(same) and not metric.card.sign * (worse - same) > 0,
        f"an image against itself scores {same:g}, a blurred copy {worse:g}",
    )


def _check_direction(metric: Metric) -> str | None:
    good, bad = _values(metric)
    says = "higher" if metric.card.higher_is_better else "lower"
    return _unless(
        metric.card.sign * (good - bad) > 0,
        f"a photograph scores {good:g} and a blurred copy {bad:g}; its card says {says} is better",
    )


def _check_batch_independence(metric: Metric) -> str | None:
    photo, blurred = _photographs()
    alone, _, after = _values(metric, blurred, photo[:, :, ::-1].copy(), blurred)
    return _unless(
        alone == after,
        f"the same image scores {alone!r}, and {after!r} after another one was measured",
    )


def _check_finite(metric: Metric) -> str | None:
    [value], (low, high) = _values(metric, _photographs()[1]), metric.card.bounds
    return _unless(
        bool(np.isfinite(value)) and low <= value <= high,
        f"a blurred photograph scores {value:g}; expected a finite value in {low:g}..{high:g}, "
        "its card's bounds",
    )


METRIC_CHECKS: dict[str, Callable[[Metric], str | None]] = {
    "identity": _check_identity,
    "direction": _check_direction,
    "batch-independence": _check_batch_independence,
    "finite": _check_finite,
}
"""Check -> function of a metric that says what is wrong, or `None`."""
