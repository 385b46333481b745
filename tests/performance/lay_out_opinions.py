"""Lays out people's data as MOS folders for `restobench train dri --config shipped`.

From bare repositories of github.com/nisarahmedrana/BIQ2021 and github.com/mb21100/SR4KIQA:

    python tests/performance/lay_out_opinions.py BIQ2021.git SR4KIQA.git $RESTOBENCH_DATA/people

Of SR4KIQA, 12 of the 24 scenes are kept for judging. Nothing of them is read: the list of scores is
filtered by the names of the others before anything else sees it.
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path

SCENES = (
    "Animal1", "Animal3", "Building2", "CityStreetDay1", "CityStreetNight", "Face3", "Nature4",
    "Nature9", "People4", "TextCompIn1", "TextCompOut1", "TextSimpIn2",
)  # fmt: skip
OPEN = re.compile(rf"({'|'.join(SCENES)})_")


def git(repository: Path, *arguments: str) -> bytes:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments],  # noqa: S607
        check=True,
        capture_output=True,
    ).stdout


def write(folder: Path, rows: list[dict[str, object]]) -> None:
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"{folder}: {len(rows)} images")


def lay_out_photographs(repository: Path, out: Path) -> None:
    """BIQ2021: its own split into training and test images; scores from 0 to 1."""
    archive = io.BytesIO(git(repository, "archive", "HEAD", "Images"))
    with tarfile.open(fileobj=archive) as files:
        members = {Path(item.name).name: item for item in files if item.isfile()}
        for part in ("Train", "Test"):
            folder = out / f"biq2021-{part.lower()}"
            (folder / "images").mkdir(parents=True, exist_ok=True)
            table = git(repository, "show", f"HEAD:{part} (Images and MOS).csv").decode()
            rows: list[dict[str, object]] = []
            for row in csv.DictReader(io.StringIO(table)):
                name = row["Image Name"]
                if name not in members:
                    print(f"{part}: no image {name!r}")
                elif (data := files.extractfile(members[name])) is not None:
                    (folder / "images" / name).write_bytes(data.read())
                    rows.append({"image": name, "mos": row["MOS"]})
            write(folder, rows)


def lay_out_enlargements(repository: Path, out: Path) -> None:
    """SR4KIQA's open scenes; scores from 1 to 5. Files that the snapshot lacks are left out.

    The references go into a folder of their own: nobody judged them.
    """
    folder = out / "sr4kiqa"
    for name in ("images", "references"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    scores = {
        line.split(",")[0]: line.split(",")[2]
        for line in git(repository, "show", "HEAD:MOS.csv").decode(errors="replace").splitlines()
        if OPEN.match(line)
    }
    rows: list[dict[str, object]] = []
    for scene in SCENES:
        path = f"reference/{scene}_GT.jpg"
        _, size = (
            git(repository, "ls-tree", "-l", "HEAD", path).decode().split("\t")[0].rsplit(" ", 1)
        )
        if size.isdigit():
            blob = git(repository, "cat-file", "blob", f"HEAD:{path}")
            (folder / "references" / f"{scene}.jpg").write_bytes(blob)
        for line in git(repository, "ls-tree", "-l", "HEAD", f"{scene}/").decode().splitlines():
            facts, path = line.split("\t")
            blob, size = facts.split()[2:4]
            name = path.rsplit("/", 1)[1]
            if size.isdigit() and name in scores:
                (folder / "images" / name).write_bytes(git(repository, "cat-file", "blob", blob))
                rows.append({"image": name, "mos": scores[name], "group": scene})
    write(folder, rows)


if __name__ == "__main__":
    photographs, enlargements, target = (Path(argument) for argument in sys.argv[1:])
    lay_out_photographs(photographs, target)
    lay_out_enlargements(enlargements, target)
