"""The pixels of pictures as scripts, for what a viewer computes of them.

From disk a browser lets a page show an image file and not read it; a script that lies beside the
page it may load. Each holds the PNG's own bytes, and is loaded when a viewer needs the numbers.
"""

import base64
from collections.abc import Iterable

from harness.atomic import atomic_file
from reports.html.pictures import Shown
from reports.html.pixels import Pixels

SHARE = 7 / 3
"""What a picture takes with its script, in sizes of the picture: four bytes hold three."""

_HEAD, _AND, _TAIL = b"restobench.pixels.take('", b"','", b"');\n"


def write_pixel_data(pixels: Pixels, shown: Iterable[Shown]) -> list[str]:
    """Writes a script beside each picture, and nothing that is there already.

    Args:
        pixels: The pictures of the report.
        shown: The pictures of all viewers.

    Returns:
        The scripts, from the files folder.
    """
    names = dict.fromkeys(picture.file for item in shown for picture in item.readable)
    scripts = []
    for name in names:
        picture = pixels.files / name
        script = picture.with_suffix(".js")
        scripts.append(name.removesuffix(picture.suffix) + script.suffix)
        if not pixels.is_intact(scripts[-1]):
            content = base64.b64encode(picture.read_bytes())
            with atomic_file(script) as partial:
                partial.write_bytes(b"".join((_HEAD, picture.stem.encode(), _AND, content, _TAIL)))
            pixels.wrote(scripts[-1])
    return scripts
