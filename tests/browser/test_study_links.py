"""Whose votes they are: links, several people or tabs in one browser, and presses in haste."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from observing import begin, practise, vote, wait
from visits import Visit

from harness.people.study import Study

pytestmark = pytest.mark.browser

Made = tuple[Path, Study, Path, Any]


@pytest.mark.parametrize("wrong", ["0", "5", "99", "", "x", "-1", "1e0"])
def test_a_session_that_is_not_there_is_one_clear_message(
    wrong: str, made: Made, open_page: Callable[..., Visit], axe: str
) -> None:
    visit = open_page(made[2], f"#session={wrong}")
    assert f"no session {wrong}: this study has sessions 1 to 4" in visit.page.inner_text("main")
    assert not visit.page.locator("#agree").is_visible()
    assert visit.logged == []
    assert visit.barriers(axe) == []
    visit.page.evaluate("location.hash = 'session=4'")
    begin(visit)
    wait(visit)


def test_another_link_in_the_same_tab_is_another_observer(made: Made, browser: Any) -> None:
    context = browser.new_context()
    try:
        visit = Visit(context, made[2], "#session=1&token=one")
        begin(visit)
        practise(visit)
        vote(visit, ["left", "left"])
        for link in ("session=2&token=two", "session=1&token=three"):
            visit.page.evaluate("link => { location.hash = link; }", link)
            visit.page.locator("#agree").wait_for()
            assert not visit.page.locator("#agree").is_checked()
            assert visit.page.locator("#begin").is_disabled()
        begin(visit)
        practise(visit)
        visit.page.get_by_role("button", name="stop and save").click()
        second = json.loads(visit.page.locator("#text").input_value())
        assert (second["session"], second["votes"]) == (0, [])
        visit.page.evaluate("location.hash = 'session=1&token=one'")
        visit.page.locator("#count:has-text('2 of')").wait_for()
        visit.page.get_by_role("button", name="stop and save").click()
        first = json.loads(visit.page.locator("#text").input_value())
    finally:
        context.close()
    assert len(first["votes"]) == 2
    assert first["observer"] != second["observer"]


def test_a_link_sends_with_its_own_token(
    served: Any, made: Made, open_page: Callable[..., Visit]
) -> None:
    visit = open_page(served.links[0])
    for link in served.links[:2]:
        visit.page.goto(link)  # the second differs in its hash alone
        visit.page.locator("#agree").wait_for()
        begin(visit)
        practise(visit)
        vote(visit, ["tie"] * len(made[1].sessions[0]))
        visit.page.get_by_text("The votes have arrived").wait_for()
    kept = [json.loads(path.read_text()) for path in sorted(served.votes.glob("*.json"))]
    assert [votes["session"] for votes in kept] == [0, 1]
    assert len({votes["observer"] for votes in kept}) == 2


def stop(visit: Visit) -> Any:
    """The votes file as the page shows it at the end."""
    visit.page.get_by_role("button", name="stop and save").click()
    return json.loads(visit.page.locator("#text").input_value())


def test_someone_else_consents_anew_and_the_others_votes_can_be_saved(
    made: Made, browser: Any, axe: str, tmp_path: Path
) -> None:
    context = browser.new_context()
    try:
        visit = Visit(context, made[2])
        begin(visit)
        practise(visit)
        vote(visit, ["left", "tie"])
        first = stop(visit)
        visit.page.reload()
        wait(visit)
        visit.page.once("dialog", lambda dialog: dialog.dismiss())
        visit.page.locator("#ask .someone").click()
        assert visit.page.locator("#count").inner_text().startswith("2 of")
        visit.page.once("dialog", lambda dialog: dialog.accept())
        visit.page.locator("#ask .someone").click()
        visit.page.locator("#agree").wait_for()
        begin(visit)
        practise(visit)
        vote(visit, ["right"])
        second = stop(visit)
        assert visit.barriers(axe) == []
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name=f"2 votes of {first['observer']}").click()
        download.value.save_as(tmp_path / "first.json")
    finally:
        context.close()
    assert json.loads((tmp_path / "first.json").read_text()) == first
    assert second["observer"] != first["observer"]
    assert [vote["choice"] for vote in second["votes"]] == ["right"]


def test_a_link_with_a_token_is_of_one_person(made: Made, open_page: Callable[..., Visit]) -> None:
    visit = open_page(made[2], "#session=1&token=one")
    begin(visit)
    wait(visit)
    assert not visit.page.locator("#ask .someone").is_visible()


@pytest.mark.parametrize("told", [True, False])
def test_two_tabs_lose_no_vote(told: bool, made: Made, browser: Any) -> None:
    """Whether or not the browser tells one tab what the other has stored."""
    context = browser.new_context()
    if not told:
        context.add_init_script(
            "addEventListener('storage', (event) => event.stopImmediatePropagation());"
        )
    try:
        one = Visit(context, made[2], "#session=3")
        other = Visit(context, made[2], "#session=3")
        begin(one)
        practise(one)
        if not told:  # it does not know yet that somebody else has begun
            begin(other)
            other.page.locator("#count:has-text('0 of')").wait_for()
        vote(one, ["left", "tie"])
        if told:
            other.page.locator("#count:has-text('2 of')").wait_for()
        else:
            wait(other)
            other.page.keyboard.press("ArrowRight")  # on a pair that is answered already
        assert "Another tab has gone on" in other.page.locator("#said").inner_text()
        other.page.locator("#count:has-text('2 of')").wait_for()
        vote(other, ["right"])
        if not told:
            wait(one)
            one.page.keyboard.press("ArrowLeft")
        one.page.locator("#count:has-text('3 of')").wait_for()
        vote(one, ["left"])
        found = [stop(visit) for visit in (other, one)]
    finally:
        context.close()
    assert found[0] == found[1]
    assert [vote["choice"] for vote in found[0]["votes"]] == ["left", "tie", "right", "left"]


LOOKS = """buttons => buttons.map((button) => {
  const { color, borderColor, outline, backgroundColor, boxShadow } = getComputedStyle(button);
  return [color, borderColor, outline, backgroundColor, boxShadow].join(" ");
})"""


@pytest.mark.parametrize("hand", ["mouse", "touch", "keyboard"])
def test_nothing_of_the_last_answer_is_seen_on_the_next_pair(
    hand: str, made: Made, open_page: Callable[..., Visit]
) -> None:
    visit = open_page(made[2], "#session=1", has_touch=True)
    begin(visit)
    practise(visit)
    wait(visit)
    button = visit.page.locator("[data-choice=left]")
    if hand == "keyboard":
        button.focus()
        visit.page.keyboard.press("Enter")
    else:
        button.click() if hand == "mouse" else button.tap()
    visit.page.locator("#count:has-text('1 of')").wait_for()
    wait(visit)
    assert not visit.page.evaluate("document.activeElement.matches('[data-choice]')")
    looks = visit.page.eval_on_selector_all("[data-choice]", LOOKS)
    assert len(set(looks)) == 1


def test_a_double_press_answers_one_pair(made: Made, open_page: Callable[..., Visit]) -> None:
    visit = open_page(made[2], "#session=1")
    visit.page.clock.install(time=0)
    visit.page.clock.pause_at(60_000)  # time passes only as told from now on
    begin(visit)
    visit.page.locator(".panes:not(.waiting)").wait_for()
    assert visit.page.locator("[data-choice=left]").is_disabled()
    visit.page.keyboard.press("ArrowLeft")
    visit.page.clock.run_for(299)
    visit.page.keyboard.press("ArrowLeft")
    assert "Practice 1 of 3" in visit.page.locator("#phase").inner_text()
    visit.page.clock.run_for(1)
    visit.page.keyboard.press("ArrowLeft")
    visit.page.locator("#phase:has-text('Practice 2 of 3')").wait_for()


def test_votes_that_the_server_refuses_are_to_be_saved(
    served: Any, open_page: Callable[..., Visit]
) -> None:
    visit = open_page(served.links[0])
    begin(visit)
    practise(visit)
    spoil = """() => {
      const [place, text] = Object.entries(localStorage)[0];
      const state = JSON.parse(text);
      const vote = { trial: "0-0", choice: "left", ms: 9, away: false };
      const { sessions } = JSON.parse(document.getElementById("data").textContent);
      state.votes = sessions[0].map(() => vote);
      localStorage.setItem(place, JSON.stringify(state));
    }"""
    visit.page.evaluate(spoil)
    visit.page.reload()
    visit.page.get_by_text("not taken (400). Please save the votes file").wait_for()
    assert list(served.votes.glob("*.json")) == []
