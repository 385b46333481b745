"""Votes come back as the order of the taste they were cast by; who is careless is left out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from voted_run import taste_of, vote

from harness.api.people.votes import take_votes
from harness.api.ranks import leaderboard_rows
from harness.people.screening import Rules
from harness.people.study import Study
from harness.people.votes_file import write_ballot
from harness.protocols.report import ReportData
from harness.reporting.assemble import assemble
from harness.storage.store import load_run

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def voted(study: Study, tmp_path: Path, fabricated: ReportData) -> Path:
    """The folder of votes: five observers, and one who does not look."""
    vote(study, tmp_path / "votes", taste_of(fabricated.data, "psnr", 2.0), random_ones=[5], seed=3)
    return tmp_path / "votes"


def test_votes_rank_by_the_observers_taste_and_list_who_is_left_out(
    run: Path, voted: Path, command_line: Call, fabricated: ReportData
) -> None:
    code, out, _ = command_line("votes", run, voted, "--json")
    assert code == 0
    rows = json.loads(out)["rows"]
    observers = [row for row in rows if row["kind"] == "observer"]
    assert [row["left_out"] for row in observers] == [False] * 5 + [True]
    assert all(bool(row["reasons"]) == row["left_out"] for row in observers)
    found = {row["restorer"]: row for row in rows if row["kind"] == "rank" and row["set"]}
    taste = taste_of(fabricated.data, "psnr", 2.0)
    images = {s.cell.image for s in fabricated.data.scores if s.cell.restorer == "median"}
    images &= {s.cell.image for s in fabricated.data.scores if s.cell.set == "photos-sigma25"}
    means = {n: np.mean([taste("photos-sigma25", i, n) for i in images]) for n in found}
    for rank, name in enumerate(sorted(means, key=lambda name: -means[name]), 1):
        assert found[name]["rank_low"] <= rank <= found[name]["rank_high"], name
    assert found[min(means, key=lambda name: means[name])]["rank_low"] > 1
    [agreement] = [row for row in rows if row["kind"] == "agreement"]
    assert 0 < agreement["alpha"] < 1
    assert agreement["observers"] == 5


def test_people_is_a_metric_of_the_run_like_any_other(
    run: Path, voted: Path, command_line: Call, tmp_path: Path
) -> None:
    counted = take_votes(run, [voted])
    data = load_run(run)
    assert data.run.plan.metrics[-1] == "people"
    rows, *_ = leaderboard_rows(data, metric="people")
    said = {row["restorer"]: row["mean"] for row in counted.rows() if row["set"]}
    ranked = {row["restorer"]: row["mean"] for row in rows if row["mean"] is not None}
    # means are over the images that all have in common, of which median lacks some
    assert set(ranked) == set(said)
    report = assemble(data, run)
    assert any("people" in (item.metric, item.versus) for item in report.agreements)
    assert command_line("rank", run, "--by", "people")[0] == 0
    assert command_line("report", run, "--format", "markdown", "--out", tmp_path / "r.md")[0] == 0


def test_means_over_images_are_the_strengths(
    run: Path, study: Study, tmp_path: Path, fabricated: ReportData
) -> None:
    vote(study, tmp_path / "votes", taste_of(fabricated.data, "ssim", 1.0))
    counted = take_votes(run, [tmp_path / "votes"])
    data = load_run(run)
    for row in counted.rows():
        own = [
            score.value
            for score in data.scores
            if score.metric == "people" and score.cell.restorer == row["restorer"]
        ]
        if row["restorer"] != "median":  # which lacks cells that the votes are not on either
            assert np.mean(own) == pytest.approx(row["mean"], abs=1e-6)


def test_counting_again_replaces_and_keeps_the_rules(run: Path, voted: Path) -> None:
    first = take_votes(run, [voted], Rules(keep=("0" * 13 + "bbd",)))
    again = take_votes(run, [])
    assert [seen.kept for seen in again.screened] == [seen.kept for seen in first.screened]
    count = sum(score.metric == "people" for score in load_run(run).scores)
    take_votes(run, [voted])
    assert sum(score.metric == "people" for score in load_run(run).scores) == count


def test_files_that_are_not_given_again_are_dropped_aloud(
    run: Path, voted: Path, command_line: Call
) -> None:
    assert "dropped" not in command_line("votes", run, voted)[2]
    one, *others = sorted(path for path in voted.iterdir())
    said = command_line("votes", run, one)[2]
    assert "of the 6 votes files" in said
    assert f"5 were not given this time and are dropped: {others[0].stem}" in said
    assert "and 2 more; it keeps the 1 given" in said
    assert "dropped" not in command_line("votes", run)[2]


def test_an_unknown_observer_cannot_be_kept(run: Path, voted: Path, command_line: Call) -> None:
    code, _, said = command_line("votes", run, voted, "--keep", "nosuch")
    assert code == 2
    assert "nobody is called nosuch" in said
    assert not (run / "studies" / "votes").exists()


def test_a_quick_observer_is_left_out_and_may_be_kept(run: Path, voted: Path) -> None:
    strict = take_votes(run, [voted], Rules(fastest=60))
    assert all("s a pair" in "".join(seen.reasons) for seen in strict.screened)
    assert strict.rows() == []
    kept = take_votes(run, [voted], Rules(fastest=60, keep=(strict.screened[0].observer,)))
    assert [seen.left_out for seen in kept.screened] == [False] + [True] * 5


def test_a_restorer_that_has_changed_since_does_not_count(run: Path, voted: Path) -> None:
    from dataclasses import replace

    from harness.storage.store import Store

    data = load_run(run)
    cards = {**data.run.restorers, "tv": replace(data.run.restorer("tv"), fingerprint="new")}
    with Store(run, create=True) as store:
        store.write_header(replace(data.run, restorers=cards))
    counted = take_votes(run, [voted])
    assert counted.notes == ("tv has changed since the study: votes on it do not count",)
    assert "tv" not in {row["restorer"] for row in counted.rows()}


def test_runs_with_votes_merge_by_their_votes(
    run: Path, study: Study, tmp_path: Path, fabricated: ReportData, command_line: Call
) -> None:
    taste = taste_of(fabricated.data, "psnr", 2.0)
    files = vote(study, tmp_path / "votes", taste)
    other = Path(shutil.copytree(run, tmp_path / "other"))
    take_votes(run, files[:3])
    take_votes(other, files[3:])
    code, _, _ = command_line("merge", run, other, "-o", tmp_path / "both")
    assert code == 0
    together = take_votes(tmp_path / "both", [])
    alone = take_votes(run, files)
    assert [row["mean"] for row in together.rows()] == [row["mean"] for row in alone.rows()]


def test_of_an_observer_in_both_runs_the_later_state_counts_in_either_order(
    run: Path, study: Study, tmp_path: Path, fabricated: ReportData, command_line: Call
) -> None:
    files = vote(study, tmp_path / "votes", taste_of(fabricated.data, "psnr", 2.0))
    other = Path(shutil.copytree(run, tmp_path / "other"))
    take_votes(run, files, Rules(keep=("0" * 15 + "1",)))
    told = json.loads(files[0].read_text())
    files[0].write_text(json.dumps({**told, "votes": told["votes"][:9]}))
    take_votes(other, files[:2], Rules(fastest=0.2))
    alone = [seen.as_row() for seen in take_votes(run, []).screened]
    for name, folders in (("one", (run, other)), ("two", (other, run))):
        code, _, said = command_line("merge", *folders, "-o", tmp_path / name)
        assert code == 0
        assert "with --fastest 0.2, 0.5: the merged one is with 0.5" in said
        assert [seen.as_row() for seen in take_votes(tmp_path / name, []).screened] == alone
        assert take_votes(tmp_path / name, []).screened[1].kept


def test_merging_lists_who_is_left_out_and_refuses_before_it_writes(
    run: Path, study: Study, voted: Path, tmp_path: Path, command_line: Call
) -> None:
    other = Path(shutil.copytree(run, tmp_path / "other"))
    files = sorted(voted.iterdir())
    take_votes(run, files[:3])
    take_votes(other, files[3:])
    code, _, said = command_line("merge", run, other, "-o", tmp_path / "both")
    assert (code, f"observer {files[5].stem} left out: saw" in said) == (0, True)
    contrary = {"left": "right", "right": "left", "tie": "left"}
    told = json.loads(files[0].read_text())["votes"]
    votes = [(v["trial"], contrary[v["choice"]], v["ms"]) for v in told]
    write_ballot(files[0], study.id, 0, files[0].stem, votes)  # type: ignore[arg-type]
    take_votes(other, files)
    code, _, said = command_line("merge", run, other, "-o", tmp_path / "contrary")
    assert (code, "are of the same observer and say different things" in said) == (2, True)
    [kept, *_] = (other / "studies" / "votes").iterdir()
    kept.write_text("{")
    code, _, said = command_line("merge", run, other, "-o", tmp_path / "damaged")
    assert (code, f"{kept} is damaged" in said) == (2, True)
    assert not {"contrary", "damaged"} & {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    "told",
    ["{", "[]", "\xff", '{"fastest": NaN, "keep": []}', '{"fastest": 1, "keep": "x"}',
     '{"fastest": true, "keep": []}', '{"fastest": 1, "keep": [1]}', "[" * 100_000],
)  # fmt: skip
def test_damaged_rules_are_one_clear_line(
    told: str, run: Path, voted: Path, tmp_path: Path, command_line: Call
) -> None:
    take_votes(run, [voted])
    (run / "studies" / "rules.json").write_text(told, encoding="latin-1")
    other = Path(shutil.copytree(run, tmp_path / "other"))
    for command in (("votes", run), ("merge", run, other, "-o", tmp_path / "both")):
        code, _, said = command_line(*command)
        assert code == 2
        assert len(said.splitlines()) == 1
        assert f"{run / 'studies' / 'rules.json'} is damaged" in said
    assert not (tmp_path / "both").exists()
    assert command_line("votes", run, voted)[0] == 0
    assert command_line("votes", run)[0] == 0
