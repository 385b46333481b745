"""The pixels of pictures as scripts, for what a viewer computes of them.

From disk a browser lets a page show an image file and not read it; a script that lies beside the
page it may load. Each holds the PNG's own bytes, and is loaded when a viewer needs the numbers.
"""

import base64
from collections.abc import Iterable
from pathlib import Path

from harness.atomic import atomic_file
from reports.html.pictures import Shown

SHARE = 7 / 3
"""What a picture takes with its script, in sizes of the picture: four bytes hold three."""

_HEAD, _TAIL = b"restobench.pixels.take('", b"');\n"


def write_pixel_data(files: Path, shown: Iterable[Shown]) -> list[Path]:
    """Writes a script beside each picture, and nothing that is there already.

    Args:
        files: The files folder of the report.
        shown: The pictures of all viewers.

    Returns:
        The scripts.
    """
    names = dict.fromkeys(picture.file for item in shown for picture in item.readable)
    scripts = []
    for name in names:
        picture = files / name
        script = picture.with_suffix(".js")
        scripts.append(script)
        head = _HEAD + picture.stem.encode() + b"','"
        length = len(head) + 4 * ((picture.stat().st_size + 2) // 3) + len(_TAIL)
        if not _is_there(script, head, length):
            with atomic_file(script) as partial:
                partial.write_bytes(head + base64.b64encode(picture.read_bytes()) + _TAIL)
    return scripts


def _is_there(script: Path, head: bytes, length: int) -> bool:
    if script.is_symlink() or not script.is_file() or script.stat().st_size != length:
        return False
    with script.open("rb") as file:
        return file.read(len(head)) == head
