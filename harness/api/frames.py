"""Rows as data frames whose columns have the same types whatever stands in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = {
    *("rank", "rank_low", "rank_high", "group", "mean", "median", "ci_low", "ci_high", "p"),
    *("gap", "gap_low", "gap_high", "difference", "difference_low", "difference_high"),
    *("value", "spread", "n", "n_pairs", "images", "failures", "leaderboards", "step"),
    *("of", "vectors", "rank_from", "seconds", "peak_mib", "growth_mib", "cuda_mib"),
    *("beside", "threads", "parameters"),
}
_TRUTHS = {"higher_is_better", "few_images", "is_best"}


def frame_of(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pd.DataFrame:
    """A data frame; `columns` come first, and are there without any row as well.

    Columns of numbers are that where every number is missing, too.
    """
    import pandas as pd

    more = [name for row in rows[:1] for name in row if name not in columns]
    frame = pd.DataFrame(rows, columns=[*columns, *more])
    for name, kind in frame.dtypes.items():
        if str(kind) != "object":
            continue
        if name in _NUMBERS:
            frame[name] = frame[name].astype("float64")
        elif not rows:
            frame[name] = frame[name].astype(bool if name in _TRUTHS else str)
    return frame
