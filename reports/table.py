"""The leaderboard and every score as tables: CSV, Parquet, JSON. Columns: docs/results-format.md."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.protocols import ReportData

if TYPE_CHECKING:
    import pandas

RANK_COLUMNS = (
    "benchmark", "set", "task", "metric", "restorer", "rank", "rank_low", "rank_high", "group", "mean", "median",
    "ci_low", "ci_high", "n", "failures", "few_images", "unit", "higher_is_better", "seconds", "peak_mib",
    "parameters", "licence",
)  # fmt: skip
COMPUTED = {
    "differences": "behind", "costs": "costs", "headlines": "headlines", "pair_tests": "pair_tests",
    "critical_differences": "critical_differences", "agreements": "agreements", "disagreements": "disagreements",
    "stability": "stability",
}  # fmt: skip
"""Keys of the JSON document, and the fields of `ReportData` whose rows they hold."""

SCORE_COLUMNS = ("restorer", "set", "image", "metric", "value", "spread")

_WHOLE = ("rank", "rank_low", "rank_high", "group", "n", "failures", "parameters")


class CSVReport:
    """`OUT.csv` with the leaderboards, and `OUT-scores.csv` beside it with the score of every image."""

    name: ClassVar[str] = "csv"
    suffix: ClassVar[str] = ".csv"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes both files. Text that a spreadsheet would run as a formula gets an apostrophe before it."""
        for path, frame in _frames(report, out):
            text = frame.select_dtypes(include=["object", "string"]).columns
            frame[text] = frame[text].map(_disarm)
            frame.to_csv(path, index=False)
        return out


class ParquetReport:
    """`OUT.parquet` with the leaderboards, and `OUT-scores.parquet` beside it with the score of every image."""

    name: ClassVar[str] = "parquet"
    suffix: ClassVar[str] = ".parquet"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes both files."""
        for path, frame in _frames(report, out):
            frame.to_parquet(path, index=False)
        return out


class JSONReport:
    """One document with everything: leaderboards, scores, costs, failures, what was skipped, and the plan."""

    name: ClassVar[str] = "json"
    suffix: ClassVar[str] = ".json"

    def write(self, report: ReportData, out: Path) -> Path:
        """Writes the document `restobench/report/1`."""
        run = report.data.run
        document = {
            "schema": "restobench/report/1",
            "title": report.title,
            "notes": report.notes,
            "run": {key: getattr(run, key) for key in ("id", "started", "benchmark", "status")},
            "plan": run.plan,
            "environment": run.environment,
            "restorers": run.restorers,
            "metrics": run.metrics,
            "rows": report.rows,
            "scores": list(score_rows(report)),
            **{
                key: [asdict(item) for item in getattr(report, field)]
                for key, field in COMPUTED.items()
            },
            "comparison": asdict(report.comparison) if report.comparison else None,
            "failures": [
                {
                    **asdict(item.cell),
                    "metric": item.metric,
                    "kind": str(item.kind),
                    "message": item.message,
                }
                for item in report.data.failures
            ],
            "skipped": [asdict(item) for item in report.data.skipped],
        }
        text = json.dumps(_finite(document), indent=1, ensure_ascii=False, allow_nan=False)
        # a lone surrogate out of a hostile file name has no UTF-8
        out.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")
        return out


def score_rows(report: ReportData) -> Iterable[dict[str, Any]]:
    """Every score as a flat row with the columns `SCORE_COLUMNS`."""
    for score in report.data.scores:
        yield {
            **asdict(score.cell),
            "metric": score.metric,
            "value": score.value,
            "spread": score.spread,
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
    return [(out, ranks), (out.with_name(f"{out.stem}-scores{out.suffix}"), scores)]


def _disarm(text: object) -> object:
    if isinstance(text, str) and text.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{text}"
    return text


def _finite(value: Any) -> Any:
    """JSON has no infinities: they become the strings `inf` and `-inf`; NaN becomes null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
