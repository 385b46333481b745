"""pytest plugin: regression checks in a lab's own tests, through the fixture `restobench`.

docs/regression.md shows how.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import pytest

if TYPE_CHECKING:
    from harness import Result
    from harness.api.evaluation import Doing
    from harness.api.planning import Choice
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
        path = self._require_baseline(baseline)
        known = (sets, metrics, limit)
        now = self._measure(restorer, benchmark, *known, workers=workers, timeout=timeout)
        return self._judge(now, path, str(baseline), self._root / settings if settings else None)

    def _require_baseline(self, baseline: str | Path) -> Path:
        path = self._root / baseline
        if not path.is_file() and not self._update:
            hint = "write it with `pytest --restobench-update` and commit it"
            pytest.fail(f"no baseline {path}: {hint}", pytrace=False)
        return path

    def _measure(
        self,
        restorer: str | type,
        benchmark: str,
        sets: Sequence[str],
        metrics: Sequence[str],
        limit: int | None,
        **how: Unpack[Doing],
    ) -> Result:
        from harness import evaluate

        self._calls += 1
        out = self._folder / f"run{self._calls}"
        chosen: Choice = {"sets": sets, "metrics": metrics, "limit": limit}
        return evaluate(restorer, benchmark, out=out, isolated=True, **chosen, **how)

    def _judge(
        self, now: Result, path: Path, name: str, settings: Path | None
    ) -> Comparison | None:
        from harness import compare
        from harness.regression.verdict_files import BAD, describe

        if self._update:
            now.baseline(path)
            return None
        comparison = compare(now, path, settings=settings, name=name)
        if code := comparison.exit_code():
            told = comparison.of(*BAD) if code in (1, 3) else comparison.findings
            lines = [
                f"{item.restorer} on {item.set}: {item.metric} {describe(item)}" for item in told
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
