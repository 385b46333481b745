"""Votes files from anywhere: what is not as the page writes it is refused by name."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from voted_run import vote

from harness.api.people.votes import take_votes
from harness.errors import InputError
from harness.people.counting import count_votes
from harness.people.study import Study
from harness.people.votes_file import MOST_BYTES, read_ballots
from harness.storage.store import load_run


@pytest.fixture
def good(study: Study, tmp_path: Path) -> Path:
    return vote(study, tmp_path / "votes", lambda *key: float(len(key[2])), sessions=[0])[0]


def change(good: Path, edit: Callable[[Any], object]) -> bytes:
    told = json.loads(good.read_text())
    edit(told)
    return json.dumps(told).encode()


MARKUP = "<img src=x onerror=alert(1)>\x1b[31m"


def change_choice(told: Any) -> None:
    vote = told["votes"][3]
    vote["choice"] = "tie" if vote["choice"] != "tie" else "left"


EDITS: dict[str, tuple[Callable[[Any], object], str]] = {
    "choice changed": (change_choice, "damaged"),
    "vote removed": (lambda t: t["votes"].pop(2), "damaged"),
    "votes reordered": (lambda t: t["votes"].reverse(), "damaged"),
    "other observer": (lambda t: t.update(observer="0123456789abcdef"), "damaged"),
    "markup in observer": (lambda t: t.update(observer=MARKUP), "inconsistent"),
    "markup in study": (lambda t: t.update(study=MARKUP), "inconsistent"),
    "markup in trial": (lambda t: t["votes"][0].update(trial=MARKUP), "inconsistent"),
    "markup in choice": (lambda t: t["votes"][0].update(choice=MARKUP), "inconsistent"),
    "another study": (lambda t: t.update(study="0" * 12), "another study"),
    "no such session": (lambda t: t.update(session=99), "inconsistent"),
    "session of text": (lambda t: t.update(session="0"), "inconsistent"),
    "negative time": (lambda t: t["votes"][0].update(ms=-1), "inconsistent"),
    "endless time": (lambda t: t["votes"][0].update(ms=10**18), "inconsistent"),
    "time of truth": (lambda t: t["votes"][0].update(ms=True), "inconsistent"),
    "list as choice": (lambda t: t["votes"][0].update(choice=["left"]), "inconsistent"),
    "extra field": (lambda t: t.update(__proto__=1), "no votes file"),
    "other schema": (lambda t: t.update(schema="restobench/votes/9"), "no votes file"),
    "votes of text": (lambda t: t.update(votes="x"), "inconsistent"),
    "vote of text": (lambda t: t["votes"].insert(0, MARKUP), "no vote"),
    "no scale": (lambda t: t.update(scale=0), "inconsistent"),
    "scale of truth": (lambda t: t.update(scale=True), "inconsistent"),
    "least scale": (lambda t: t.update(scale=5e-324), "inconsistent"),
    "half a letter as trial": (lambda t: t["votes"][0].update(trial="\ud800"), "inconsistent"),
    "half a letter as check": (lambda t: t["votes"][0].update(check="\ud800"), "damaged"),
    "digits of elsewhere": (lambda t: t["votes"][0].update(trial="\u0660-\u0660"), "inconsistent"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_what_was_changed_is_refused(name: str, study: Study, good: Path, tmp_path: Path) -> None:
    edit, message = EDITS[name]
    bad = tmp_path / "bad.json"
    bad.write_bytes(change(good, edit))
    with pytest.raises(InputError, match=message) as refused:
        read_ballots([bad], {study.id: study})
    assert "bad.json" in str(refused.value)
    assert MARKUP not in str(refused.value)


CONTENTS = {
    "empty": b"",
    "text": b"hello",
    "not utf-8": b"\xff\xfe\x00",
    "a list": b"[]",
    "nan": b'{"schema": NaN}',
    "deep": b"[" * 100_000,
    "huge": b" " * (MOST_BYTES + 1),
}


@pytest.mark.parametrize("key", ["observer", "votes", "choice"])
def test_a_key_that_is_there_twice_is_refused(key: str, study: Study, good: Path) -> None:
    """A browser reads one of the two, and we might read the other."""
    good.write_text(good.read_text().replace(f'"{key}": ', f'"{key}": 0, "{key}": ', 1))
    with pytest.raises(InputError, match=r"damaged.*a key twice"):
        read_ballots([good], {study.id: study})


def test_a_session_that_is_a_long_number_is_not_shown(study: Study, good: Path) -> None:
    good.write_bytes(change(good, lambda told: told.update(session=10**300)))
    with pytest.raises(InputError, match="session is none of the study's 6") as refused:
        read_ballots([good], {study.id: study})
    assert "000" not in str(refused.value).replace(str(good), "")


def test_a_link_that_leads_nowhere_is_refused_by_name(study: Study, tmp_path: Path) -> None:
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.json").symlink_to("loop.json")
    with pytest.raises(InputError) as refused:
        read_ballots([tmp_path], {study.id: study})
    assert str(refused.value).count("json cannot be read: ") == 2


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_no_votes_file_is_refused(name: str, study: Study, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(CONTENTS[name])
    with pytest.raises(InputError, match=r"bad\.json"):
        read_ballots([bad], {study.id: study})


def test_a_byte_order_mark_is_read(study: Study, good: Path) -> None:
    [plain] = read_ballots([good], {study.id: study})
    good.write_bytes(codecs.BOM_UTF8 + good.read_bytes())
    assert read_ballots([good], {study.id: study}) == [plain]
    good.write_text(json.dumps(json.loads(good.read_text("utf-8-sig"))), encoding="utf-16")
    assert read_ballots([good], {study.id: study}) == [plain]


def test_a_pipe_is_refused_and_not_waited_for(study: Study, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for given in (tmp_path / "pipe.json", tmp_path):
        with pytest.raises(InputError, match=r"pipe\.json is a folder, a pipe or a device"):
            read_ballots([given], {study.id: study})


def resign(study: Study, good: Path, out: Path, edit: Callable[[list[Any]], None]) -> Path:
    """Somebody who knows the format writes sound checksums."""
    from harness.people.votes_file import write_ballot

    votes = [(v["trial"], v["choice"], v["ms"]) for v in json.loads(good.read_text())["votes"]]
    edit(votes)
    return write_ballot(out, study.id, 0, "f" * 16, votes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda votes: votes.append(votes[0]), "answers a trial twice"),
        (lambda votes: votes.append(("1-0", "left", 900)), "another session"),
        (lambda votes: votes.append(("0-9999", "left", 900)), "no such trial"),
        (lambda votes: votes.append(("0-01", "left", 900)), "no such trial"),
    ],
)
def test_sound_checksums_do_not_make_it_consistent(
    edit: Callable[[list[Any]], None], message: str, study: Study, good: Path, tmp_path: Path
) -> None:
    bad = resign(study, good, tmp_path / "bad.json", edit)
    with pytest.raises(InputError, match=message):
        read_ballots([bad], {study.id: study})


def test_one_observer_counts_once_and_nothing_is_written_when_files_are_refused(
    run: Path, good: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.json"
    copy.write_bytes(good.read_bytes())
    before = (run / "results.sqlite").read_bytes()
    count = len(json.loads(good.read_text())["votes"])
    with pytest.raises(InputError, match=rf"duplicated.* more votes \({count} and {count}\)"):
        take_votes(run, [good, copy])
    assert (run / "results.sqlite").read_bytes() == before
    assert not (run / "studies" / "votes").exists()


def test_every_refused_file_is_named_at_once(run: Path, good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.json").write_text("{")
    (folder / "good.json").write_bytes(good.read_bytes())
    with pytest.raises(InputError, match=r"2 of 3 votes files") as refused:
        count_votes(run, load_run(run), [folder])
    assert "a.json" in str(refused.value)
    assert "b.json" in str(refused.value)


def test_however_many_are_refused_each_has_a_line(
    run: Path, good: Path, tmp_path: Path, command_line: Callable[..., tuple[int, str, str]]
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number in range(100):
        (folder / f"{number}.json").write_text("{")
    code, out, said = command_line("votes", run, folder, good)
    assert (code, out) == (2, "")
    *each, last = said.splitlines()
    assert [Path(line.split(" ")[1]) for line in each] == sorted(folder.iterdir())
    assert last == "error: 100 of 101 votes files are refused, and nothing was counted"
