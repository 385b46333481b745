"""File names: of letters, digits and hyphens only, different for different names."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reports.html.places import plan_places, slug


@given(st.lists(st.text(max_size=90), unique=True, max_size=12))
def test_any_names_become_different_file_names_that_stay_inside(names: list[str]) -> None:
    places = plan_places(Path("out"), names, names, [(name, name) for name in names])
    addresses = [places.restorer(name) for name in names] + [places.set(name) for name in names]
    addresses += [places.image(name, name) for name in names]
    assert len({address.lower() for address in addresses}) == 3 * len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,90}\.html", address) for address in addresses)


def test_a_name_that_imitates_anothers_slug_gets_its_own() -> None:
    names = ["A b", slug("A b")]
    places = plan_places(Path("out"), names, [], [])
    assert places.restorer(names[0]) != places.restorer(names[1])


def test_plain_names_stay_readable() -> None:
    assert slug("photos-x2") == "photos-x2"
    assert slug("DAT light").startswith("dat-light-")
