"""Fixtures and folders that many tests share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.protocols.report import ReportData

# worker processes import restorers and sets that misbehave by name, and inherit this path
sys.path[:0] = [
    str(Path(__file__).parent / folder) for folder in ("faults", "made_runs", "distributing")
]


@pytest.fixture(autouse=True)
def _same_networks() -> None:
    """A network of random weights is the same each time: some are no restorers."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c() -> None:
    """It is heard, also where a shell has started the tests with `&`, which ignores it for them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _workers_with_torch() -> None:
    """There is one server of workers: it must suit the tests that need torch."""
    from harness.workers.pool import announce

    announce(lambda: ["torch"])


@pytest.fixture(autouse=True, scope="session")
def _own_caches(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Weights stay where `restobench zoo get` put them; the rest goes to folders of the session."""
    os.environ["RESTOBENCH_IMAGE_CACHE"] = str(tmp_path_factory.mktemp("images"))
    os.environ["RESTOBENCH_SCORE_CACHE"] = str(tmp_path_factory.mktemp("scores"))
    os.environ["RESTOBENCH_CARD_CACHE"] = str(tmp_path_factory.mktemp("cards"))
    os.environ["RESTOBENCH_FEATURE_CACHE"] = str(tmp_path_factory.mktemp("features"))


@pytest.fixture
def data() -> Path:
    """The shared data folder, or a skip that names it."""
    folder = os.environ.get("RESTOBENCH_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("RESTOBENCH_DATA is not set or not a folder")
    return Path(folder)


@pytest.fixture
def generator() -> np.random.Generator:
    """A seeded source of randomness."""
    return np.random.default_rng(7)


@pytest.fixture
def command_line(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """The command line in this process: arguments in; exit code, stdout and stderr out."""
    from harness.cli.group import main

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert isinstance(leaving.value.code, int)
        return leaving.value.code, captured.out, captured.err

    return call


@pytest.fixture(scope="session")
def fabricated(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    """A report's data over real images."""
    from fabricated_run import fabricate

    from harness.reporting.assemble import assemble

    folder = tmp_path_factory.mktemp("run")
    data = fabricate(folder, images=8, side=128)
    return assemble(data, folder, title="A title", notes="Some notes")
