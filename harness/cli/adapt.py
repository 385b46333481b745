"""`restobench train dri adapt`: the scorer learns from votes."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output

_COLUMNS = ("metric", "votes", "scenes", "before", "after", "sha256", "file")


@click.command(
    "adapt",
    epilog="""
\b
Examples:
  restobench train dri adapt runs/demo --name lab
  restobench correlate -m dri -m dri-lab --dataset data/other-votes
""",
)
@options.run_folder
@click.option("--name", required=True, help="The new metric is dri-NAME.")
@click.option("--threads", type=options.COUNT, default=1, show_default=True, help="Torch threads.")
@options.json(help="One JSON document, restobench/adapt/1.")
@click.pass_obj
def adapt(flags: dict[str, bool], /, folder: Path, name: str, threads: int, as_json: bool) -> None:
    """Adapt the scorer to the votes that RUN keeps, as a metric of its own, dri-NAME.

    Only the last layers change. `after` is the share of votes that it agrees with on scenes which
    it had not learnt from, `before` that of the shipped scorer. The new weights lie in
    RESTOBENCH_SCORERS; on what they have learnt from they are not judged.
    """
    import torch

    from harness.api.people.adapting import adapt_scorer

    torch.set_num_threads(threads)
    say = output.say if flags["verbose"] else (lambda _: None)
    row = adapt_scorer(folder, name, say)
    if row["after"] <= row["before"]:  # type: ignore[operator]  # both are numbers
        output.warn("on scenes that were left out it agrees no better than the shipped scorer")
    output.print_rows("adapt", [row], as_json, _COLUMNS)
