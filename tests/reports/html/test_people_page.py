"""The report's page of people's votes; and none where nobody has voted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from voted_run import TEXTS, store, taste_of, vote

from harness.api.people.studies import StudyWishes, make_study
from harness.api.people.votes import take_votes
from harness.people.sessions import Budget
from harness.people.votes_file import write_ballot
from harness.protocols.report import ReportData
from harness.reporting.assemble import assemble
from harness.results import PeoplesVotes
from harness.storage.store import load_run
from reports.html.people_page import answer
from reports.html.report import HTMLReport


def test_the_page_shows_the_order_the_metrics_and_who_was_left_out(
    fabricated: ReportData, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(fabricated.run_folder, run)
    store(fabricated.data, run)
    HTMLReport().write(assemble(load_run(run), run), tmp_path / "before")
    assert not (tmp_path / "before" / "site" / "people.html").exists()
    assert "people.html" not in (tmp_path / "before" / "index.html").read_text()

    study, _ = make_study(run, tmp_path / "page", StudyWishes(TEXTS, Budget(6, 12, 8)))
    vote(study, tmp_path / "votes", taste_of(fabricated.data, "psnr", 2.0), random_ones=[5], seed=1)
    counted = take_votes(run, [tmp_path / "votes"])
    report = assemble(load_run(run), run)
    assert report.people is not None
    judged = {(m.set, m.metric): m.figures["vote_accuracy"] for m in report.people.metrics}
    psnr, blur = (judged["photos-sigma25", name] for name in ("psnr", "blur-effect"))
    assert psnr is not None
    assert blur is not None
    assert psnr[0] > 0.65 > blur[0]
    HTMLReport().write(report, tmp_path / "after")
    page = (tmp_path / "after" / "site" / "people.html").read_text()
    assert "people.html" in (tmp_path / "after" / "index.html").read_text()
    [out] = [seen for seen in counted.screened if seen.left_out]
    assert out.observer in page
    assert "clear differences" in page
    for row in counted.rows():
        assert str(row["restorer"]) in page


def test_one_vote_of_one_observer_is_said_in_the_singular_and_no_metric_is_bounded(
    fabricated: ReportData, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(fabricated.run_folder, run)
    store(fabricated.data, run)
    study, _ = make_study(run, tmp_path / "page", StudyWishes(TEXTS, Budget(1, 12, 8)))
    places = [n for n, trial in enumerate(study.sessions[0]) if trial.kind == "pair"][:1]
    said = [(f"0-{place}", "left", 900) for place in places]
    file = write_ballot(tmp_path / "one.json", study.id, 0, "0" * 16, said)  # type: ignore[arg-type]
    take_votes(run, [file])
    HTMLReport().write(assemble(load_run(run), run), tmp_path / "report")
    page = (tmp_path / "report" / "site" / "people.html").read_text()
    assert "1 vote of 1 observer on 1 image, with 0 ties" in page
    assert "<span>1 observer</span>" in page
    assert "no metric" not in page


def test_damaged_votes_are_a_note_and_no_failure(fabricated: ReportData, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(fabricated.run_folder, run)
    store(fabricated.data, run)
    study, _ = make_study(run, tmp_path / "page", StudyWishes(TEXTS, Budget(3, 8, 8)))
    take_votes(run, vote(study, tmp_path / "votes", taste_of(fabricated.data, "psnr")))
    next((run / "studies" / "votes").iterdir()).write_text("<script>alert(1)</script>")
    HTMLReport().write(assemble(load_run(run), run), tmp_path / "report")
    page = (tmp_path / "report" / "site" / "people.html").read_text()
    assert "cannot be read" in page
    assert "<script>alert" not in page


def test_the_headline_says_from_whom_the_best_is_not_told_apart() -> None:
    def row(
        restorer: str, low: int, name: str | None = "s", rank: int | None = 1
    ) -> dict[str, Any]:
        return {"set": name, "task": "t", "restorer": restorer, "rank": rank, "rank_low": low}

    level = [row("a", 1), row("b", 1), row("c", 3), row("x", 1, None), row("lost", 1, rank=None)]
    many = [row(f"r{number}", 1, "m") for number in range(7)]
    alone = [row("only", 1, "o"), row("worse", 2, "o")]
    said = [
        answer(PeoplesVotes(tuple(rows)))
        for rows in (level, many, alone, level[:2] + many[:4] + alone, [])
    ]
    assert said == [
        "People like best: a on s, not told apart from b.",
        "People like best: r0 on m, not told apart from r1, r2, r3 and 3 more.",
        "People like best: only on o.",
        "People like best: a on s, not told apart from b; r0 on m, not told apart from r1, r2 and "
        "r3; only on o.",
        "No vote counts.",
    ]
