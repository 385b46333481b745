"""`restobench sets`: the known sets, by the hash of each image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from harness.known_sets import Finding, KnownSet

EXAMPLES = """
\b
Examples:
  restobench sets list
  restobench sets verify set5 data/sets/set5
  restobench sets get set5 kodak24 --data data
"""

_DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the known sets  [default: $RESTOBENCH_DATA]",
)


@click.group(epilog=EXAMPLES)
def sets() -> None:
    """List, verify and fetch the sets of the literature.

    A set NAME lies in the folder sets/NAME of --data or RESTOBENCH_DATA.
    """


@sets.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_DATA
def list_(as_json: bool, data: Path | None) -> None:
    """List the known sets: how many images, whose terms, whether pinned by hash, whether here, where from."""
    from harness.cli.output import print_json, print_table
    from harness.plugins import known_sets

    rows = [_row(known_sets.get(name), _folder(name, data)) for name in known_sets]
    if as_json:
        print_json("sets", rows)
    else:
        shown = [
            {**row, **{key: "yes" if row[key] else "no" for key in ("pinned", "download", "here")}}
            for row in rows
        ]
        print_table(
            shown, ["name", "title", "images", "pinned", "download", "here", "licence", "source"]
        )


def _row(known: KnownSet, folder: Path) -> dict[str, Any]:
    return {
        "name": known.name,
        "title": known.title,
        "images": known.images,
        "licence": known.licence,
        "paper": known.paper,
        "source": known.source,
        "pinned": known.pinned,
        "download": bool(known.urls or known.archive),
        "here": folder.is_dir(),
        "folder": str(folder),
    }


@sets.command()
@click.argument("name")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@_DATA
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def verify(name: str, folder: Path | None, data: Path | None, as_json: bool) -> int:
    """Check that FOLDER holds the known set NAME: what is missing, extra or different. Exit code 3 when something is.

    Images are compared by their pixels (JPEGs by their bytes), paired by path without suffix.
    Without FOLDER, the set's own in --data is checked.
    """
    from harness.cli.output import print_json
    from harness.known_sets import BAD
    from harness.known_sets import verify as compare
    from harness.plugins import known_sets

    known = known_sets.get(name)
    folder = folder or _folder(name, data)
    findings = compare(known, folder)
    bad = [finding for finding in findings if finding.status in BAD]
    if as_json:
        print_json(
            "sets",
            [
                {"set": name, "path": f.path, "status": f.status, "message": f.message}
                for f in findings
            ],
        )
        return 3 if bad else 0
    for finding in bad:
        click.echo(_line(finding))
    same = sum(finding.status == "same" for finding in findings)
    click.echo(f"{name}: {_summary(known, same)}, {len(bad)} not as they should be, in {folder}")
    return 3 if bad else 0


def _summary(known: KnownSet, same: int) -> str:
    if known.pinned:
        return f"{same} of {len(known.files)} images are the pinned ones"
    return f"not pinned: {known.images} images are expected, and their content is not checked"


@sets.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@_DATA
@click.pass_context
def get(context: click.Context, names: tuple[str, ...], data: Path | None) -> int:
    """Download the known sets NAME... into the data folder, and check every image.

    Images that are there and right are not fetched again; a download that was cut off goes on from
    there. Of sets without a stable public source, it is said where to get them by hand.
    """
    from harness.known_sets import BAD
    from harness.known_sets import verify as compare
    from harness.plugins import known_sets
    from harness.sets.download import fetch

    verbose = bool((context.obj or {}).get("verbose"))
    chosen = [known_sets.get(name) for name in names]
    code = 0
    for known in chosen:
        folder = _folder(known.name, data)
        came = fetch(known, folder, (lambda line: click.echo(line, err=True)) if verbose else None)
        bad = [finding for finding in compare(known, folder) if finding.status in BAD]
        checked = (
            "every image is the pinned one" if known.pinned else "not pinned: content not checked"
        )
        click.echo(f"{known.name}: {came} images came, {checked}, in {folder}")
        click.echo(f"{known.title}: {known.paper}; terms: {known.licence}")
        for finding in bad:
            click.echo(_line(finding))
        code = 3 if bad else code
    return code


def _folder(name: str, data: Path | None) -> Path:
    from harness.known_sets import sets_folder

    return (data / "sets" if data else sets_folder()) / name


def _line(finding: Finding) -> str:
    text = f"{finding.status:9}  {finding.path}  {finding.message}".rstrip()
    # names come from elsewhere: nothing in them may steer the terminal
    return "".join(character if character.isprintable() else "?" for character in text)
