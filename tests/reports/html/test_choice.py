"""Which images get a page: all of a small run, the telling ones of a large one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.protocols.report import ReportData
from harness.results import SampleRecord
from reports.html import choice
from reports.html.choice import choose_images
from reports.pivot import set_tables


def test_all_of_a_small_run(fabricated: ReportData) -> None:
    chosen = choose_images(fabricated, set_tables(fabricated))
    assert sorted(chosen) == sorted(fabricated.data.samples)


def test_the_telling_ones_of_a_large_run(
    fabricated: ReportData, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = "photos-sigma25"
    samples = {(noise, f"image{n:05}"): SampleRecord("") for n in range(5000)}
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
