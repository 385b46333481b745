"""`restobench merge`: runs of several machines as one run."""

from pathlib import Path

import click

from harness.cli import options, output


@click.command(
    epilog="""
\b
Examples:
  restobench merge runs/machine-1 runs/machine-2 -o runs/both
  restobench merge runs/denoisers runs/upscalers -o runs/all && restobench report runs/all
\b
Exit codes: 0 merged; 2 bad input; 4 not comparable, the message names the field that differs.
"""
)
@options.run_folders
@click.option("-o", "--out", required=True, type=options.PATH, help="The new run folder.")
def merge(folders: tuple[Path, ...], out: Path) -> None:
    """Merge runs of one benchmark: other restorers, sets, images or metrics.

    Refuses what must not be ranked together: another evaluation, another degradation, other pixels,
    another version of a metric, another restorer of the same name. Everything is copied, or
    nothing. Seconds of different machines are not comparable: costs are shown as they were
    measured. Votes of people are screened and fitted again, all together; of an observer whose
    votes several runs keep, the file counts that has more of them. What metrics of sets say
    comes along.
    """
    from harness.api.people.votes import gather_votes, merge_votes
    from harness.cli.votes import tell_left_out
    from harness.storage.merging import merge_runs

    votes = gather_votes(folders)  # what is refused is refused before anything is written
    merged = merge_runs(folders, out)
    if counted := merge_votes(votes, merged):
        tell_left_out(counted)
    output.echo(merged)
