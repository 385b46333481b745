"""Correlations with MOS against scipy and worked cases, and the command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit
from scipy.special import expit
from scipy.stats import kendalltau, pearsonr, spearmanr

from harness.errors import InputError
from harness.images import content_key, read_image, write_image
from harness.metrics.psnr import PSNR
from harness.scoring.correlation import correlate, fit_logistic
from harness.scoring.mos import LabelledImage

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.scoring.correlation.RESAMPLES", 60)


def labelled(mos: list[float], groups: list[str] | None = None) -> list[LabelledImage]:
    pairs = zip(mos, groups or [""] * len(mos), strict=True)
    return [LabelledImage(Path("x.png"), value, group) for value, group in pairs]


def test_figures_are_scipys_and_the_interval_holds_them(generator: np.random.Generator) -> None:
    mos = list(generator.uniform(0, 100, 80))
    scores = [value + generator.normal(0, 20) for value in mos]
    found = correlate("m", scores, labelled(mos), True)
    srcc, plcc, krcc, rmse = (found.values[name] for name in ("srcc", "plcc", "krcc", "rmse"))
    assert srcc is not None
    assert krcc is not None
    assert plcc is not None
    assert rmse is not None
    assert srcc[0] == pytest.approx(spearmanr(scores, mos).statistic)
    assert krcc[0] == pytest.approx(kendalltau(scores, mos).statistic)
    assert all(figure[1] <= figure[0] <= figure[2] for figure in (srcc, plcc, krcc, rmse))
    assert 0.7 < plcc[0] < 1
    assert found.values["srcc_within"] is None


def test_a_metric_where_lower_is_better_is_turned_round(generator: np.random.Generator) -> None:
    mos = list(generator.uniform(0, 100, 30))
    found = correlate("m", [-value for value in mos], labelled(mos), False).values["srcc"]
    assert found is not None
    assert found[0] == pytest.approx(1)


def test_the_logistic_straightens_what_saturates(generator: np.random.Generator) -> None:
    x = generator.uniform(-4, 4, 200)
    mos = 20 + 60 * expit(x / 0.5)
    assert np.allclose(fit_logistic(x, mos), mos, atol=0.01)
    found = correlate("m", list(x), labelled(list(mos)), True).values["rmse"]
    assert found is not None
    assert found[0] < 0.01


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    decade=st.integers(-6, 6),
    offset=st.floats(-100, 100),
    shape=st.sampled_from(["even", "steep", "tail"]),
)
def test_the_unit_of_a_metric_does_not_matter(
    seed: int, decade: int, offset: float, shape: str
) -> None:
    random = np.random.default_rng(seed)
    mos = random.uniform(0, 100, 60)
    noisy = mos + random.normal(0, 15, 60)
    x = {"even": noisy, "steep": expit((noisy - 50) / 5), "tail": np.exp(noisy / 50)}[shape]
    fitted = fit_logistic(x, mos)
    assert np.allclose(fit_logistic(10.0**decade * (x + offset), mos), fitted, atol=0.5)
    line = np.polyval(np.polyfit(x, mos, 1), x)
    assert np.sum((fitted - mos) ** 2) <= np.sum((line - mos) ** 2) * (1 + 1e-9)


def test_the_fit_is_as_close_as_scipys(generator: np.random.Generator) -> None:
    x = generator.uniform(-3, 3, 300)
    mos = 10 + 80 * expit((x - 0.5) / 0.7) + generator.normal(0, 8, 300)

    def logistic(
        x: np.ndarray, top: float, bottom: float, centre: float, width: float
    ) -> np.ndarray:
        return bottom + (top - bottom) * expit((x - centre) / width)

    parameters, _ = curve_fit(logistic, x, mos, p0=[90, 10, 0.5, 0.7])
    expected = logistic(x, *parameters)
    assert np.allclose(fit_logistic(x, mos), expected, atol=0.01)
    found = correlate("m", list(x), labelled(list(mos)), True).values
    assert found["plcc"] is not None
    assert found["rmse"] is not None
    assert found["plcc"][0] == pytest.approx(pearsonr(expected, mos).statistic, abs=1e-5)
    assert found["rmse"][0] == pytest.approx(np.sqrt(np.mean((expected - mos) ** 2)), abs=1e-3)


def test_groups_are_ranked_inside() -> None:
    # inside each scene the order is right, between scenes it is wrong
    mos = [10.0, 20, 30, 40, 50, 60, 70, 80, 90]
    scores = [7.0, 8, 9, 4, 5, 6, 1, 2, 3]
    found = correlate("m", scores, labelled(mos, list("aaabbbccc")), True).values
    assert found["srcc_within"] is not None
    assert found["srcc"] is not None
    assert found["srcc_within"][0] == pytest.approx(1)
    assert found["srcc"][0] < 0


def test_splits_give_a_median(generator: np.random.Generator) -> None:
    mos = list(generator.uniform(0, 100, 100))
    scores = [value + generator.normal(0, 20) for value in mos]
    found = correlate("m", scores, labelled(mos), True, splits=10).values["srcc"]
    random = np.random.default_rng(0)
    tests = [random.permutation(100)[:20] for _ in range(10)]
    each = [spearmanr(np.array(scores)[rows], np.array(mos)[rows]).statistic for rows in tests]
    assert found == pytest.approx((np.median(each), *np.percentile(each, [2.5, 97.5])))


def test_images_without_a_score_are_counted_and_too_few_are_refused() -> None:
    mos = [float(value) for value in range(10)]
    assert correlate("m", [*mos[:9], float("nan")], labelled(mos), True).failures == 1
    with pytest.raises(InputError, match="m has a score for 2 images"):
        correlate("m", [1.0, 2.0, *[float("nan")] * 8], labelled(mos), True)


@pytest.mark.parametrize("huge", [1e308, 1e200])
def test_numbers_that_cannot_be_squared_are_refused(huge: float) -> None:
    mos = [float(value) for value in range(10)]
    far = [*mos[:8], huge, -huge]
    with pytest.raises(InputError, match=r"mos goes from -1e\+.* too far apart"):
        correlate("m", mos, labelled(far), True)
    with pytest.raises(InputError, match=r"m goes from -1e\+.* too far apart"):
        correlate("m", far, labelled(mos), True)


@pytest.fixture
def folder(tmp_path: Path, generator: np.random.Generator) -> Path:
    lines = ["image,mos,reference,group"]
    clean = generator.random((3, 64, 64), dtype=np.float32)
    write_image(tmp_path / "clean.png", clean)
    for level in range(10):
        noise = 0.03 * (level + 1) * generator.standard_normal(clean.shape)
        noisy = np.clip(clean + noise, 0, 1).astype(np.float32)
        write_image(tmp_path / f"{level}.png", noisy)
        lines.append(f"{level}.png,{90 - 8 * level},clean.png,scene")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


def test_the_command(command_line: Command, folder: Path) -> None:
    both = ("-m", "psnr", "-m", "blur-effect")
    code, out, _ = command_line("correlate", *both, "--dataset", folder, "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (0, "restobench/correlate/1")
    psnr = document["rows"][0]
    keys = ["srcc", "plcc", "krcc", "rmse", "srcc_within"]
    assert psnr.keys() >= {"metric", "dataset", "n", *keys, *(f"{key}_low" for key in keys)}
    assert (psnr["metric"], psnr["n"]) == ("psnr", 10)
    assert (psnr["srcc"], psnr["srcc_within"]) == pytest.approx((1, 1))


def test_the_command_again_scores_nothing_and_says_the_same(
    command_line: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESTOBENCH_SCORE_CACHE", str(folder / "scores"))
    command = ("correlate", "-m", "psnr", "--dataset", folder, "--json")
    code, out, err = command_line(*command, "-m", "ssim")
    assert code == 0
    told = [line for line in err.splitlines() if re.search(r"\[[1-9]\d?/10\] ", line)]
    assert "[10/10] " in told[-1]
    assert len(told) == 10
    write_image(folder / "3.png", read_image(folder / "3.png")[:, ::-1])
    _, changed, err = command_line(*command)
    assert "9 of 10 scores were there already" in err
    assert re.findall(r"\d+\.png", err) == ["3.png"], "what has changed alone"
    assert json.loads(changed)["rows"] != json.loads(out)["rows"][:1]
    code, again, err = command_line(*command)
    assert (code, again) == (0, changed)
    assert "10 of 10 scores were there already" in err
    assert "[10/10] " not in err


def test_a_damaged_image_is_a_failure(command_line: Command, folder: Path) -> None:
    (folder / "3.png").write_bytes(b"no image")
    code, out, err = command_line("correlate", "-m", "psnr", "--dataset", folder)
    assert code == 3
    assert "1 of 10 images have no score" in err
    assert "psnr" in out


def test_it_warns_of_images_that_a_metric_has_learnt_from(
    command_line: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = frozenset(content_key(read_image(folder / f"{level}.png")) for level in (2, 5))
    monkeypatch.setattr(PSNR, "trained_on", lambda: keys)
    both = ("-m", "psnr", "-m", "blur-effect")
    code, out, err = command_line("correlate", *both, "--dataset", folder, "--json")
    assert code == 0
    assert "warning: psnr was trained on 2 of these 10 images" in err
    assert "blur-effect was trained" not in err
    assert [row["trained_on"] for row in json.loads(out)["rows"]] == [2, 0]
