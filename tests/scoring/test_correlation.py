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


TEN = [float(value) for value in range(10)]
NOTHING = dict.fromkeys(("srcc", "plcc", "krcc", "rmse", "srcc_within"))
FIGURES = [f"{name}{end}" for name in NOTHING for end in ("", "_low", "_high")]


def test_images_without_a_score_are_counted_and_of_too_few_there_are_no_figures() -> None:
    found = correlate("m", [*TEN[:8], float("nan"), float("inf")], labelled(TEN), True)
    assert (found.n, found.failures, found.reason) == (8, 2, None)
    assert found.values["srcc"] is not None
    found = correlate("m", [*TEN[:7], *[float("nan")] * 3], labelled(TEN), True)
    assert (found.n, found.failures, found.values) == (7, 3, NOTHING)
    assert found.reason == "7 of 10 images have a finite score; expected at least 8"


@pytest.mark.parametrize("huge", [1e308, 1e200])
def test_of_numbers_that_cannot_be_squared_there_are_no_figures(huge: float) -> None:
    far = [*TEN[:8], huge, -huge]
    for scores, mos, what in ((TEN, far, "mos"), (far, TEN, "score")):
        found = correlate("m", scores, labelled(mos), False)
        said = f"{what} has numbers of up to {huge:g} in size: they are too far apart"
        assert (found.values, found.reason) == (NOTHING, said)


def test_of_numbers_whose_squares_are_nothing_there_are_no_figures() -> None:
    near = [place * 1e-200 for place in range(10)]
    for scores, mos, what in ((TEN, near, "mos"), (near, TEN, "score")):
        found = correlate("m", scores, labelled(mos), True)
        said = f"all 10 scored images have the same {what}: they have no order"
        assert (found.values, found.reason) == (NOTHING, said)


@pytest.mark.parametrize("splits", [0, 5])
def test_what_is_constant_has_no_figures_and_a_reason(splits: int) -> None:
    alike, said = [0.1] * 10, "all 10 scored images have the same {}: they have no order"
    for scores, mos, what in ((TEN, alike, "mos"), (alike, TEN, "score"), (alike, alike, "mos")):
        found = correlate("m", scores, labelled(mos), True, splits)
        assert (found.n, found.values, found.reason) == (10, NOTHING, said.format(what))


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


def test_a_metric_without_enough_scores_leaves_the_others_their_rows(
    command_line: Command, folder: Path
) -> None:
    """64 pixels a side are too few for NIQE."""
    both = ("-m", "niqe", "-m", "psnr", "--dataset", folder)
    code, out, err = command_line("correlate", *both, "--json")
    niqe, psnr = json.loads(out)["rows"]
    reason = "0 of 10 images have a finite score; expected at least 8"
    assert code == 3
    assert "niqe: 10 of 10 images have no score" in err
    assert (niqe["metric"], niqe["n"], niqe["failures"]) == ("niqe", 0, 10)
    assert niqe["reason"] == reason
    assert {niqe[name] for name in FIGURES} == {None}
    assert (psnr["n"], psnr["failures"], psnr["reason"]) == (10, 0, None)
    assert psnr["srcc"] == pytest.approx(1)
    code, out, _ = command_line("correlate", *both)
    heading, first, second = out.splitlines()
    assert code == 3
    assert heading.split()[-1] == "reason"
    assert first.endswith(reason)
    assert second.split()[:2] == ["psnr", "10"]


def test_images_without_a_finite_score_are_no_failures_but_a_reason(
    command_line: Command, folder: Path
) -> None:
    """PSNR of an image with itself is infinite."""
    rows = [f"{place}.png,{place},{place}.png" for place in range(10)]
    (folder / "labels.csv").write_text("image,mos,reference\n" + "\n".join(rows))
    command = ("correlate", "-m", "psnr", "--dataset", folder, "--json")
    code, out, _ = command_line(*command)
    [row] = json.loads(out)["rows"]
    assert (code, row["failures"]) == (4, 0)
    assert row["reason"] == "0 of 10 images have a finite score; expected at least 8"
    code, out, _ = command_line(*command, "-m", "blur-effect")
    psnr, blur = json.loads(out)["rows"]
    assert (code, psnr["reason"], blur["reason"]) == (3, row["reason"], None)
    assert blur["srcc"] is not None


def test_a_constant_mos_is_said_and_nothing_was_comparable(
    command_line: Command, folder: Path
) -> None:
    rows = [f"{place}.png,50,clean.png" for place in range(10)]
    (folder / "labels.csv").write_text("image,mos,reference\n" + "\n".join(rows))
    command = ("correlate", "-m", "psnr", "-m", "blur-effect", "--dataset", folder)
    code, out, _ = command_line(*command, "--json")
    assert code == 4
    for row in json.loads(out)["rows"]:
        assert (row["n"], row["failures"]) == (10, 0)
        assert row["reason"] == "all 10 scored images have the same mos: they have no order"
        assert {row[name] for name in FIGURES} == {None}
    (folder / "3.png").write_bytes(b"no image")
    code, out, _ = command_line(*command)
    assert code == 3
    assert "all 9 scored images have the same mos" in out


def test_a_metric_that_says_the_same_of_all_is_told_from_the_others(
    command_line: Command, folder: Path
) -> None:
    """One picture under ten names, against ten references."""
    for place in range(10):
        (folder / f"copy-{place}.png").write_bytes((folder / "clean.png").read_bytes())
    rows = [f"copy-{place}.png,{place},{place}.png" for place in range(10)]
    (folder / "labels.csv").write_text("image,mos,reference\n" + "\n".join(rows))
    both = ("-m", "psnr", "-m", "blur-effect")
    code, out, _ = command_line("correlate", *both, "--dataset", folder, "--json")
    psnr, blur = json.loads(out)["rows"]
    assert code == 3
    assert (psnr["srcc"], psnr["reason"]) == (pytest.approx(-1), None)
    assert blur["srcc"] is None
    assert blur["reason"] == "all 10 scored images have the same score: they have no order"
