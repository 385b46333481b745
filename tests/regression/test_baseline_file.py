"""Baselines: written and read again, by later versions too; what is none is one clear line."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cards import MetricCard
from harness.errors import InputError
from harness.regression.baseline_file import read_baseline, write_baseline
from harness.regression.comparison import compare
from harness.regression.measured_run import MeasuredRun, MeasuredScore, rename
from harness.regression.verdict_files import job_summary
from harness.results import COSTS, PlannedSet, Spent

HISTORIC = Path(__file__).parents[1] / "historic_runs"


@pytest.fixture(scope="module")
def baseline() -> MeasuredRun:
    measured = {
        "a": MeasuredScore(31.25, "d1", "r1", "x1"),
        "b\n": MeasuredScore(float("inf"), "d2", "", "x2"),
    }
    told = PlannedSet(conditions={"sigma_255": 25.0}, definition={"seed": 0}, fingerprint="f1")
    psnr = MetricCard("psnr", False, True, unit="dB", tolerance=0.02, tolerance_on={"cuda": 0.04})
    return MeasuredRun(
        benchmark="b",
        started="2026-01-01T00:00:00+00:00",
        evaluation={"name": "rgb", "hash": "e1"},
        hardware={"processor": "p", "cores": 2, "device": "cpu", "workers": 1},
        sets={"noise": told},
        environment={"python": "3.11.7", "packages": {"torch": "2.1"}},
        metrics={"psnr": psnr},
        scores={("mine", "noise", "psnr"): measured},
        costs={("mine", "noise"): {"a": Spent(0.5, 12.0, 4.0, beside=0, batch=2)}},
        failures={("mine", "noise", "c", ""): 'raised: "quoted" </script>'},
    )


def test_written_and_read_again(baseline: MeasuredRun, tmp_path: Path) -> None:
    write_baseline(baseline, tmp_path / "base.json")
    assert read_baseline(tmp_path / "base.json") == baseline
    text = (tmp_path / "base.json").read_text()
    assert text.count('"restorer": "mine"') == 4
    keys = '"restorer": "mine", "set": "noise", "image": "a", "metric": "psnr"'
    assert f'  {{{keys}, "value": 31.25' in text
    assert [path.name for path in tmp_path.iterdir()] == ["base.json"]


EARLIER = sorted(HISTORIC.glob("baseline-*.json"))


@pytest.mark.parametrize("path", EARLIER, ids=lambda path: path.name)
def test_baselines_of_earlier_versions_are_read(path: Path) -> None:
    read = read_baseline(path)
    assert read.scores
    spent = [cost for images in read.costs.values() for cost in images.values()]
    assert spent
    assert {cost.peak_mib for cost in spent} == {None}, "what they call so is the growth"
    written = json.loads(path.read_text())["costs"]
    assert sorted(cost.growth_mib for cost in spent) == sorted(row["peak_mib"] for row in written)
    one = dataclasses.replace(read, hardware={**read.hardware, "workers": 1})
    judged = {row.metric: row for row in compare(one, one).findings if row.metric in COSTS}
    assert judged["growth_mib"].reason != judged["peak_mib"].reason
    assert "older version" in judged["peak_mib"].reason
    scores = [row for row in compare(read, read).findings if row.metric in read.metrics]
    assert {row.verdict for row in scores} == {"equal"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"restobench/baseline/2"', '"restobench/baseline/3"', "upgrade restobench"),
        ('"restobench/baseline/2"', '"somebody/else"', "make it with `restobench baseline`"),
        ('"value": 31.25', '"value": NaN', "row 1: value is nan"),
        ('"value": 31.25', '"value": "31.25"', "row 1: value is '31.25'"),
        ('"value": 31.25', '"value": true', "row 1: value is True"),
        ('"image": "a", "metric"', '"image": 7, "metric"', "row 1: image is 7"),
        ('"metric": "psnr"', '"metric": "ssim"', "'ssim', which `metrics` does not describe"),
        ('"higher_is_better": true', '"higher_is_better": "yes"', "expected true or false"),
        ('"evaluation"', '"evolution"', "KeyError: 'evaluation'"),
        ('"rows": [', '"rows": {', "is no JSON"),
        ('"value": 31.25', '"value": 1' + "0" * 400, "OverflowError"),
        ('"seconds": 0.5', '"seconds": -1', "row 1: seconds is -1"),
        ('"seconds": 0.5', '"seconds": NaN', "row 1: seconds is nan"),
        ('"tolerance": 0.02', '"tolerance": Infinity', "tolerance is inf"),
    ],
)
def test_what_is_damaged_is_named(
    baseline: MeasuredRun, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "base.json"
    write_baseline(baseline, path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        read_baseline(path)


@pytest.mark.parametrize(
    "content", ["", "[]", "null", "7", '{"schema": 1}', "[" * 100_000, '{"rows": []}', "\0"]
)
def test_what_is_no_baseline_is_one_clear_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.json").write_text(content)
    with pytest.raises(InputError, match=r"odd\.json"):
        read_baseline(tmp_path / "odd.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_baseline(tmp_path / "gone.json")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_stops_no_baseline(
    baseline: MeasuredRun, tmp_path: Path, encoding: str
) -> None:
    path = tmp_path / "base.json"
    write_baseline(baseline, path)
    plain = read_baseline(path)
    path.write_text(path.read_text(), encoding=encoding)
    assert read_baseline(path) == plain


def test_a_truncated_baseline_is_refused(baseline: MeasuredRun, tmp_path: Path) -> None:
    write_baseline(baseline, tmp_path / "base.json")
    text = (tmp_path / "base.json").read_text()
    (tmp_path / "cut.json").write_text(text[: len(text) // 2])
    with pytest.raises(InputError, match=r"cut\.json is no JSON"):
        read_baseline(tmp_path / "cut.json")


def test_an_older_baseline_keeps_what_it_held_when_it_is_written_anew(tmp_path: Path) -> None:
    older = read_baseline(EARLIER[0])
    write_baseline(older, tmp_path / "new.json")
    assert read_baseline(tmp_path / "new.json").costs == older.costs


def test_a_renamed_restorer_finds_its_rows(baseline: MeasuredRun) -> None:
    renamed = rename(baseline, ["new=mine"])
    assert {key[0] for key in (*renamed.scores, *renamed.costs, *renamed.failures)} == {"new"}
    parameters = rename(rename(baseline, ["old:a=1,b=2=mine"]), ["new:a=3=old:a=1,b=2"])
    assert {key[0] for key in parameters.scores} == {"new:a=3"}
    for alias in ("mine", "new=nobody", "mine=mine"):
        with pytest.raises(InputError, match="expected NEW=OLD"):
            rename(baseline, [alias])


def test_the_document_is_strict_json(baseline: MeasuredRun, tmp_path: Path) -> None:
    write_baseline(baseline, tmp_path / "base.json")

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    document = json.loads((tmp_path / "base.json").read_text(), parse_constant=refuse)
    assert document["rows"][1]["value"] == "inf"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


PATIENT = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def nodes(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON document."""
    inner = ()
    if isinstance(document, dict):
        inner = document.items()
    elif isinstance(document, list):
        inner = enumerate(document)
    return [path, *(found for key, value in inner for found in nodes(value, (*path, key)))]


@PATIENT
@given(choice=st.data())
def test_whatever_stands_in_a_baseline_is_read_or_refused_in_one_line(
    baseline: MeasuredRun, tmp_path: Path, choice: st.DataObject
) -> None:
    path = tmp_path / "base.json"
    write_baseline(baseline, path)
    document = json.loads(path.read_text())
    *parents, last = choice.draw(st.sampled_from([place for place in nodes(document) if place]))
    inner = document
    for key in parents:
        inner = inner[key]
    inner[last] = choice.draw(JSON)
    path.write_text(json.dumps(document))
    try:
        read = read_baseline(path)
    except InputError as error:
        assert "\n" not in str(error)
        assert "base.json" in str(error)
    else:
        job_summary(compare(baseline, read))
        job_summary(compare(read, baseline))


@PATIENT
@given(noise=st.binary(max_size=200), cut=st.floats(0, 0.999))
def test_cut_or_random_bytes_are_refused(
    baseline: MeasuredRun, tmp_path: Path, noise: bytes, cut: float
) -> None:
    path = tmp_path / "base.json"
    write_baseline(baseline, path)
    whole = path.read_bytes()
    for content in (noise, whole[: int(cut * (len(whole) - 2))]):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"base\.json"):
            read_baseline(path)


def test_a_file_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.regression.baseline_file.MAX_BYTES", 2**20)
    with pytest.raises(InputError, match="more than"):
        read_baseline(Path("/dev/zero"))


def test_nothing_is_left_where_a_baseline_cannot_be_written(
    baseline: MeasuredRun, tmp_path: Path
) -> None:
    (tmp_path / "base.json").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_baseline(baseline, tmp_path / "base.json")
    assert [item.name for item in tmp_path.iterdir()] == ["base.json"]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        write_baseline(baseline, tmp_path / "file" / "base.json")
    assert (tmp_path / "file").read_text() == "mine"
    write_baseline(baseline, tmp_path / "new" / "base.json")
    assert (tmp_path / "new" / "base.json").is_file()


def test_conflicting_rows_are_refused(baseline: MeasuredRun, tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    write_baseline(baseline, path)
    document = json.loads(path.read_text())
    document["rows"].append({**document["rows"][0], "value": 99.0})
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match="row 3: 'mine' on 'noise': 'a' has 'psnr' twice"):
        read_baseline(path)
