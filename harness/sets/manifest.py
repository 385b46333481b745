"""What a folder of degraded images holds.

A file lists inputs, outputs and hashes, and says whose they are.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.atomic import atomic_file
from harness.errors import InputError
from harness.formats import read_text
from harness.plugins.fingerprints import file_hash
from harness.set_identity import set_fingerprint

SCHEMA = "restobench/degraded-set/1"


@dataclass(frozen=True, slots=True)
class DegradedFile:
    """One line of the manifest.

    Attributes:
        image: The sample's id: the file name without suffix.
        input: The reference's file name.
        input_sha256: Of its bytes.
        output: File name of the degraded image: `.png` if it has 8 bits, `.npy` (float32, C x H x
            W) if not.
        output_sha256: Of its bytes.
        degraded_sha256: Of its pixels, as in a run.
        reference_sha256: Of the reference's pixels, cut to a multiple of the scale, as in a run.
        mask: File name of the mask, 255 where pixels are missing, or `None`.
        conditions: What is known of this image, where that is more than the manifest says for all.
        error: Why there is no degraded image, or `None`.
    """

    image: str
    input: str
    input_sha256: str | None = None
    output: str | None = None
    output_sha256: str | None = None
    degraded_sha256: str | None = None
    reference_sha256: str | None = None
    mask: str | None = None
    conditions: dict[str, object] | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where the images of one input go.

    Attributes:
        source: The reference.
        stem: The degraded image, without suffix.
        mask: The mask, if the recipe makes one.
        suffix: That of the degraded image, where the user named the file; `None`: as its values
            want it.
    """

    source: Path
    stem: Path
    mask: Path
    suffix: str | None = None


class Manifest:
    """The file that says what a folder of degraded images holds.

    Args:
        path: The file.
        header: What decides the pixels; a folder made by another is not touched.
        places: What is to be made.

    Raises:
        InputError: The folder holds another set, or files that this one would write over.
    """

    def __init__(self, path: Path, header: dict[str, object], places: Sequence[Place]) -> None:
        self.path, self.header = path, {"schema": SCHEMA, **header}
        known = {row.image: row for row in self._read()}
        for place in places:
            _check_free(place, known.get(place.source.stem))
        self.rows = {
            path.stem: known.get(path.stem, DegradedFile(path.stem, path.name))
            for path in (place.source for place in places)
        }
        self.write()

    def _read(self) -> list[DegradedFile]:
        if not self.path.is_file():
            return []
        try:
            content = json.loads(read_text(self.path, "manifest"))
            for key, value in json.loads(json.dumps(self.header)).items():
                if content[key] != value:
                    raise InputError(
                        f"{self.path.parent} holds another set: its {key} is {content[key]!r}, now "
                        f"it would be {value!r}; give another OUTPUT"
                    )
            return [DegradedFile(**row) for row in content["rows"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(
                f"{self.path} is no manifest of this version ({error!r}): give another OUTPUT"
            ) from None

    def is_done(self, place: Place) -> bool:
        """Whether an image is there, whole, and made from the same input."""
        row = self.rows[place.source.stem]
        # what cannot be read is not done
        with suppress(OSError):
            return (
                row.error is None
                and isinstance(row.output, str)
                and row.input == place.source.name
                and (row.mask is None or place.mask.is_file())
                and file_hash(place.stem.parent / Path(row.output).name) == row.output_sha256
                and file_hash(place.source) == row.input_sha256
            )
        return False

    def write(self) -> None:
        """Writes the file, a line for each image; whole or not at all."""
        header = {**self.header, "fingerprint": self.fingerprint()}
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in header.items()]
        rows = ",\n".join(json.dumps(asdict(row)) for row in self.rows.values())
        with atomic_file(self.path) as partial:
            partial.write_text(
                "{" + ",\n".join([*lines, f'"rows": [\n{rows}\n]']) + "}\n", encoding="utf-8"
            )

    def fingerprint(self) -> str | None:
        """That of a run's set, once every image is there."""
        hashes = [
            (row.degraded_sha256, row.reference_sha256)
            for row in self.rows.values()
            if row.degraded_sha256 is not None
        ]
        return set_fingerprint(hashes) if len(hashes) == len(self.rows) else None


def _check_free(place: Place, known: DegradedFile | None) -> None:
    """Refuses to write over what is not ours, or through a link to somewhere else."""
    if place.mask.parent.is_symlink():
        raise InputError(f"{place.mask.parent} is a link: give another OUTPUT")
    if known is None:
        for path in (
            *(place.stem.with_name(place.stem.name + suffix) for suffix in (".png", ".npy")),
            place.mask,
        ):
            if os.path.lexists(path):
                raise InputError(
                    f"{path} exists already, and no manifest says it is ours: give another OUTPUT"
                )
