"""Costs are ranked among machines of one kind and calls of one kind, and marked otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fabricated_run import fabricate

from harness.regression.cost_ratios import compare_costs
from harness.regression.measured_run import measured_run
from harness.regression.tolerances import Settings
from harness.reporting.costs import cost_notes, costs
from harness.results import FIRST_CALLS, MIXED_HARDWARE, RunData
from reports.wording import beside

HOSTS = {
    "n1": {"name": "n1", "processor": "EPYC", "accelerator": "A100", "driver": "1"},
    "n2": {"name": "n2", "processor": "EPYC", "accelerator": "A100", "driver": "1"},
    "n3": {"name": "n3", "processor": "EPYC", "accelerator": "H100", "driver": "1"},
}


@pytest.fixture
def data(tmp_path: Path) -> RunData:
    """A run whose images were all timed alone."""
    made = fabricate(tmp_path, images=3, side=48)
    alone = [replace(item, spent=replace(item.spent, beside=0)) for item in made.restored]
    return replace(made, restored=alone, run=made.run.with_hosts(HOSTS))


def on(data: RunData, *names: str) -> RunData:
    """The same run on these hosts in turn."""
    images = [
        replace(item, spent=replace(item.spent, host=names[place % len(names)]))
        for place, item in enumerate(data.restored)
    ]
    return replace(data, restored=images)


def test_hosts_of_one_kind_are_ranked_and_of_several_are_not(data: RunData) -> None:
    same = costs(on(data, "n1", "n2"))
    assert all(item.timed_alone and not item.mixed for item in same)
    mixed = costs(on(data, "n1", "n3"))
    assert all(item.untimed == MIXED_HARDWARE for item in mixed)
    notes = [line for lines in cost_notes(mixed).values() for line in lines]
    assert any(line.startswith("not ranked by time: all; restored on machines") for line in notes)


def test_a_run_without_hosts_has_one_machine(data: RunData) -> None:
    assert all(item.timed_alone for item in costs(data))


def cold(data: RunData, *restorers: str) -> RunData:
    """The same run, in which every cell of these restorers was the first of a worker."""
    images = [
        replace(item, spent=replace(item.spent, cold=item.cell.restorer in restorers))
        for item in data.restored
    ]
    return replace(data, restored=images)


def test_first_calls_of_workers_are_not_ranked_beside_later_ones(data: RunData) -> None:
    one, *others = {item.cell.restorer: None for item in data.restored}
    found = costs(cold(data, one))
    assert {item.restorer for item in found if item.untimed == FIRST_CALLS} == {one}
    assert {beside(item) for item in found if item.restorer == one} == {"first calls"}
    notes = [line for lines in cost_notes(found).values() for line in lines]
    assert any(line.startswith(f"not ranked by time: {one}; timed in first") for line in notes)
    assert all(item.timed_alone for item in costs(cold(data, one, *others)))


def test_costs_are_judged_by_the_machines_that_restored(data: RunData) -> None:
    one, two = measured_run(on(data, "n1", "n2")), measured_run(on(data, "n1", "n3"))
    assert one.hardware["accelerator"] == "A100"
    reasons = {item.reason for item in compare_costs(two, one, Settings())}
    assert reasons == {MIXED_HARDWARE}
    other = measured_run(on(data, "n3"))
    reasons = {item.reason for item in compare_costs(other, one, Settings())}
    assert reasons == {"accelerator: baseline A100, now H100"}
