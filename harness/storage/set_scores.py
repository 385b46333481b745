"""What metrics of sets say, as JSON among the metadata of a run, and back."""

from contextlib import suppress
from dataclasses import asdict

from harness.cards import SetMetricCard
from harness.results import SetScore, SetScores
from harness.storage.metadata import metric_json, read_record, table_of, with_bounds

SET_SCORES = "set_scores"
"""Its key."""


def write_set_scores(scores: SetScores) -> dict[str, object]:
    """What metrics of sets say, as JSON types."""
    cards = {name: metric_json(card) for name, card in scores.cards.items()}
    return {"cards": cards, "rows": [asdict(row) for row in scores.rows]}


def read_set_scores(content: object) -> SetScores:
    """What metrics of sets say, out of JSON; rows that do not fit are left out."""
    table = table_of(content)
    cards = {
        name: read_record(SetMetricCard, with_bounds(table_of(card)), name=name)
        for name, card in table_of(table.get("cards")).items()
    }
    found, rows = [], table.get("rows")
    for row in rows if isinstance(rows, list) else ():
        with suppress(TypeError):
            found.append(read_record(SetScore, row))
    return SetScores(cards, tuple(found))
