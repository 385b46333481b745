"""`restobench votes`: what people chose, taken into the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli import options, output

if TYPE_CHECKING:
    from harness.people.counting import Counted

_COLUMNS = (
    "set", "task", "restorer", "rank", "rank_low", "rank_high", "mean", "ci_low", "ci_high", "jod",
    "jod_low", "jod_high", "votes", "won", "ties",
)  # fmt: skip
_OBSERVERS = (
    "observer", "votes", "checks", "checks_right", "repeats", "repeats_same", "seconds",
    "agreement", "left_out",
)  # fmt: skip
_AGREEMENT = ("set", "task", "votes", "observers", "images", "ties", "alpha", "ceiling")


@click.command(
    epilog="""
\b
Examples:
  restobench votes runs/demo votes/*.json
  restobench votes runs/demo votes --keep 3f0c9a6be1d24875
  restobench votes runs/demo --json
  restobench rank runs/demo --by people
\b
Exit codes: 0 counted; 2 files are refused (each is named with the reason), and nothing is written.
"""
)
@options.run_folder
@click.argument("votes", nargs=-1, type=options.EXISTING)
@click.option(
    "--keep", multiple=True, metavar="OBSERVER", help="Count this one whatever was seen of it."
)
@click.option(
    "--fastest", type=options.Real(0), default=0.5, show_default=True,
    help="Median seconds a pair below which nobody has looked.",
)  # fmt: skip
@options.json(help="One JSON document, restobench/votes/1.")
@click.pass_obj
def votes(
    flags: dict[str, bool],
    /,
    folder: Path,
    votes: tuple[Path, ...],
    keep: tuple[str, ...],
    fastest: float,
    as_json: bool,
) -> None:
    """Screen observers, rank by their votes, and write the metric people into RUN.

    VOTES are files that the study's page saved, or folders of them: all of them, each time. Without
    VOTES, those that RUN keeps from the last time are counted again. Strengths are Bradley-Terry's,
    in Elo points, and Thurstone's, in JOD, with 95 % intervals over observers and images.
    """
    from harness.api.people.votes import take_votes
    from harness.people.screening import Rules

    counted = take_votes(folder, votes, Rules(fastest, keep) if votes or keep else None)
    tell_left_out(counted)
    observers = [seen.as_row() for seen in counted.screened]
    rows, agreement = counted.rows(), counted.agreement()
    if as_json:
        parts = (("rank", rows), ("observer", observers), ("agreement", agreement))
        output.print_json("votes", [{"kind": kind, **row} for kind, part in parts for row in part])
        return
    if not flags["quiet"]:
        output.print_table(rows, _COLUMNS)
        click.echo()
        output.print_table(agreement, _AGREEMENT)
        click.echo()
        output.print_table(observers, _OBSERVERS)


def tell_left_out(counted: Counted) -> None:
    """Says which observers do not count, and what else does not, with the reasons."""
    for seen in counted.screened:
        if seen.reasons:
            what = "kept although it" if seen.kept else "left out:"
            output.say(f"observer {seen.observer} {what} {'; '.join(seen.reasons)}")
    for note in counted.notes:
        output.warn(note)
