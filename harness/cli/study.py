"""`restobench study`: blind comparisons by people."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli import options, output

_CONSENT = (
    "Taking part is voluntary, and you may stop at any time without giving a reason. Your answers "
    "are used to compare methods of image restoration."
)


@click.group()
def study() -> None:
    """Ask people which of two restored images is better."""


@study.command(
    epilog="""
\b
Examples:
  restobench study make runs/demo -o study
  restobench study make runs/demo -o study --set photos-x4 --observers 20 --minutes 10 --crop 384
  restobench study make runs/demo -o round2 --design active --votes votes
\b
Put the folder on any static host, or hand it out; `restobench study serve` serves it in a room.
"""
)
@options.run_folder
@click.option("-o", "--out", required=True, type=options.PATH, help="The new folder of the page.")
@click.option("-r", "--restorer", "restorers", multiple=True, help="Only this one; again for more.")
@click.option("--set", "sets", multiple=True, help="Only this set; again for more.")
@click.option("--images", type=options.COUNT, help="The first so many images of each set.")
@click.option(
    "--crop", "side", type=options.Whole(32), metavar="PIXELS",
    help="Show square windows where restored images differ most, not whole images.",
)  # fmt: skip
@click.option("--observers", type=options.COUNT, default=12, show_default=True)
@click.option("--minutes", type=options.POSITIVE, default=15.0, show_default=True, help="Of each.")
@click.option(
    "--seconds", type=options.POSITIVE, default=8.0, show_default=True, help="For one pair."
)
@click.option(
    "--design", type=click.Choice(["random", "active"]), default="random", show_default=True,
    help="active: the pairs whose order is least known, after --votes.",
)  # fmt: skip
@click.option(
    "--votes", multiple=True, type=options.EXISTING, help="Votes so far: files, or folders of them."
)
@click.option(
    "--beside", type=click.Choice(["reference", "degraded"]), help="Show it beside the two."
)
@click.option("--title", default="Comparing pictures", show_default=True)
@click.option("--question", default="Which picture is better?", show_default=True)
@click.option("--consent", type=options.EXISTING, metavar="FILE", help="Text to agree to.")
@click.option("--post", default="", metavar="URL", help="Where votes are sent at the end.")
@click.option(
    "--seed",
    type=options.Whole(0),
    default=0,
    show_default=True,
    help="Of pairs, order and sides.",
)
@options.json(help="One JSON document, restobench/study/1.")
def make(
    folder: Path,
    out: Path,
    observers: int,
    minutes: float,
    seconds: float,
    images: int | None,
    side: int | None,
    beside: str | None,
    consent: Path | None,
    as_json: bool,
    title: str,
    question: str,
    post: str,
    **wishes: object,
) -> None:
    """Make a study of RUN: a page for observers, and a key that stays in RUN.

    The page needs no server, asks the network for nothing, and holds neither names nor scores of
    restorers. Each session has training, pairs, clear pairs as checks, and pairs asked again with
    their sides swapped. Session N is FOLDER/index.html#session=N; without it, one is drawn.
    """
    from harness.api.people.studies import StudyWishes, describe, make_study
    from harness.formats import read_text
    from harness.people.sessions import Budget
    from harness.protocols.study import StudyTexts

    agreed = read_text(consent, "consent text").strip() if consent else _CONSENT
    texts = StudyTexts(title, question, agreed, beside or "", post)  # type: ignore[arg-type]
    wanted = StudyWishes(
        texts,
        Budget(observers, minutes, seconds),
        images=images or 0,
        side=side or 0,
        **wishes,  # type: ignore[arg-type]
    )
    made, page = make_study(folder, out, wanted)
    row = {**describe(made), "page": str(page)}
    output.print_rows("study", [row], as_json, tuple(row))


@study.command(
    epilog="""
\b
Examples:
  restobench study serve study
  restobench study serve study --host 192.168.1.20 --port 8080 --votes votes
\b
With a fixed --port the links stay the same when it is started again: the tokens lie in the folder
for votes (ID.tokens, readable by you alone).
"""
)
@click.argument("folder", metavar="FOLDER", type=options.FOLDER)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=options.Whole(0, 65535), default=0, show_default=True, help="0: a free one."
)
@click.option("--votes", type=options.PATH, help="Folder for votes files  [default: FOLDER-votes]")
def serve(folder: Path, host: str, port: int, votes: Path | None) -> None:
    """Serve a study in one room until Ctrl-C, and take the votes that its page sends.

    Prints one link for each session, with a token that lets its observer send votes once done. It
    listens on this machine alone, unless --host says otherwise; it speaks plain HTTP, so that
    whoever shares the network can see what is sent.
    """
    from harness.api.people.server import StudyServer

    kept = votes or folder.resolve().with_name(f"{folder.resolve().name}-votes")
    with StudyServer(folder, kept, host, port) as server:
        for link in server.links:
            output.echo(link)
        output.say(f"votes go to {kept}; Ctrl-C ends it")
        server.serve_forever()


@study.command(
    epilog="""
\b
Examples:
  restobench study plan runs/demo --metric psnr-y --set photos-x4
  restobench study plan runs/demo --metric dri --rounds 10 --pairs 30 --json
"""
)
@options.run_folder
@click.option("--metric", required=True, help="Whose scores the simulated observers like.")
@click.option("--set", "set_name", help="Which set  [default: the first]")
@click.option(
    "--keen", type=options.POSITIVE, default=1.0, show_default=True,
    help="Log odds for each standard deviation between restorers.",
)  # fmt: skip
@click.option("--rounds", type=options.COUNT, default=8, show_default=True)
@click.option("--observers", type=options.COUNT, default=3, show_default=True, help="Of a round.")
@click.option("--pairs", type=options.COUNT, default=20, show_default=True, help="Of an observer.")
@click.option("--repeats", type=options.COUNT, default=12, show_default=True, help="Simulations.")
@options.json(help="One JSON document, restobench/study-plan/1.")
def plan(
    folder: Path,
    metric: str,
    set_name: str | None,
    keen: float,
    rounds: int,
    observers: int,
    pairs: int,
    repeats: int,
    as_json: bool,
) -> None:
    """Simulate studies of RUN: how close their order comes to the true one, by number of votes.

    Observers choose by a metric of the run, with noise; tau is Kendall's, of the fitted order with
    that of infinitely many votes. `active` chooses pairs anew in each round.
    """
    from harness.api.people.planning import simulated_taus
    from harness.people.simulation import Rounds

    rows = simulated_taus(folder, metric, set_name, keen, Rounds(rounds, observers, pairs), repeats)
    output.print_rows("study-plan", rows, as_json, ("set", "votes", "random", "active"))
