"""The leaderboard and every score as tables: CSV, Parquet, JSON.

Columns: docs/results-format.md.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from harness.atomic import atomic_file
from harness.protocols.report import ReportData

if TYPE_CHECKING:
    import pandas

RANK_COLUMNS = (
    "benchmark", "set", "task", "metric", "restorer", "rank", "rank_low", "rank_high", "group",
    "mean", "median", "ci_low", "ci_high", "gap", "gap_low", "gap_high", "p", "n", "failures",
    "images", "few_images", "unit",
    "higher_is_better", "seconds", "peak_mib", "growth_mib", "cuda_mib", "beside", "batch",
    "device", "threads", "precision", "size", "parameters", "licence",
)  # fmt: skip
COMPUTED = {
    "differences": "behind", "costs": "costs", "headlines": "headlines",
    "pair_tests": "pair_tests", "critical_differences": "critical_differences",
    "agreements": "agreements", "disagreements": "disagreements", "stability": "stability",
    "set_standings": "set_standings",
}  # fmt: skip
"""Keys of the JSON document, and the fields of `ReportData` whose rows they hold."""

SCORE_COLUMNS = ("restorer", "set", "image", "metric", "value", "spread")

_WHOLE = (
    *("rank", "rank_low", "rank_high", "group", "n", "images", "failures", "parameters"),
    *("beside", "batch", "threads"),
)


class CSVReport:
    """`OUT.csv` with the leaderboards, and `OUT-scores.csv` with the score of every image.

    `OUT-sets.csv` as well, where the run has metrics of sets.
    """

    name: ClassVar[str] = "csv"
    suffix: ClassVar[str] = ".csv"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the files.

        Text that a spreadsheet would run as a formula gets an apostrophe before it.
        """
        for path, frame in _frames(report, out):
            text = frame.select_dtypes(include=["object", "string"]).columns
            frame[text] = frame[text].map(_disarm)
            with atomic_file(path, pipes=True) as partial:
                frame.to_csv(partial, index=False)
        return out


class ParquetReport:
    """The files of `CSVReport`, as Parquet."""

    name: ClassVar[str] = "parquet"
    suffix: ClassVar[str] = ".parquet"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the files."""
        for path, frame in _frames(report, out):
            with atomic_file(path, pipes=True) as partial:
                frame.to_parquet(partial, index=False)
        return out


class JSONReport:
    """One document with everything.

    Leaderboards, scores, costs, failures, what was skipped, and the plan.
    """

    name: ClassVar[str] = "json"
    suffix: ClassVar[str] = ".json"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the document `restobench/report/1`."""
        content = _finite(_document(report))
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        # a lone surrogate out of a hostile file name has no UTF-8
        with atomic_file(out, pipes=True) as partial:
            partial.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")
        return out


def _document(report: ReportData) -> dict[str, object]:
    run = report.data.run
    return {
        "schema": "restobench/report/1",
        "title": report.title,
        "notes": report.notes,
        "run": {key: getattr(run, key) for key in ("id", "started", "benchmark", "status")},
        "plan": run.plan.as_json(),
        "environment": run.environment,
        "restorers": run.restorers,
        # bounds that there are not are null, as in the run
        "metrics": {
            name: {**asdict(card), "bounds": [b if math.isfinite(b) else None for b in card.bounds]}
            for name, card in run.metrics.items()
        },
        "rows": report.rows,
        "scores": [
            {**asdict(item.cell), "metric": item.metric, "value": item.value, "spread": item.spread}
            for item in report.data.scores
        ],
        **{key: getattr(report, field) for key, field in COMPUTED.items()},
        "cost_notes": report.cost_notes,
        "comparison": report.comparison,
        "failures": [
            {**asdict(f.cell), "metric": f.metric, "kind": f.kind, "message": f.message}
            for f in report.data.failures
        ],
        "skipped": report.data.skipped,
    }


def _frames(report: ReportData, out: Path) -> list[tuple[Path, pandas.DataFrame]]:
    import numpy as np
    import pandas

    from harness.results.columns import as_columns

    ranks = pandas.DataFrame(list(report.rows), columns=list(RANK_COLUMNS))
    ranks = ranks.astype(dict.fromkeys(_WHOLE, "Int64"))
    columns = as_columns(report.data.scores)
    texts = [
        np.array(names, dtype=object)[codes]
        for names, codes in zip(columns.names, columns.codes, strict=True)
    ]
    values = [*texts, columns.values, columns.spreads]
    scores = pandas.DataFrame(dict(zip(SCORE_COLUMNS, values, strict=True)))
    frames = {"": ranks, "-scores": scores}
    if report.set_standings:
        frames["-sets"] = pandas.DataFrame(list(map(asdict, report.set_standings)))
    return [(out.with_name(f"{out.stem}{end}{out.suffix}"), table) for end, table in frames.items()]


def _disarm(text: object) -> object:
    formula = isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{text}" if formula else text


def _finite(value: object) -> object:
    """As JSON types: infinities, which JSON has not, become `inf` and `-inf`; NaN becomes null."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, Path) else value
