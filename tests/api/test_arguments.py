"""Every argument is used or refused, and what cannot be written says so in one way."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

import harness
from harness.errors import HarnessError, InputError
from restorers.nl_means import NonLocalMeans

PART: Any = {"sets": ["photos-sigma25"], "metrics": ["psnr"], "limit": 1}
FEW: Any = {"sets": ["photos-sigma25"], "metrics": ["psnr"], "images": 1}
FED = {
    "scale": 2, "range": 255, "output_range": 255, "order": "bgr", "channels": 1, "multiple": 8,
    "takes": "tensor",
}  # fmt: skip
PHOTO = np.random.default_rng(0).random((3, 48, 48), dtype=np.float32)

Act = Callable[[harness.Result, Any], object]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> harness.Result:
    out = tmp_path_factory.mktemp("runs") / "run"
    metrics = ["psnr", "ssim", "blur-effect"]
    both: Any = {"a": lambda x: x, "b": lambda x: 0.9 * x}
    return harness.evaluate(both, "quickstart", out=out, **{**PART, "metrics": metrics, "limit": 3})


@pytest.mark.parametrize("word", FED)
@pytest.mark.parametrize("given", ["identity", NonLocalMeans, NonLocalMeans()])
def test_how_a_network_is_fed_is_refused_where_there_is_none(given: object, word: str) -> None:
    told: Any = {word: FED[word]}
    for isolated in (None, False):
        with pytest.raises(InputError, match=f"{word} is said of networks and functions"):
            harness.evaluate(given, "quickstart", isolated=isolated, **PART, **told)
    if isinstance(given, NonLocalMeans):
        with pytest.raises(InputError, match=f"{word} is said of networks and functions"):
            harness.Validator("quickstart", **FEW, **told)(given, 1)


NETWORK = nn.Identity()

EVALUATE: dict[str, tuple[object, dict[str, Any], str]] = {
    "takes, of a network": (NETWORK, {"takes": "array"}, "takes is said of functions"),
    "workers, of a network": (NETWORK, {"workers": 2}, "workers is said of worker processes"),
    "timeout, of a network": (NETWORK, {"timeout": 5}, "timeout is said of worker processes"),
    "workers, in this process": (
        "tv", {"workers": 2, "isolated": False}, "workers is said of worker processes"),
    "timeout=0": ("tv", {"timeout": 0}, "timeout is 0; expected a number above 0"),
    "timeout='5'": ("tv", {"timeout": "5"}, "timeout is '5'; expected a number above 0"),
    "timeout=nan": ("tv", {"timeout": float("nan")}, "timeout is nan; expected a number above 0"),
    "workers=True": ("tv", {"workers": True}, "workers is True; expected 1 or more"),
    "limit=True": (NETWORK, {"limit": True}, "limit is True; expected a number of images"),
    "scale=True": (NETWORK, {"scale": True}, "scale is True; expected a whole number above 0"),
    "isolated='yes'": (NETWORK, {"isolated": "yes"}, "isolated is 'yes'; expected True, False"),
    "progress=print": (NETWORK, {"progress": print}, "it lacks start, note, advance"),
    "sets=5": (NETWORK, {"sets": 5}, "sets is 5; expected a name, or a list of names"),
    "metrics=[3]": (NETWORK, {"metrics": [3]}, r"metrics is \[3\]; expected a name, or a list"),
    "metrics=None": (NETWORK, {"metrics": None}, "metrics is None; expected a name, or a list"),
    "device=None": (NETWORK, {"device": None}, "device None is unknown; expected auto, cpu"),
    "bytes": (b"x", {}, "b'x' is no restorer"),
    "an array": (np.zeros(3), {}, "array.* is no restorer"),
}  # fmt: skip


@pytest.mark.parametrize("what", EVALUATE)
def test_evaluate_refuses_what_it_would_not_use(what: str) -> None:
    given, how, message = EVALUATE[what]
    with pytest.raises(HarnessError, match=message):
        harness.evaluate(given, "quickstart", **{**PART, **how})


@pytest.mark.parametrize("benchmark", [None, 3, NETWORK])
def test_a_benchmark_that_is_none(benchmark: Any) -> None:
    with pytest.raises(InputError, match="expected a name, a TOML file or a harness"):
        harness.evaluate(NETWORK, benchmark)
    with pytest.raises(InputError, match="expected a name, a TOML file or a harness"):
        harness.Validator(benchmark)


@pytest.mark.filterwarnings("ignore:of fewer than 6 images")
def test_numbers_of_numpy_are_numbers() -> None:
    one: Any = np.int64(1)
    how: Any = {"scale": one, "multiple": one, "range": np.array([0, 255])}
    found = harness.evaluate(NETWORK, "quickstart", **{**PART, "limit": one}, **how)
    assert len(found.scores()) == 1
    validator = harness.Validator("quickstart", **{**FEW, "images": one}, every=one)
    assert validator(NETWORK, one) is not None


VALIDATOR: dict[str, tuple[dict[str, Any], str]] = {
    "every=True": ({"every": True}, "every is True; expected a whole number above 0"),
    "images=[]": ({"images": []}, r"images is \[\]; expected a whole number above 0"),
    "sets=3": ({"sets": 3}, "sets is 3; expected a name, or a list of names"),
    "range=(1, 0)": ({"range": (1, 0)}, "expected its black below white"),
    "channels=2": ({"channels": 2}, "channels is 2; expected 1 or 3"),
    "metric='ssim'": ({"metric": "ssim"}, "metric is 'ssim'; expected one of psnr"),
}


@pytest.mark.parametrize("what", VALIDATOR)
def test_a_validator_refuses_what_cannot_be_before_any_training(what: str) -> None:
    how, message = VALIDATOR[what]
    with pytest.raises(InputError, match=message):
        harness.Validator("quickstart", **{**FEW, **how})


@pytest.mark.parametrize("network", ["tv", nn.Identity, NonLocalMeans])
def test_a_validator_wants_what_was_built(network: object) -> None:
    with pytest.raises(InputError, match="expected one that was built"):
        harness.Validator("quickstart", **FEW)(network, 1)
    with pytest.raises(InputError, match="step is 'x'; expected a whole number from 0"):
        harness.Validator("quickstart", **FEW).due("x")  # type: ignore[arg-type]


ACTS: dict[str, tuple[Callable[[harness.Result], object], str]] = {
    "rank: aggregate and by": (
        lambda r: harness.rank(r, aggregate="borda", by="psnr"), "leave by, set and versus out"),
    "rank: aggregate and set": (
        lambda r: harness.rank(r, aggregate="borda", set="photos-sigma25"), "leave by, set and"),
    "rank: aggregate and versus": (
        lambda r: harness.rank(r, aggregate="borda", versus="a"), "leave by, set and versus out"),
    "rank: weights as a list": (
        lambda r: harness.rank(r, aggregate="weighted", weights=[1]),  # type: ignore[arg-type]
        "expected a mapping from metrics to numbers"),
    "rank: a weight that is NaN": (
        lambda r: harness.rank(r, aggregate="weighted", weights={"psnr": float("nan")}),
        "the weight of psnr is nan; expected a finite number"),
    "reports: settings without a baseline": (
        lambda r: r.reports("x", settings="s.toml"), "are those of a baseline, and none is given"),
    "reports: aliases without a baseline": (
        lambda r: r.reports("x", aliases=["a=b"]), "are those of a baseline, and none is given"),
    "reports: no format": (lambda r: r.reports("x", []), "formats is empty"),
    "reports: digits=-1": (lambda r: r.reports("x", digits=-1), "digits is -1; expected a whole"),
    "reports: digits=99": (lambda r: r.reports("x", digits=99), "digits is 99; expected at most 6"),
    "plot: a set that is not there": (
        lambda r: r.plot("distributions", set="x"), "the run has no set 'x'"),
    "plot: a metric that is not there": (
        lambda r: r.plot("distributions", metric="x"), "the run has no metric 'x'"),
    "plot: agreement of one metric": (
        lambda r: r.plot("agreement", metric="psnr"), "that of all metrics: leave metric out"),
    "crops: a region of text": (lambda r: r.plot.crops(region="a"),  # type: ignore[arg-type]
        "expected left, top, width and height in pixels"),
    "crops: half a pixel": (
        lambda r: r.plot.crops(region=(0.5, 0, 8, 8)),  # type: ignore[arg-type]
        "expected left, top, width and height in pixels"),
    "crops: a label of nobody": (
        lambda r: r.plot.crops(labels={"x": "y"}), "labels are for 'x'; expected some of a, b"),
    "score: crop_border=-1": (
        lambda _: harness.score(PHOTO, "psnr", reference=PHOTO, crop_border=-1),
        "crop_border is -1; expected a whole number from 0"),
    "score: no metric": (lambda _: harness.score(PHOTO, []), "metrics is empty; expected a name"),
    "restore: two restorers": (
        lambda _: harness.restore(PHOTO, ["tv", "identity"]), "2 restorers are given; expected"),
    "restore: conditions=3": (
        lambda _: harness.restore(PHOTO, "tv", 3),  # type: ignore[arg-type]
        r"conditions is 3; expected harness.Conditions\(...\)"),
    "degrade: seed=-1": (
        lambda _: harness.degrade(PHOTO, "gaussian-noise:sigma_255=25", seed=-1),
        "seed is -1; expected a whole number from 0"),
    "degrade: a recipe that is none": (
        lambda _: harness.degrade(PHOTO, 3), "recipe is 3; expected text"),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("what", ACTS)
def test_what_would_be_ignored_or_end_in_a_traceback_is_refused(
    result: harness.Result, what: str
) -> None:
    act, message = ACTS[what]
    with pytest.raises(InputError, match=message):
        act(result)


def test_a_word_that_means_nothing_is_refused_as_python_does(result: harness.Result) -> None:
    bogus: Any = {"bogus": 1}
    for act in (result.reports, result.plot.crops):
        with pytest.raises(TypeError, match="no keyword bogus"):
            act(**bogus)


def test_a_single_name_need_not_be_in_a_list(result: harness.Result, tmp_path: Path) -> None:
    [path] = result.reports(tmp_path, "latex", columns="ssim")
    assert "ssim" in path.read_text().lower()
    found = harness.compare(result, result, aliases="new=a").findings
    assert {"new", "a"} <= {item.restorer for item in found}


def test_a_name_counts_for_files_too(tmp_path: Path) -> None:
    from harness.images import write_image

    write_image(tmp_path / "own.png", PHOTO)
    noise = "gaussian-noise-clipped:sigma_255=25"
    own, other = (harness.degrade(tmp_path / "own.png", noise, name=n) for n in (None, "other"))
    assert not np.array_equal(own, other)
    assert np.array_equal(own, harness.degrade(tmp_path / "own.png", noise, name="own"))


WRITING: dict[str, Act] = {
    "evaluate(out=)": lambda _, path: harness.evaluate(NETWORK, "quickstart", out=path, **PART),
    "evaluate(out=) in workers": (
        lambda _, path: harness.evaluate("tv", "quickstart", out=path, **PART)),
    "Validator(out=)": lambda _, path: harness.Validator("quickstart", out=path, **FEW),
    "Validator(log=)": lambda _, path: harness.Validator("quickstart", log=path, **FEW),
    "report()": lambda result, path: result.report(path),
    "report(format='csv')": lambda result, path: result.report(path, format="csv"),
    "baseline()": lambda result, path: result.baseline(path),
}  # fmt: skip
NOWHERE = {
    "below a file": lambda folder: folder / "file" / "below" / "x",
    "where the kernel lets nobody write": lambda _: "/sys/restobench/x",
}


@pytest.mark.parametrize("where", NOWHERE)
@pytest.mark.parametrize("what", WRITING)
def test_what_cannot_be_written_says_so(
    result: harness.Result, tmp_path: Path, what: str, where: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written(:| to .*:) ") as error:
        WRITING[what](result, NOWHERE[where](tmp_path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("what", ["evaluate(out=)", "Validator(out=)"])
def test_a_run_folder_that_is_a_file(result: harness.Result, tmp_path: Path, what: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file cannot be written: it is no folder"):
        WRITING[what](result, tmp_path / "file")


@pytest.mark.parametrize("what", ["Validator(log=)", "baseline()"])
def test_a_file_that_is_a_folder_and_a_full_disk(
    result: harness.Result, tmp_path: Path, what: str
) -> None:
    with pytest.raises(InputError, match="cannot be written: Is a directory"):
        WRITING[what](result, tmp_path)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        WRITING[what](result, "/dev/full")


NO_PATHS = {
    "a number": 3,
    "nothing": "",
    "a NUL": "a\0b",
    "no UTF-8": "\ud800",
    "5,000 letters": "n" * 5000,
}
TAKING: dict[str, Act] = {
    **WRITING,
    "load_run()": lambda _, path: harness.load_run(path),
    "compare(baseline)": lambda result, path: harness.compare(result, path),
    "compare(settings=)": lambda result, path: harness.compare(result, result, settings=path),
}


@pytest.mark.parametrize("path", NO_PATHS)
@pytest.mark.parametrize("what", TAKING)
def test_what_is_no_path_is_said(result: harness.Result, what: str, path: str) -> None:
    wanted = "expected a (path|result or a run folder|SummaryWriter)|is no path:"
    with pytest.raises(InputError, match=wanted) as error:
        TAKING[what](result, NO_PATHS[path])
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("act", [harness.load_run, lambda path: harness.score(path, "niqe"),
                                 lambda path: harness.degrade(path, "jpeg:quality=4"),
                                 lambda path: harness.restore(path, "tv")])  # fmt: skip
def test_what_cannot_be_read_is_said(act: Callable[[Path], Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "x.png", tmp_path / "gone.png"):
        try:
            found = act(path)
        except HarnessError as error:
            assert str(path) in str(error)
        else:
            assert str(path) in found["error"][0]


def test_no_temporary_folder_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/sys")
    for act in (
        lambda: harness.evaluate(NETWORK, "quickstart", **PART),
        lambda: harness.Validator("quickstart", **FEW),
    ):
        with pytest.raises(InputError, match="the temporary folder cannot be written"):
            act()


def test_a_device_that_never_ends_is_no_text(result: harness.Result) -> None:
    if not os.path.exists("/dev/zero"):  # noqa: PTH110 - not on every system
        pytest.skip("there is no /dev/zero")
    with pytest.raises(InputError, match="settings /dev/zero has more than"):
        harness.compare(result, result, settings="/dev/zero")


def test_a_figure_that_is_not_there_names_no_command(result: harness.Result) -> None:
    with pytest.raises(InputError, match="no figure is called 'x'") as error:
        result.plot("x")
    assert "restobench" not in str(error.value)
