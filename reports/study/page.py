"""A study as a folder of static files: one page, its style and script, and pictures."""

import json
import os
import re
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import ClassVar

from harness.errors import InputError
from harness.protocols.study import PublicStudy

_FOLDER = Path(__file__).parent
_STYLE = _FOLDER.parent / "html" / "static" / "site.css"
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(/[A-Za-z0-9._~/-]*)?")


class StudyPages:
    """`OUT/index.html` with its script, style and pictures beside it.

    The page opens from disk and from any static host. It asks the network for nothing: its content
    security policy lets it load the files beside it, and send votes to where the study says.
    """

    name: ClassVar[str] = "html"

    def write(self, study: PublicStudy, out: Path) -> Path:
        """Writes the folder, whole or not at all.

        Raises:
            InputError: The address for votes is none.
        """
        if study.texts.post and not _ADDRESS.fullmatch(study.texts.post):
            raise InputError(
                f"votes cannot be sent to {study.texts.post!r}: expected an address such as "
                "https://lab.example/votes"
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
        try:
            _write(study, partial)
            partial.rename(out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return out / "index.html"


def _write(study: PublicStudy, folder: Path) -> None:
    from reports.html.render import environment

    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    for name, content in study.pictures:
        (pictures / f"{name}.png").write_bytes(content)
    static = folder / "static"
    static.mkdir()
    for path in (_STYLE, *sorted((_FOLDER / "static").iterdir())):
        shutil.copyfile(path, static / path.name)
    page = environment(_FOLDER / "templates").get_template("study.html")
    text = page.render(texts=study.texts, trials=max(map(len, study.sessions)))
    # inert: a block of data, which no browser executes; nothing in it can end it
    told = json.dumps(_told(study), separators=(",", ":")).replace("<", r"\u003c")
    (folder / "index.html").write_text(
        text.replace("STUDY-DATA", told), encoding="utf-8", errors="replace"
    )
    now = time.time()
    for path in folder.rglob("*"):  # when each was written tells in which order
        os.utime(path, (now, now))


def _told(study: PublicStudy) -> dict[str, object]:
    """What the script needs."""
    return {
        "id": study.id,
        "post": study.texts.post,
        "training": [asdict(trial) for trial in study.training],
        "sessions": [
            [[trial.id, trial.left, trial.right, trial.beside] for trial in session]
            for session in study.sessions
        ],
    }
