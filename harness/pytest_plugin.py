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
    from harness.running.plan import Plan


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
        from harness.plugins.kinds import resolve_benchmark
        from harness.regression.baseline_file import write_baseline
        from harness.regression.check import check_against
        from harness.regression.verdict_files import BAD, describe
        from harness.running.plan import make_plan

        path = self._root / baseline
        if not path.is_file() and not self._update:
            pytest.fail(
                f"no baseline {path}: write it with `pytest --restobench-update` and commit it",
                pytrace=False,
            )
        text = (
            restorer
            if isinstance(restorer, str)
            else f"{restorer.__module__}:{restorer.__qualname__}"
        )
        plan = make_plan(resolve_benchmark(benchmark), [text], metrics, sets, limit)
        now = self._run(plan, workers, timeout)
        if self._update:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_baseline(now, path)
            return None
        chosen = self._root / settings if settings else None
        comparison = check_against(now, path, settings=chosen, name=str(baseline))
        code = comparison.exit_code()
        if code:
            told = comparison.of(*BAD) if code in (1, 3) else comparison.findings
            lines = [
                f"{item.restorer} on {item.set}: {item.metric} {describe(item)}" for item in told
            ]
            pytest.fail("\n".join(lines) or f"nothing of this run is in {path}", pytrace=False)
        return comparison

    def _run(self, plan: Plan, workers: int, timeout: float) -> MeasuredRun:
        from harness.regression.measured_run import load_measured
        from harness.running.runner import run_plan

        self._calls += 1
        folder = self._folder / f"run{self._calls}"
        run_plan(plan, folder, workers=workers, timeout=timeout)
        return load_measured(folder)


@pytest.fixture
def restobench(request: pytest.FixtureRequest, tmp_path: Path) -> Checker:
    """Regression checks.

    `restobench.check(MyRestorer, "gaussian-denoising", baseline="baselines/mine.json")`.
    """
    return Checker(
        tmp_path, bool(request.config.getoption("--restobench-update")), request.path.parent
    )
