"""What stands beside a leaderboard because its means would be misread without it."""

from collections.abc import Sequence

from harness.ranking.lacking import Lacking, lacking
from harness.ranking.leaderboards import Ranking


def set_notes(ranking: Ranking) -> dict[str, tuple[str, ...]]:
    """Set -> sentences; the whole benchmark is an empty string.

    They are of the first metric that each sentence holds for.
    """
    notes: dict[str, list[str]] = {}
    for found in lacking(ranking):
        if found.set not in notes:
            notes[found.set] = [_lacking(found)]
    for table in ranking.tables:
        if table.set is None and len(table.images) < table.cells and "" not in notes:
            notes[""] = [
                f"n = {table.cells} scores of {len(table.images)} images: one that lies in several "
                "sets is resampled as one"
            ]
    return {name: tuple(lines) for name, lines in notes.items()}


def _lacking(found: Lacking) -> str:
    verb = "has" if len(found.restorers) == 1 else "have"
    rest = found.of - len(found.images)
    text = (
        f"{_some(found.restorers)} {verb} no {found.metric} of {_some(found.images)}: all means "
        f"are over the other {rest} of {found.of} images"
    )
    if not found.shifts:
        return text
    low, high = min(found.shifts.values()), max(found.shifts.values())
    many = f"those of the others by {low:+.3g} to {high:+.3g}"
    [one, *more] = found.shifts
    return f"{text}, which moves {many if more else f'that of {one} by {low:+.3g}'}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
