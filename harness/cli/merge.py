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
    measured. Votes of people are fitted again, all together.
    """
    from harness.api.people.votes import merge_votes
    from harness.storage.merging import merge_runs
    from harness.storage.metadata import SET_SCORES, read_set_scores
    from harness.storage.store import Store

    merged = merge_runs(folders, out)
    merge_votes(folders, merged)
    output.echo(merged)
    lost: dict[str, None] = {}
    for folder in folders:
        with Store(folder) as store:
            lost |= dict.fromkeys(read_set_scores(store.read_meta(SET_SCORES)).cards)
    output.tell_left_out("merged", lost)
