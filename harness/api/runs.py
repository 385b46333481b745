"""A run folder opened, ranked, held against a baseline."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.arguments import path_of, several
from harness.api.frames import frame_of
from harness.api.result import Result
from harness.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from harness.results import Comparison


_FIRST = ("benchmark", "set", "metric", "restorer", "rank", "mean")


def load_run(folder: str | Path) -> Result:
    """Opens a run folder; warns where it was stopped, or has lost rows.

    Raises:
        StoreError: No run there, or a damaged one.
        InputError: It is no path.
    """
    if not isinstance(folder, str | Path):
        raise InputError(f"run is {folder!r:.60}; expected a result or a run folder")
    result = Result(path_of(folder, "run"))
    for why in result.data.incomplete():
        warnings.warn(f"{folder}: {why}", stacklevel=2)
    return result


def rank(
    run: Result | str | Path,
    *,
    by: str | None = None,
    set: str | None = None,
    aggregate: str | None = None,
    weights: Mapping[str, float] | None = None,
    versus: str | None = None,
    policy: str = "common",
) -> pd.DataFrame:
    """Ranks the restorers of a run, as `restobench rank` does.

    Args:
        run: A result, or a run folder.
        by: Only this metric.
        set: Only this set.
        aggregate: One order for each task in place of leaderboards: `borda`, `mean-rank`,
            `bradley-terry`, `weighted` or `ntire-efficiency`.
        weights: Of `weighted`: metric -> number.
        versus: A restorer, from which the distance of each is told; of aggregates,
            `ntire-efficiency` alone takes one.
        policy: `common`, or `complete`: only restorers with a score of every image.

    Returns:
        The columns of `restobench/rank/1`.

    Raises:
        InputError: No such metric, set or restorer, or the order cannot be made.
    """
    from harness.api import ranks

    ranks.require_weighted(aggregate, weights)
    if aggregate and (by or set or (versus and aggregate != "ntire-efficiency")):
        raise InputError("aggregate goes over all sets and metrics: leave by, set and versus out")
    data = run.data if isinstance(run, Result) else load_run(run).data
    if aggregate is not None:
        rows = ranks.aggregate_rows(data, aggregate, weights, versus, policy)
        return frame_of(rows, (*_FIRST[:2], "task", *_FIRST[2:]))
    rows, *_ = ranks.leaderboard_rows(data, metric=by, set_name=set, base=versus, policy=policy)
    return frame_of(rows, _FIRST)


def compare(
    run: Result | str | Path,
    baseline: Result | str | Path,
    *,
    aliases: Sequence[str] = (),
    settings: str | Path | None = None,
    name: str | None = None,
) -> Comparison:
    """Judges a run against a baseline.

    Args:
        run: A result, or a run folder.
        baseline: A file that `Result.baseline` or `restobench baseline` wrote, a run folder, or the
            result of one.
        aliases: `NEW=OLD`: restorers that were renamed since.
        settings: A TOML file that says what counts as a regression.
        name: What to call the baseline; default: its path.

    Raises:
        HarnessError: One of the files is not what it should be.
    """
    from harness.regression import check, measured_run

    folder = (run if isinstance(run, Result) else load_run(run)).folder
    return check.check_against(
        measured_run.load_measured(folder),
        baseline.folder if isinstance(baseline, Result) else path_of(baseline, "baseline"),
        aliases=several(aliases, "aliases"),
        settings=None if settings is None else path_of(settings, "settings"),
        name=None if name is None else str(name),
    )
