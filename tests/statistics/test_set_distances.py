"""FID and KID of feature vectors against torchmetrics and scipy."""

from __future__ import annotations

import numpy as np
import pytest

from harness.statistics import Floats
from harness.statistics.set_distances import frechet, polynomial_mmd


def sets(n: int, m: int, size: int, seed: int = 3) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(size, size))
    one = generator.normal(size=(n, size)) @ mixing
    return one, generator.normal(0.3, 1.2, size=(m, size)) @ mixing


def torchmetrics_value(kind: str, one: Floats, two: Floats) -> float:
    """What torchmetrics says of vectors that come as images of one pixel."""
    torch = pytest.importorskip("torch")
    fid = pytest.importorskip("torchmetrics.image.fid")
    kid = pytest.importorskip("torchmetrics.image.kid")

    class Flatten(torch.nn.Module):  # type: ignore[misc, name-defined]
        num_features = one.shape[1]

        def forward(self, images: object) -> object:
            return torch.flatten(images, 1)

    metric = (
        fid.FrechetInceptionDistance(feature=Flatten(), normalize=True)
        if kind == "fid"
        else kid.KernelInceptionDistance(feature=Flatten(), subsets=1, subset_size=len(one))
    ).set_dtype(torch.float64)
    metric.update(torch.from_numpy(two)[:, :, None, None], real=True)
    metric.update(torch.from_numpy(one)[:, :, None, None], real=False)
    found = metric.compute()
    return float(found if kind == "fid" else found[0])


@pytest.mark.parametrize(("n", "m"), [(50, 60), (9, 60), (9, 8)])
def test_frechet_is_the_formula_with_scipys_root(n: int, m: int) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    one, two = sets(n, m, 12)
    spreads = [np.cov(part, rowvar=False) for part in (one, two)]
    root = np.real(np.trace(linalg.sqrtm(spreads[0] @ spreads[1])))
    apart = np.square(one.mean(axis=0) - two.mean(axis=0)).sum()
    expected = apart + np.trace(spreads[0]) + np.trace(spreads[1]) - 2 * root
    # the root of a singular matrix has few digits in scipy
    assert frechet(one, two) == pytest.approx(expected, rel=1e-9 if min(n, m) > 12 else 1e-5)


def test_both_are_what_torchmetrics_says() -> None:
    one, two = sets(40, 40, 6)
    assert frechet(one, two) == pytest.approx(torchmetrics_value("fid", one, two), rel=1e-6)
    assert polynomial_mmd(one, two) == pytest.approx(torchmetrics_value("kid", one, two), rel=1e-6)


def test_a_set_is_no_distance_from_itself_and_order_does_not_matter() -> None:
    one, two = sets(30, 25, 5)
    assert frechet(one, one[::-1]) == pytest.approx(0, abs=1e-9)
    assert frechet(one, two) == pytest.approx(frechet(two, one))
    assert polynomial_mmd(one, two) == pytest.approx(polynomial_mmd(two, one))


def test_kid_is_without_bias() -> None:
    generator = np.random.default_rng(0)
    values = [polynomial_mmd(*generator.normal(size=(2, 12, 4))) for _ in range(800)]
    doubt = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 4 * doubt, "two samples of one distribution, on average 0 apart"
