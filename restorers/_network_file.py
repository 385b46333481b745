"""A network in a file of its own, from one image to one: what the adapters of libraries share."""

import re
import shlex
import zipfile
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path

from harness.errors import InputError, as_utf8
from harness.formats import stands_in
from harness.protocols import Conditions, Restorer, RestorerCard, Task
from harness.tiling import tile
from restorers._arrays import Image
from restorers._specification import check_words, positive, specified

_WHOLE = 2**31


class TiledNetwork(Restorer):
    """Has a card of what the file and the user say, and runs the network tile by tile."""

    card: RestorerCard

    def describe(
        self, card: RestorerCard, said: Mapping[str, object], tile_size: int, overlap: int
    ) -> None:
        """Keeps the card and the tiles.

        Args:
            card: What the file says of the network.
            said: What the user said of it, see `restorers._specification`.
            tile_size: Height and width of a tile in degraded pixels; 0: whole images.
            overlap: Pixels that neighbouring tiles share.

        Raises:
            InputError: Something that was said makes no sense.
        """
        self.card = specified(card, said)
        self._tile, self._overlap = tile_size or _WHOLE, overlap

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Restores (C, H, W) to (C, scale * H, scale * W)."""
        scale = self.card.scales[0]
        return tile(self.run, image, scale=scale, size=self._tile, overlap=self._overlap)

    @abstractmethod
    def run(self, image: Image) -> Image:
        """Runs the network on a tile, float32 (C, H, W)."""


class MeasuredNetwork(TiledNetwork):
    """A network whose file does not say by what factor it enlarges; it may take one size only."""

    def measure(
        self,
        path: str,
        card: RestorerCard,
        said: Mapping[str, object],
        tile_size: int,
        overlap: int,
        *,
        scale: int | None,
        sides: tuple[int, int] | None = None,
    ) -> None:
        """Completes the card and keeps it; to be called when the network can be fed.

        Args:
            path: The file.
            card: What it says of the network, with the planes that it takes.
            said: See `describe`.
            tile_size: See `describe`.
            overlap: See `describe`.
            scale: Factor by which it enlarges, or `None`: it is measured.
            sides: The only height and width that the network takes, if there are such.

        Raises:
            InputError: The network does not go from image to image, or something that was said
                makes no sense.
        """
        self._sides = sides
        multiple = said.get("multiple", 1)
        side = 64 + -64 % positive("multiple", multiple)
        if scale is None:
            scale = self._measure_scale(path, card.channels[0], sides or (side, side))
            if sides is None:
                self._check_other_size(path, card.channels[0], scale, side)
        tasks = (Task.SUPER_RESOLVE,) if positive("scale", scale) > 1 else ()
        card = replace(card, tasks=tasks, scales=(scale,), size_minimum=min(sides or (1,)))
        size = min(sides) if sides else tile_size or _WHOLE
        self.describe(card, said, size, min(overlap, size // 4))

    def run(self, image: Image) -> Image:
        """Runs the network on (C, H, W), padded to the only size that it takes, and crops."""
        import numpy as np

        *outer, height, width = image.shape
        wanted = self._sides or (height, width)
        missing = ((0, max(0, wanted[0] - height)), (0, max(0, wanted[1] - width)))
        padding = (*((0, 0) for _ in outer), *missing)
        restored = self.feed(np.pad(image, padding, mode="symmetric"))
        scale = self.card.scales[0]
        return np.ascontiguousarray(restored[..., : height * scale, : width * scale])

    @abstractmethod
    def feed(self, image: Image) -> Image:
        """Runs the network on float32 (C, H, W)."""

    def _measure_scale(self, path: str, planes: int, sides: tuple[int, int]) -> int:
        """By what factor the network enlarges: a grey image of `sides` is run through it once."""
        import numpy as np

        given = f"{planes} x {sides[0]} x {sides[1]} values"
        try:
            shape = self.feed(np.full((planes, *sides), 0.5, dtype=np.float32)).shape
        except Exception as error:  # every library has types of its own
            hint = _hint(str(error)) if planes == 3 else ""
            raise InputError(f"{path} does not run on {given}: {one_line(error)}{hint}") from error
        scale = shape[1] // sides[0] if len(shape) == 3 else 0
        if scale < 1 or shape != (planes, scale * sides[0], scale * sides[1]):
            raise InputError(f"{path} turns {given} into {shape}; {_expected(shape, planes)}")
        return scale

    def _check_other_size(self, path: str, planes: int, scale: int, side: int) -> None:
        """Runs the network on another size: a file may promise any and have one built in."""
        import numpy as np

        shape = planes, side, 2 * side
        try:
            found: object = self.feed(np.full(shape, 0.5, dtype=np.float32)).shape
        except Exception as error:
            found = one_line(error)
        if found != (planes, scale * side, scale * 2 * side):
            raise InputError(
                f"{path} says that it takes any size, and runs on {side} x {side} but not on "
                f"{side} x {2 * side} ({found}): a size was built in when it was exported. Export "
                f"it for any size, or say size={side}"
            )


def _hint(error: str) -> str:
    """What may mend it that a network does not run on colour."""
    if "required positional argument" in error:
        return (
            "; it takes more than an image: restobench wrap ... --plugin FILE.py writes a class "
            "to complete"
        )
    return (
        "; a grey network wants channels=1"
        if re.search("channel|plane|dimension|shape", error, re.IGNORECASE)
        else ""
    )


def _expected(shape: tuple[int, ...], planes: int) -> str:
    """What is wrong with the shape of an output."""
    if len(shape) != 3:
        return "expected one image, (N, C, H, W) or (N, H, W, C)"
    if shape[2] == planes and shape[0] != planes:
        return "its input has planes first and its output has them last, or the other way round"
    if shape[0] != planes:
        return f"expected as many planes as it takes, {planes}"
    return "expected a whole multiple of height and width"


def look_at_file(path: str, **parameters: object) -> None:
    """Refuses a file that plainly cannot be loaded, before anything that loads it is imported.

    Loaders have it as `look`.

    Raises:
        InputError: Says what it is instead; or a parameter cannot have its value.
    """
    require_file(path, "model file")
    check_words(parameters)


def require_file(path: str, what: str) -> str:
    """Returns a file's name without its suffix, which is what its network is called.

    Raises:
        InputError: There is no such file; the message says `what` it would be. Or it is plainly of
            another kind, as what stands in for a file that was not downloaded.
    """
    if not Path(path).is_file():
        raise InputError(f"{what} {path} does not exist")
    if (seen := _other_kind(Path(path))) is not None:
        raise InputError(f"{path} cannot be read as a {what}: it {seen}")
    return Path(path).stem


def utf8_path(path: str | Path, library: str) -> str:
    """The path, for a library that takes no other than UTF-8.

    Raises:
        InputError: It is no UTF-8.
    """
    if as_utf8(str(path)) != str(path):
        raise InputError(f"{path} cannot be read by {library}: its path is no UTF-8; rename it")
    return str(path)


def wrap_command(weights: str, source: str = "net.py") -> str:
    """What finds out how a network that no adapter knows is named, for the end of a message."""
    command = f"restobench wrap {shlex.quote(weights)} {shlex.quote(source)}"
    return f"{command} (docs/add-a-restorer.md)"


_KINDS = (
    (rb"\s*$", "is empty: download it again"),
    (rb"\0{64}", "begins with zeros, as what was not written whole: download it again"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", "is compressed: unpack it"),
    (rb"\x93NUMPY", "is an array of NumPy"),
    (rb"\x89HDF", "is HDF5, as Keras and MATLAB write it: export it to ONNX"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|BM", "is an image"),
    (rb"%PDF|#!", "is a document or a script"),
)
"""How files begin that are called weights and are none, and what to do."""


def _other_kind(path: Path) -> str | None:
    """What a file plainly is instead of a network, or `None`."""
    with path.open("rb") as file:
        begins = file.read(512)
    found = (said for pattern, said in _KINDS if re.match(pattern, begins))
    if begins.startswith(b"PK\3\4") and not zipfile.is_zipfile(path):
        return "lacks its end: download it again"
    return next(found, None) or stands_in(begins) or _text(begins, path)


def _text(begins: bytes, path: Path) -> str | None:
    """What a file says that holds nothing but a message; models of ncnn are text too."""
    try:
        text = begins.decode()
    except UnicodeDecodeError:
        return None
    if path.stat().st_size > len(begins) or not text.replace("\n", " ").isprintable():
        return None
    return f"is text, which begins with {one_line(ValueError(text))[:60]!r}: download it again"


def one_line(error: Exception) -> str:
    """What a library's error says, as one line of at most 300 characters."""
    return " ".join(str(error).split())[:300]


def hash_file(path: Path) -> str:
    """SHA-256 of a file that a network's results depend on."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
