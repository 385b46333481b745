"""`restobench sets`: the known sets, by the hash of each image."""

from dataclasses import asdict
from pathlib import Path

import click

from harness.cli import options, output
from harness.known_sets import BAD, KnownSet, Verification, sets_folder
from harness.known_sets import verify as compare

_DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the known sets  [default: $RESTOBENCH_DATA]",
)


@click.group(
    epilog="""
\b
Examples:
  restobench sets list
  restobench sets verify set5 data/sets/set5
  restobench sets get set5 kodak24 --data data
"""
)
def sets() -> None:
    """List, verify and fetch the sets of the literature.

    A set NAME lies in the folder sets/NAME of --data or RESTOBENCH_DATA.
    """


@sets.command("list")
@options.json(help="One JSON document.")
@_DATA
def list_(as_json: bool, data: Path | None) -> None:
    """List the known sets: how many images, whose terms, whether pinned by hash, whether here,
    where from.
    """  # noqa: D205 - the first paragraph of the help
    rows = [
        {
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
        for known, folder in _find(data)
    ]
    output.print_rows(
        "sets",
        rows,
        as_json,
        ("name", "title", "images", "pinned", "download", "here", "licence", "source"),
    )


@sets.command()
@click.argument("name")
@click.argument("folder", required=False, type=options.PATH)
@_DATA
@options.json(help="One JSON document.")
def verify(name: str, folder: Path | None, data: Path | None, as_json: bool) -> int:
    """Check that FOLDER holds the known set NAME: what is missing, extra or different. Exit code 3
    when something is.

    Images are compared by their pixels (JPEGs by their bytes), paired by path without suffix.
    Without FOLDER, the set's own in --data is checked.
    """  # noqa: D205 - the first paragraph of the help
    [(known, own)] = _find(data, name)
    found = compare(known, folder or own)
    bad = [finding for finding in found if finding.status in BAD]
    if as_json:
        rows = [{"set": name, **asdict(finding)} for finding in found]
        output.print_json("sets", rows)
    else:
        same = sum(finding.status == "same" for finding in found)
        state = (
            f"{same} of {len(known.files)} images are the pinned ones"
            if known.pinned
            else f"not pinned: {known.images} images are expected, and their content is not checked"
        )
        _print(bad)
        click.echo(f"{name}: {state}, {len(bad)} not as they should be, in {folder or own}")
    return 3 if bad else 0


@sets.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@_DATA
@click.pass_obj
def get(flags: dict[str, bool], /, names: tuple[str, ...], data: Path | None) -> int:
    """Download the known sets NAME... into the data folder, and check every image.

    Images that are there and right are not fetched again; a download that was cut off goes on from
    there. Of sets without a stable public source, it is said where to get them by hand.
    """
    from harness.sets.download import fetch

    say = output.say if flags["verbose"] else None
    code = 0
    for known, folder in _find(data, *names):
        came = fetch(known, folder, say)
        state = (
            "every image is the pinned one" if known.pinned else "not pinned: content not checked"
        )
        click.echo(f"{known.name}: {came} images came, {state}, in {folder}")
        click.echo(f"{known.title}: {known.paper}; terms: {known.licence}")
        if bad := [finding for finding in compare(known, folder) if finding.status in BAD]:
            _print(bad)
            code = 3
    return code


def _find(data: Path | None, *names: str) -> list[tuple[KnownSet, Path]]:
    from harness.plugins.kinds import known_sets

    root = data / "sets" if data else sets_folder()
    # without a name: all of them
    return [(known_sets.get(name), root / name) for name in names or known_sets]


def _print(findings: list[Verification]) -> None:
    for finding in findings:
        text = f"{finding.status:9}  {finding.path}  {finding.message}"
        click.echo(output.printable(text.rstrip()))
