"""A whole study in a real browser: observers of a known taste, a careless one, a second visit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from observing import begin, practise, save, vote, wait
from visits import Visit
from voted_run import TEXTS, answer, careless
from voted_run import vote as cast

from harness.api.people.server import StudyServer
from harness.api.people.studies import StudyWishes, make_study
from harness.api.people.votes import take_votes
from harness.people.screening import Rules
from harness.people.sessions import Budget
from harness.people.study import Study
from harness.ranking.leaderboards import rank_run
from harness.reporting.assemble import assemble
from harness.storage.store import load_run
from reports.html.report import HTMLReport

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


def test_observers_of_one_taste_are_heard_and_a_careless_one_is_screened(
    made_of_demo: tuple[Path, Study, Path, Any], open_page: Open, tmp_path: Path
) -> None:
    run, study, page, taste = made_of_demo
    files = []
    for number, session in enumerate(study.sessions):
        # chance sees three of four clear pairs for one in nine who do not look: not for this one
        generator = np.random.default_rng(number if number < 3 else 23)
        visit = open_page(page, f"#session={number + 1}")
        begin(visit)
        practise(visit)
        vote(
            visit,
            [
                careless(generator) if number == 3 else answer(trial, taste, generator)
                for trial in session
            ],
        )
        files.append(save(visit, tmp_path / f"{number}.json"))
        assert visit.logged == []
        home = page.parent.as_uri()
        assert all(url.startswith((home, "blob:")) for url in visit.requests)
    counted = take_votes(run, files, Rules(fastest=0))
    out = {seen.observer for seen in counted.screened if seen.left_out}
    assert out == {json.loads(files[3].read_text())["observer"]}
    boards = {board.metric: board.rows for board in rank_run(load_run(run)).boards}
    by_psnr = [row.restorer for row in boards["psnr"]]
    assert by_psnr == ["lanczos", "bicubic", "nearest"]
    assert [row["restorer"] for row in counted.rows()] == by_psnr
    assert [row.restorer for row in boards["people"]] == by_psnr


def test_a_second_visit_goes_on_where_the_first_stopped(
    made_of_demo: tuple[Path, Study, Path, Any], browser: Any, tmp_path: Path
) -> None:
    _, study, page, _ = made_of_demo
    context = browser.new_context()
    try:
        first = Visit(context, page, "#session=2")
        begin(first)
        practise(first)
        vote(first, ["left", "tie"])
        first.page.get_by_role("button", name="stop and save").click()
        early = json.loads(save(first, tmp_path / "early.json").read_text())
        first.page.close()
        second = Visit(context, page, "#session=2")
        wait(second)
        assert second.page.locator("#count").inner_text() == f"2 of {len(study.sessions[1])}"
        vote(second, ["right"])
        second.page.get_by_role("button", name="stop and save").click()
        later = json.loads(save(second, tmp_path / "later.json").read_text())
    finally:
        context.close()
    assert later["observer"] == early["observer"]
    assert [vote["choice"] for vote in later["votes"]] == ["left", "tie", "right"]
    assert later["votes"][:2] == early["votes"]


def test_a_pixel_is_whole_pixels_of_the_display_and_both_move_together(
    made: tuple[Path, Study, Path, Any], open_page: Open
) -> None:
    _, _, page, _ = made
    for ratio in (1, 1.25, 2, 3):
        visit = open_page(page, "#session=1", device_scale_factor=ratio)
        begin(visit)
        wait(visit)
        script = """i => [i.getBoundingClientRect().width, i.naturalWidth,
                          getComputedStyle(i).imageRendering]"""
        width, natural, rendering = visit.page.eval_on_selector("#left", script)
        assert width * ratio / natural == pytest.approx(int(ratio), abs=1e-3)
        assert rendering == "pixelated"
        warned = "100 %" in (visit.page.locator("#display").text_content() or "")
        assert warned == (ratio == 1.25)
        for _ in range(8):
            visit.page.keyboard.press("+")
        places = "images => images.map((image) => image.style.transform)"
        before = visit.page.eval_on_selector_all(".pane img", places)
        visit.page.keyboard.press("Shift+ArrowLeft")
        after = visit.page.eval_on_selector_all(".pane img", places)
        assert len({*after}) == 1
        assert before != after or ratio > 1


def test_practice_says_what_is_clearly_better(
    made: tuple[Path, Study, Path, Any], open_page: Open
) -> None:
    _, _, page, _ = made
    visit = open_page(page, "#session=1")
    begin(visit)
    wait(visit)
    visit.page.keyboard.press("B")  # as Caps Lock has it
    assert "A is clearly better" in visit.page.locator("#said").inner_text()
    visit.page.keyboard.press("ArrowLeft")
    visit.page.locator("#phase:has-text('Practice 2 of 3')").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_on_any_of_its_screens(
    scheme: str, made: tuple[Path, Study, Path, Any], open_page: Open, axe: str
) -> None:
    _, _, page, _ = made
    visit = open_page(page, "#session=1", color_scheme=scheme)
    assert visit.barriers(axe) == []
    begin(visit)
    practise(visit)
    wait(visit)
    assert visit.barriers(axe) == []
    visit.page.get_by_role("button", name="stop and save").click()
    assert visit.barriers(axe) == []


def test_a_phone_has_room_for_all_of_it_and_votes_by_touch(
    made: tuple[Path, Study, Path, Any], open_page: Open
) -> None:
    _, _, page, _ = made
    phone = {"viewport": {"width": 390, "height": 760}, "has_touch": True, "is_mobile": True}
    visit = open_page(page, "#session=1", device_scale_factor=3, **phone)
    begin(visit)
    practise(visit)
    wait(visit)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visit.page.evaluate("document.documentElement.scrollHeight") <= 800
    boxes = [box.bounding_box() for box in visit.page.locator(".choices button").all()]
    assert all(box["width"] >= 44 and box["height"] >= 44 for box in boxes)
    visit.page.locator("[data-choice=right]").tap()
    visit.page.locator("#count:has-text('1 of')").wait_for()


def test_on_a_phone_a_picture_beside_the_two_shows_the_same_part(
    made: tuple[Path, Study, Path, Any], open_page: Open, tmp_path: Path
) -> None:
    run = Path(shutil.copytree(made[0], tmp_path / "run"))
    texts = replace(TEXTS, beside="degraded", post="http://127.0.0.1:9/votes")
    wishes = StudyWishes(texts, Budget(1, 4, 8), sets=("photos-sigma25",))
    _, page = make_study(run, tmp_path / "page", wishes)
    visit = open_page(page, viewport={"width": 390, "height": 760}, has_touch=True)
    told = visit.page.inner_text("#intro")
    assert "whether the page was hidden" in told
    assert "then it is sent to http://127.0.0.1:9/votes" in told
    begin(visit)
    wait(visit)
    places = """panes => panes.map((pane) => {
      const { x, width, height } = pane.getBoundingClientRect();
      return [x, width, height, pane.firstChild.getBoundingClientRect().x].join(" ");
    })"""
    found = visit.page.eval_on_selector_all(".pane", places)
    assert len(found) == 3
    assert len(set(found)) == 1
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_served_page_sends_its_votes(
    served: StudyServer, made: tuple[Path, Study, Path, Any], open_page: Open
) -> None:
    _, study, _, _ = made
    visit = open_page(served.links[0])
    begin(visit)
    practise(visit)
    vote(visit, ["left"] * len(study.sessions[0]))
    visit.page.get_by_text("The votes have arrived").wait_for()
    [file] = served.votes.glob("*.json")
    assert len(json.loads(file.read_text())["votes"]) == len(study.sessions[0])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_reports_page_of_votes_has_no_barrier(
    scheme: str,
    made: tuple[Path, Study, Path, Any],
    open_page: Open,
    axe: str,
    tmp_path: Path,
) -> None:
    run, study, _, taste = made
    own = Path(shutil.copytree(run, tmp_path / "run"))
    take_votes(own, cast(study, tmp_path / "votes", taste, random_ones=[3]))
    HTMLReport().write(assemble(load_run(own), own), tmp_path / "report")
    page = tmp_path / "report" / "site" / "people.html"
    visit = open_page(page, color_scheme=scheme, viewport={"width": 360, "height": 800})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert visit.logged == []  # before axe, which asks for style sheets
    assert visit.barriers(axe) == []
