"""pytest plugin: regression checks in a lab's own tests, through the fixture `restobench`.

docs/regression.md shows how.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.regression.measured_run import MeasuredRun
    from harness.results import Comparison


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--restobench-update`."""
    parser.getgroup("restobench").addoption(
        "--restobench-update",
        action="store_true",
        help="Write the baselines of restobench.check anew.",
    )


class Checker:
    """What the fixture hands to a test.

    Args:
        folder: Run folders go here.
        update: Whether baselines are written instead of compared with.
        root: Relative baselines lie here.
    """

    def __init__(self, folder: Path, update: bool, root: Path) -> None:
        self._folder, self._update, self._root = folder, update, root
        self._calls = 0

    def check(
        self,
        restorer: str | type,
        benchmark: str,
        *,
        baseline: str | Path,
        sets: Sequence[str] = (),
        metrics: Sequence[str] = (),
        limit: int | None = None,
        workers: int = 1,
        timeout: float = 600.0,
        settings: str | Path | None = None,
    ) -> Comparison | None:
        """Runs a restorer over a benchmark and fails the test where it is worse than the baseline.

        Args:
            restorer: As after `-r`, or a class that a worker process can import.
            benchmark: A name, or a TOML file.
            baseline: The file; relative to the folder of the test.
            sets: Part of the benchmark's sets; empty: all.
            metrics: Instead of the benchmark's own.
            limit: The first so many images of each set.
            workers: Cells at work at once; seconds and memory are judged with 1.
            timeout: Seconds that one restoration may take.
            settings: TOML with tolerances.

        Returns:
            The comparison; `None` when the baseline was written.

        Raises:
            pytest.fail.Exception: Something regressed, fails now, or was not comparable; or there
                is no baseline.
        """
        path = self._root / baseline
        if not path.is_file() and not self._update:
            hint = "write it with `pytest --restobench-update` and commit it"
            pytest.fail(f"no baseline {path}: {hint}", pytrace=False)
        now = self._measure(restorer, benchmark, sets, metrics, limit, workers, timeout)
        return self._judge(now, path, str(baseline), self._root / settings if settings else None)

    def _measure(
        self,
        restorer: str | type,
        benchmark: str,
        sets: Sequence[str],
        metrics: Sequence[str],
        limit: int | None,
        workers: int,
        timeout: float,
    ) -> MeasuredRun:
        from harness.plugins.kinds import resolve_benchmark
        from harness.regression.measured_run import load_measured
        from harness.running import plan, runner

        if not isinstance(restorer, str):
            restorer = f"{restorer.__module__}:{restorer.__qualname__}"
        work = plan.make_plan(resolve_benchmark(benchmark), [restorer], metrics, sets, limit)
        self._calls += 1
        folder = self._folder / f"run{self._calls}"
        runner.run_plan(work, folder, workers=workers, timeout=timeout)
        return load_measured(folder)

    def _judge(
        self, now: MeasuredRun, path: Path, name: str, settings: Path | None
    ) -> Comparison | None:
        from harness.regression import baseline_file, check, verdict_files

        if self._update:
            path.parent.mkdir(parents=True, exist_ok=True)
            baseline_file.write_baseline(now, path)
            return None
        comparison = check.check_against(now, path, settings=settings, name=name)
        if code := comparison.exit_code():
            told = comparison.of(*verdict_files.BAD) if code in (1, 3) else comparison.findings
            lines = [
                f"{item.restorer} on {item.set}: {item.metric} {verdict_files.describe(item)}"
                for item in told
            ]
            pytest.fail("\n".join(lines) or f"nothing of this run is in {path}", pytrace=False)
        return comparison


@pytest.fixture
def restobench(request: pytest.FixtureRequest, tmp_path: Path) -> Checker:
    """Regression checks.

    `restobench.check(MyRestorer, "gaussian-denoising", baseline="baselines/mine.json")`.
    """
    update = bool(request.config.getoption("--restobench-update"))
    return Checker(tmp_path, update, request.path.parent)
