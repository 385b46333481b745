"""What an observer does on the page of a study."""

from __future__ import annotations

from pathlib import Path

from visits import Visit

SIDES = {"left": "ArrowLeft", "right": "ArrowRight", "tie": "ArrowDown"}


def begin(visit: Visit) -> None:
    visit.page.get_by_label("I have read this").check()
    visit.page.get_by_role("button", name="Begin").click()


def wait(visit: Visit) -> None:
    """Until both pictures are shown."""
    visit.page.locator("[data-choice=left]:not([disabled])").wait_for()


def practise(visit: Visit) -> None:
    for key in ("ArrowLeft", "ArrowRight", "ArrowDown"):
        wait(visit)
        visit.page.keyboard.press(key)


def vote(visit: Visit, choices: list[str]) -> None:
    for choice in choices:
        wait(visit)
        before = visit.page.locator("#count").inner_text()
        visit.page.keyboard.press(SIDES[choice])
        visit.page.locator(f"#count:not(:text-is('{before}')), #end:not([hidden])").first.wait_for()


def save(visit: Visit, to: Path) -> Path:
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Save the votes file").click()
    download.value.save_as(to)
    assert to.read_text() == visit.page.locator("#text").input_value()
    return to
