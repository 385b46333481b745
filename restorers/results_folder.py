"""Results that exist already, as most papers publish: `-r folder:results`.

They are paired by name, never by position.
"""

import hashlib
import re
from pathlib import Path

from harness.errors import ImageError, InputError, RestorationError, as_utf8
from harness.formats import SUFFIXES, image_files
from harness.protocols import Conditions, DegradedSet, Restorer, RestorerCard, card_mismatch
from restorers._arrays import Image


class ResultsFolder(Restorer):
    """Looks each restored image up.

    It is `FOLDER/SET/NAME.png`, or `FOLDER/NAME.png` for the results of a single set.

    A file belongs to an image when its name without suffix is the image's, or else begins with it
    and goes on as papers do: `baboon.png`, `baboonx4.png`, `baboon_SwinIR.png`. Two such files are
    an error, not a choice.

    Args:
        device: Needs none.
        path: The folder.
        pattern: The exact file name in place of that, `{id}` standing for the image:
            `{id}_x4_MyNet.png`.
    """

    def __init__(self, *, path: str, device: str = "cpu", pattern: str = "") -> None:
        """Lists the folder.

        Raises:
            InputError: It is not there, holds no image, or the pattern has no `{id}`.
        """
        # absolute: a restorer may be run in another folder than the one it is built in
        self._folder, self._pattern = Path(path).resolve(), pattern
        if not self._folder.is_dir():
            raise InputError(f"results folder {path} does not exist")
        files = image_files(self._folder, deep=True)
        if not files:
            raise InputError(
                f"results folder {path} holds no image; expected files ending in "
                f"{', '.join(sorted(SUFFIXES))}"
            )
        if pattern and ("{id}" not in pattern or "/" in pattern):
            raise InputError(f"pattern is {pattern!r}; expected a file name with {{id}} in it")
        self._files: dict[Path, list[Path]] = {}
        for file in files:
            self._files.setdefault(file.parent, []).append(file)
        self.card = RestorerCard(
            name=self._folder.name,
            scales=(),
            licence="unknown",
            source=f"results in {path}",
            weights_sha256=(_digest(files),),
        )

    def supports(self, degraded_set: DegradedSet) -> str | None:
        """Why there are no results of a set here, or `None`."""
        if self._files_of(degraded_set.name):
            return card_mismatch(self.card, degraded_set)
        folder = self._folder
        return f"there is no {folder / degraded_set.name}, and no image in {folder} itself"

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Reads the result that belongs to `conditions.sample_id`.

        Raises:
            RestorationError: There is none, there are two, or it cannot be read.
        """
        from harness.images import read_image

        if conditions.sample_id is None:
            raise RestorationError("results are looked up by name, and this image has none")
        found = self._find(conditions.set_name or "", conditions.sample_id)
        if len(found) != 1:
            seen = f"has {', '.join(file.name for file in found)}" if found else "has no file"
            raise RestorationError(
                f"{self._folder} {seen} for {conditions.sample_id}; expected one"
            )
        try:
            return read_image(found[0], mode="rgb" if image.shape[0] == 3 else "grey")
        except ImageError as error:
            raise RestorationError(str(error)) from error

    def _find(self, set_name: str, id: str) -> list[Path]:
        files = self._files_of(set_name)
        if self._pattern:
            return [f for f in files if as_utf8(f.name) == self._pattern.replace("{id}", id)]
        exact = [file for file in files if as_utf8(file.stem) == id]
        added = re.compile(rf"{re.escape(id)}(?:[_\-.]|x\d).*")
        return exact or [file for file in files if added.fullmatch(as_utf8(file.stem))]

    def _files_of(self, set_name: str) -> list[Path]:
        return self._files.get(self._folder / set_name) or self._files.get(self._folder) or []


def _digest(files: list[Path]) -> str:
    """SHA-256 over names, sizes and content: a changed result is scored again."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file}\0{file.stat().st_size}\0".encode(errors="surrogatepass"))
        digest.update(file.read_bytes())
    return digest.hexdigest()
