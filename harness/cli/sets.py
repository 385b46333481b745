"""`restobench sets`: the known sets, by the hash of each image."""

import shutil
from dataclasses import asdict
from pathlib import Path

import click

from harness.cli import options, output
from harness.errors import InputError
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
  restobench sets recognise ~/Downloads/testsets --adopt --data data
"""
)
def sets() -> None:
    """List, verify and fetch the sets of the literature.

    A set NAME lies in the folder sets/NAME of --data or RESTOBENCH_DATA.
    """


@sets.command("list")
@click.option("--long", "everything", is_flag=True, help="Titles, terms and sources as well.")
@options.json(help="One JSON document.")
@_DATA
def list_(everything: bool, as_json: bool, data: Path | None) -> None:
    """List the known sets: how many images, whether pinned by hash, whether they can be fetched,
    whether they are here.
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
    columns = ("name", "images", "pinned", "download", "here")
    more = ("title", "licence", "source") if everything else ()
    output.print_rows("sets", rows, as_json, (*columns, *more))


@sets.command()
@click.argument("name")
@click.argument("folder", required=False, type=options.PATH)
@_DATA
@options.json(help="One JSON document.")
def verify(name: str, folder: Path | None, data: Path | None, as_json: bool) -> int:
    """Check that FOLDER holds the known set NAME: what is missing, extra or different. Exit code 3
    when something is.

    Images are compared by their pixels, whatever their names and formats. Without FOLDER, the set's
    own in --data is checked. A set that is not pinned cannot be checked, and is exit code 3 as
    well.
    """  # noqa: D205 - the first paragraph of the help
    if folder is None and Path(name).is_dir() and not _is_known(name):
        raise InputError(
            f"{name} is a folder: `restobench sets recognise {name}` says whose images it holds; "
            "`restobench sets verify NAME FOLDER` compares them with a set"
        )
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
        renamed = [finding for finding in found if finding.status == "same" and finding.message]
        _print([*bad, *renamed])
        output.echo(f"{name}: {state}, {len(bad)} not as they should be, in {folder or own}")
        if renamed and not bad:
            output.echo(f"restobench sets recognise {folder or own} --adopt gives them their names")
    return 3 if bad or not known.pinned else 0


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
        output.echo(f"{known.name}: {came} images came, {state}, in {folder}")
        output.echo(f"{known.title}: {known.paper}; terms: {known.licence}")
        bad = [finding for finding in compare(known, folder) if finding.status in BAD]
        _print(bad)
        code = 3 if bad or not known.pinned else code
    return code


@sets.command()
@click.argument("folder", type=options.FOLDER)
@click.option("--adopt", is_flag=True, help="Copy what is whole to where runs look for it.")
@_DATA
@options.json(help="One JSON document.")
def recognise(folder: Path, adopt: bool, data: Path | None, as_json: bool) -> int:
    """Say which known images FOLDER holds, by their pixels, whatever their names and formats. Exit
    code 3 when it holds none.

    With --adopt, sets of which every image is there are copied into the data folder under their own
    names.
    """  # noqa: D205 - the first paragraph of the help
    from harness.formats import image_files
    from harness.known_sets import recognise as look

    sets = _find(data)
    found = look([known for known, _ in sets], image_files(folder, deep=True))
    here: dict[str, dict[str, Path]] = {}
    for file, places in found.items():
        for name, path in places:
            here.setdefault(name, {}).setdefault(path, file)
    rows = []
    for known, own in sets:
        if files := here.get(known.name):
            whole = len(files) == len(known.files)
            if adopt and whole:
                _adopt(files, own)
            elif adopt:
                lacking = sorted(known.files.keys() - files.keys())
                output.say(
                    f"{known.name} is not adopted: {len(files)} of {len(known.files)} images are "
                    f"here; {lacking[0]} is missing" + (", ..." if len(lacking) > 1 else "")
                )
            row = {"set": known.name, "here": len(files), "images": len(known.files)}
            rows.append({**row, "adopted": str(own) if adopt and whole else None})
    unknown = sum(not places for places in found.values())
    output.print_rows("sets", rows, as_json, ("set", "here", "images", "adopted"))
    if not as_json:
        output.echo(f"{len(found) - unknown} of {len(found)} images are of known sets")
    return 0 if rows else 3


def _adopt(files: dict[str, Path], folder: Path) -> None:
    """Copies images into a set's folder, under its names and with their own suffixes."""
    for path, file in files.items():
        target = (folder / path).with_suffix(file.suffix)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(file, target)


def _is_known(name: str) -> bool:
    from harness.plugins.kinds import known_sets

    return name in known_sets


def _find(data: Path | None, *names: str) -> list[tuple[KnownSet, Path]]:
    from harness.plugins.kinds import known_sets

    root = data / "sets" if data else sets_folder()
    # without a name: all of them
    return [(known_sets.get(name), root / name) for name in names or known_sets]


def _print(findings: list[Verification]) -> None:
    for finding in findings:
        text = f"{finding.status:9}  {finding.path}  {finding.message}"
        click.echo(output.printable(text.rstrip()))
