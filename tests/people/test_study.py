"""A study is balanced, repeatable, and tells the browser nothing."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from voted_run import TEXTS

from harness.api.people.studies import StudyWishes, make_study
from harness.errors import InputError, StoreError
from harness.images import read_image
from harness.people.design import Pair
from harness.people.sessions import Budget, plan_sessions
from harness.people.study import CLEAR, Study, read_studies
from harness.protocols.report import ReportData


def test_the_browser_is_sent_no_name_and_no_score(
    study: Study, tmp_path: Path, fabricated: ReportData
) -> None:
    page = tmp_path / "page"
    files = [path for path in page.rglob("*") if path.is_file()]
    sent = b"\n".join(path.read_bytes() for path in files if path.suffix != ".png").lower()
    sent += "\n".join(str(path.relative_to(page)) for path in files).encode()
    names = {*study.restorers, "photos-sigma25", study.secret}
    names |= {score.cell.image for score in fabricated.data.scores}
    names |= {f"{score.value:.4f}" for score in fabricated.data.scores}
    assert [name for name in names if name.lower().encode() in sent] == []
    assert b"clear" not in (page / "index.html").read_bytes()


def test_pictures_are_those_of_the_run_and_carry_nothing_else(
    run: Path, study: Study, tmp_path: Path
) -> None:
    trial = next(trial for trial in study.sessions[0] if trial.kind == "pair")
    name = study.opaque(trial.set, trial.image, trial.left)
    path = tmp_path / "page" / "pictures" / f"{name}.png"
    restored = run / "restored" / trial.left / trial.set / f"{trial.image}.png"
    assert (read_image(path) == read_image(restored)).all()
    content = path.read_bytes()
    assert content.count(b"IDAT") == 1
    assert all(chunk not in content for chunk in (b"tEXt", b"iTXt", b"eXIf", b"tIME"))


def test_pairs_and_sides_are_balanced_and_nobody_is_asked_twice(study: Study) -> None:
    pairs = [trial for session in study.sessions for trial in session if trial.kind == "pair"]
    asked = Counter((t.image, *sorted((t.left, t.right))) for t in pairs)
    assert max(asked.values()) - min(asked.values()) <= 1
    for name in study.restorers:
        left = sum(trial.left == name for trial in pairs)
        right = sum(trial.right == name for trial in pairs)
        assert abs(left - right) <= len(study.sessions)
    for session in study.sessions:
        own = [(t.image, *sorted((t.left, t.right))) for t in session if t.kind == "pair"]
        assert len(set(own)) == len(own)


def test_each_session_has_checks_on_both_sides_and_pairs_swapped_later(study: Study) -> None:
    for session in study.sessions:
        checks = [trial for trial in session if trial.kind == "check"]
        assert len(checks) >= 4
        assert 0 < sum(trial.left == CLEAR for trial in checks) < len(checks)
        swapped = [(place, t) for place, t in enumerate(session) if t.kind == "swapped"]
        assert len(swapped) >= 4
        for place, trial in swapped:
            assert trial.of is not None
            first = session[trial.of]
            assert first.kind == "pair"
            assert (first.image, first.left, first.right) == (trial.image, trial.right, trial.left)
            assert place - trial.of > 1


def test_clear_pairs_have_the_better_side_left_as_often_as_right() -> None:
    """Whoever always says the same sees half of them, which is too few, in every session."""
    pairs = [Pair("set", f"{number}", "a", "b") for number in range(40)]
    lefts = set()
    for seed in range(40):
        for session in plan_sessions(pairs, Budget(3, 6, 8), "random", {}, seed):
            checks = [trial for trial in session if trial.kind == "check"]
            assert sum(trial.left == CLEAR for trial in checks) == len(checks) / 2 == 2
            lefts.add(tuple(trial.left == CLEAR for trial in checks))
    assert len(lefts) == 6  # in every order


def test_a_seed_gives_the_same_trials_and_other_names(
    run: Path, study: Study, tmp_path: Path
) -> None:
    wishes = StudyWishes(TEXTS, Budget(6, 8, 8), sets=("photos-sigma25",))
    again, _ = make_study(run, tmp_path / "again", wishes)
    other, _ = make_study(run, tmp_path / "other", replace(wishes, seed=1))
    assert again.sessions == study.sessions != other.sessions
    assert again.opaque("x") != study.opaque("x")
    assert read_studies(run)[study.id] == study


def test_files_have_one_date_which_archives_take(run: Path, tmp_path: Path) -> None:
    """None tells in which order pictures were drawn; a ZIP takes no date before 1980."""
    wishes = StudyWishes(TEXTS, Budget(2, 4, 8), sets=("photos-x2",))
    _, page = make_study(run, tmp_path / "page", wishes)
    assert len({path.stat().st_mtime_ns for path in page.parent.rglob("*")}) == 1
    assert Path(shutil.make_archive(str(tmp_path / "study"), "zip", page.parent)).is_file()


def test_what_cannot_be_asked_is_refused(run: Path, tmp_path: Path) -> None:
    wishes = StudyWishes(TEXTS)
    with pytest.raises(InputError, match="no restorer 'nobody'"):
        make_study(run, tmp_path / "a", replace(wishes, restorers=("nobody",)))
    with pytest.raises(InputError, match="nothing to compare"):
        make_study(run, tmp_path / "a", replace(wishes, restorers=("wavelet",)))
    with pytest.raises(InputError, match="checks; expected at least"):
        make_study(run, tmp_path / "a", replace(wishes, budget=Budget(3, 1, 8)))
    with pytest.raises(InputError, match="there already"):
        make_study(run, run, wishes)
    for name in ("title", "question", "consent"):
        with pytest.raises(InputError, match=f"the {name}.* would be empty"):
            make_study(run, tmp_path / "a", replace(wishes, texts=replace(TEXTS, **{name: " \n"})))
    with pytest.raises(InputError, match="give --design active"):
        make_study(run, tmp_path / "a", replace(wishes, votes=(run,)))
    for post in ("https://x.example/'; script-src *", "javascript:alert(1)"):
        with pytest.raises(InputError, match="expected an address"):
            make_study(run, tmp_path / "a", replace(wishes, texts=replace(TEXTS, post=post)))
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--minutes", "nan"), ("--minutes", "inf"), ("--seconds", "nan"), ("--seconds", "1e-320"),
     ("--seconds", "inf"), ("--seed", "-1"), ("--minutes", "-3")],
)  # fmt: skip
def test_numbers_that_are_none_are_one_clear_line(
    option: str, value: str, run: Path, tmp_path: Path, command_line: Callable[..., Any]
) -> None:
    code, _, said = command_line("study", "make", run, "-o", tmp_path / "a", option, value)
    assert code == 2
    assert any(text in said for text in ("pairs", "not in the range", "no plain finite number"))
    assert "internal" not in said
    assert not (tmp_path / "a").exists()


def test_windows_are_of_one_place_and_the_size_that_was_asked_for(
    run: Path, tmp_path: Path
) -> None:
    texts = replace(TEXTS, beside="degraded")
    wishes = StudyWishes(texts, Budget(2, 4, 8), sets=("photos-x2",), side=64)
    study, page = make_study(run, tmp_path / "page", wishes)
    trial = study.sessions[0][0]
    shapes = {
        name: read_image(
            page.parent / "pictures" / f"{study.opaque(trial.set, trial.image, name)}.png"
        ).shape
        for name in (trial.left, trial.right, "=degraded")
    }
    assert list(shapes.values()) == [(3, 64, 64), (3, 64, 64), (3, 32, 32)]


def test_a_damaged_key_is_named(run: Path, study: Study) -> None:
    (run / "studies" / f"{study.id}.json").write_text("{")
    with pytest.raises(StoreError, match=study.id):
        read_studies(run)


@pytest.mark.usefixtures("study")
def test_the_page_may_send_votes_to_one_address_and_load_nothing_from_elsewhere(
    run: Path, tmp_path: Path
) -> None:
    texts = replace(TEXTS, post="https://lab.example:8443/votes", title="</script><b>")
    _, page = make_study(run, tmp_path / "sent", StudyWishes(texts, Budget(2, 4, 8)))
    policies = [
        re.search(r'Content-Security-Policy" content="([^"]+)"', path.read_text())
        for path in (tmp_path / "page" / "index.html", page)
    ]
    alone, sending = (
        dict(part.strip().split(" ", 1) for part in p[1].split(";")) for p in policies if p
    )
    assert alone == {**sending, "connect-src": "'self'"}
    assert sending["connect-src"] == "'self' https://lab.example:8443/votes"
    assert alone["default-src"] == "'none'"
    assert "unsafe" not in "".join(alone.values())
    text = page.read_text()
    assert "<title>&lt;/script&gt;&lt;b&gt;</title>" in text
    assert text.count("</script>") == 2
