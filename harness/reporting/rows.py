"""The leaderboards as flat rows: what `rank --json`, tables and reports show."""

from collections.abc import Iterable
from dataclasses import asdict

from harness.ranking.tables import task_of
from harness.results import FEW_IMAGES, Cost, Leaderboard, RunData

COST_COLUMNS = (
    *("seconds", "peak_mib", "growth_mib", "cuda_mib"),
    *("beside", "batch", "device", "threads", "precision", "size"),
)


def flat_rows(
    data: RunData, boards: Iterable[Leaderboard], spent: Iterable[Cost]
) -> list[dict[str, object]]:
    """Rows of `restobench/rank/1` in docs/results-format.md; infinities stay floats."""
    cost, run = {(item.restorer, item.set): item for item in spent}, data.run
    rows = []
    for board in boards:
        for row in board.rows:
            card = run.restorer(row.restorer)
            found = cost.get((row.restorer, board.set or ""))
            rows.append(
                {
                    "benchmark": board.benchmark,
                    "set": board.set,
                    "task": task_of(data, board.set),
                    "metric": board.metric,
                    **asdict(row),
                    "images": board.images,
                    "few_images": board.images < FEW_IMAGES,
                    "unit": run.metric(board.metric).unit,
                    "higher_is_better": board.higher_is_better,
                    **{name: getattr(found, name, None) for name in COST_COLUMNS},
                    "parameters": card.parameters,
                    "licence": card.licence,
                }
            )
    return rows
