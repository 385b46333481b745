"""Which images get a page: all of a small run, the telling ones of a large one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.protocols.report import ReportData
from harness.results import SampleRecord
from reports.html import choice
from reports.html.choice import choose_images, fit_images
from reports.pivot import set_tables


def test_all_of_a_small_run(fabricated: ReportData) -> None:
    chosen = choose_images(fabricated, set_tables(fabricated))
    assert sorted(chosen) == sorted(fabricated.data.samples)


def test_the_telling_ones_of_a_large_run(
    fabricated: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = "photos-sigma25"
    samples = {(noise, f"image{n:05}"): SampleRecord() for n in range(5000)}
    cell = replace(fabricated.data.failures[0].cell, set=noise, image="image00007")
    failures = (replace(fabricated.data.failures[0], cell=cell),)
    report = replace(fabricated, data=replace(fabricated.data, samples=samples, failures=failures))
    monkeypatch.setattr(choice, "MOST_PICTURES", 90)
    first = [(noise, "image04242"), (noise, "image00001"), ("photos-x2", "image00002")]
    chosen = choose_images(report, set_tables(report), first)
    tables = {table.set: len(table.lines) for table in set_tables(report)}
    assert len(chosen) * (tables[noise] + 2) <= 90
    assert len(chosen) >= 9
    assert {*first[:2], (noise, "image00007")} <= set(chosen)
    assert chosen == sorted(set(chosen))


def test_each_restorers_worst_and_best_come_before_evenly_spaced_ones(
    fabricated: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = "photos-sigma25"
    samples = {(noise, f"image{n:05}"): SampleRecord() for n in range(1000)}
    report = replace(fabricated, data=replace(fabricated.data, samples=samples, failures=()))
    monkeypatch.setattr(choice, "MOST_PICTURES", 90)
    ends = [(noise, f"image{n:05}") for n in (777, 3, 501, 12, 998)]
    chosen = choose_images(report, set_tables(report), (), ends)
    assert set(ends) <= set(chosen)
    assert len(chosen) > len(ends)


def test_large_pictures_leave_room_for_fewer_images(fabricated: ReportData) -> None:
    keys = [(name, f"image{n:02}") for name in ("a", "b") for n in range(50)]
    light = dict.fromkeys(keys, choice.MOST_BYTES // 100)
    assert fit_images(fabricated, light) == keys
    heavy = {key: 4 * weight for key, weight in light.items()}
    first = [("b", "image37")]
    chosen = fit_images(fabricated, heavy, first)
    assert [name for name, _ in chosen] == ["a"] * 12 + ["b"] * 12
    assert first[0] in chosen
    assert sum(heavy[key] for key in chosen) <= choice.MOST_BYTES
    assert chosen == sorted(chosen)


def test_pictures_of_any_size_leave_one_image(fabricated: ReportData) -> None:
    weights = {("a", "x"): 10 * choice.MOST_BYTES, ("a", "y"): 1, ("b", "x"): 1}
    assert [name for name, _ in fit_images(fabricated, weights)] == ["a"]
    keys = [(f"set{n:02}", "x") for n in range(30)]
    chosen = fit_images(fabricated, dict.fromkeys(keys, choice.MOST_BYTES // 10))
    assert chosen == keys[:10], "one of each of the first sets"
