"""Every built-in restorer that is usable here keeps the contract.

Those that do not are found out, check by check.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from harness.api.plugins.conformance import usable_plugins
from harness.metrics.psnr import PSNR
from harness.plugins.kinds import metrics, restorers
from harness.plugins.specification import parse_restorer
from harness.restoring.build import build_restorer
from harness.results import MetricValue
from harness.testing import METRIC_CHECKS, RESTORER_CHECKS, check_metric, check_restorer

Command = Callable[..., tuple[int, str, str]]

USABLE = usable_plugins()
METRICS = [name for name in USABLE if name in metrics and not name.startswith("pyiqa-")]


@pytest.fixture(autouse=True, scope="module")
def _one_thread_as_in_workers() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", [name for name in USABLE if name in restorers])
def test_built_in_restorers_conform(name: str) -> None:
    checks = check_restorer(build_restorer(parse_restorer(name)))
    assert [item for item in checks if not item.passed] == []
    assert [item.check for item in checks] == list(RESTORER_CHECKS)


@pytest.mark.parametrize("name", METRICS)
def test_built_in_metrics_conform(name: str) -> None:
    checks = check_metric(metrics.get(name)(device="cpu"))  # type: ignore[call-arg]
    assert [item for item in checks if not item.passed] == []


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("WrongDtype", "dtype"),
        ("WrongSize", "shape-and-scale"),
        ("ReturnsNaN", "shape-and-scale"),
        ("WrongChannels", "grey-image"),
        ("MutatesInput", "input-not-mutated"),
        ("NonDeterministic", "determinism"),
        ("Doubles", "range"),
        ("ReturnsBlack", "range"),
        ("Crops", "odd-sizes"),
        ("NeedsEight", "tiny-image"),
    ],
)
def test_what_a_restorer_does_wrong_is_named(fault: str, check: str) -> None:
    found = check_restorer(build_restorer(parse_restorer(f"misbehaving:{fault}")))
    checks = {item.check: item for item in found}
    assert not checks[check].passed
    assert checks[check].message


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("OneTooFew", "expected an array (2, C, H, W)"),
        ("OneForAll", "one image for two that differ"),
        ("Mixes", "what it returns in a batch differs"),
        ("Draws", "it draws random numbers"),
    ],
)
def test_what_a_restorer_does_wrong_in_a_batch_is_named(fault: str, says: str) -> None:
    right, wrong = (
        item
        for name in ("Batched", fault)
        for item in check_restorer(build_restorer(parse_restorer(f"batching:{name}:marks=nowhere")))
        if item.check == "batch"
    )
    assert right.passed
    assert not wrong.passed
    assert says in wrong.message


class Turned(PSNR):
    """Says the opposite of what it means, and remembers what it saw."""

    seen = 0

    def __call__(self, restored: object, reference: object = None) -> MetricValue:
        self.seen += 1
        value = super().__call__(restored, reference).value  # type: ignore[arg-type]
        return MetricValue(self.seen - value)


def test_what_a_metric_does_wrong_is_named() -> None:
    failed = {item.check for item in check_metric(Turned()) if not item.passed}
    assert failed == set(METRIC_CHECKS)


def test_the_command_says_a_line_a_check_even_of_a_crash(command_line: Command) -> None:
    code, out, _ = command_line("check", "identity", "psnr")
    assert code == 0
    assert len(out.splitlines()) == len(RESTORER_CHECKS) + len(METRIC_CHECKS)
    code, out, _ = command_line("check", "misbehaving:Segfaults", "--json")
    document = json.loads(out)
    assert (code, document["schema"]) == (3, "restobench/check/1")
    assert all(row.keys() == {"name", "check", "passed", "message"} for row in document["rows"])
    crashed = [row for row in document["rows"] if "SIGSEGV" in row["message"]]
    assert len(crashed) >= 7
    assert not any(row["passed"] for row in crashed)


def test_what_cannot_be_checked_is_one_line(command_line: Command, tmp_path: Path) -> None:
    code, _, err = command_line("check", "bicubbic")
    assert (code, "Did you mean bicubic" in err) == (2, True)
    code, _, err = command_line("check")
    assert (code, "--all" in err) == (2, True)
    (tmp_path / "broken.pth").write_bytes(b"no weights")
    code, out, _ = command_line("check", tmp_path / "broken.pth", "--json")
    assert code == 3
    assert {row["passed"] for row in json.loads(out)["rows"]} == {False}
