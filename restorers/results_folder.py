"""Results that exist already, as most papers publish: `-r folder:results`.

They are paired by name, never by position.
"""

import hashlib
from pathlib import Path

from harness.errors import ImageError, InputError, RestorationError, as_utf8
from harness.formats import (
    SUFFIXES,
    check_pattern,
    image_files,
    named_for,
    nearly_named,
)
from harness.protocols import Conditions, DegradedSet, Restorer, RestorerCard, card_mismatch
from restorers._arrays import Image


class ResultsFolder(Restorer):
    """Looks each restored image up.

    It is `FOLDER/SET/NAME.png`, or `FOLDER/NAME.png` for the results of a single set.

    A file belongs to an image as `harness.formats.is_named_for` says. Two such files are an error,
    not a choice.

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
        check_pattern(pattern)
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
        folder, files = self._folder, self._files_of(degraded_set.name)
        if not files:
            return f"there is no {folder / degraded_set.name}, and no image in {folder} itself"
        ids = degraded_set.ids()
        if any(named_for(id, files, self._pattern) for id in ids):
            return card_mismatch(self.card, degraded_set)
        wanted = self._pattern or "{id}*.png"
        return (
            f"no file of {files[0].parent} is named for one of its {len(ids)} images; expected "
            f"{wanted.replace('{id}', ids[0])}, there is {_some([file.name for file in files])}: "
            "rename them, or give pattern="
        )

    def notes(self, degraded_set: DegradedSet) -> list[str]:
        """Which file is whose, and what is nobody's: for who starts a run."""
        files, pairs, without = self._files_of(degraded_set.name), {}, []
        ids = degraded_set.ids()
        for id in ids:
            found = named_for(id, files, self._pattern)
            if len(found) == 1:
                pairs[id] = found[0]
            else:
                without.append(f"{id} ({self._why_none(id, found, files)})")
        told = [f"{as_utf8(file.name)} -> {id}" for id, file in pairs.items()]
        lines = [f"{len(pairs)} of {len(ids)} images by name: {_some(told)}"]
        lines += [f"without a file: {_some(without)}"] if without else []
        unused = [as_utf8(file.name) for file in files if file not in pairs.values()]
        lines += [f"files of none of its images: {_some(unused)}"] if unused else []
        return lines

    def restore(self, image: Image, conditions: Conditions) -> Image:
        """Reads the result that belongs to `conditions.sample_id`.

        Raises:
            RestorationError: There is none, there are two, or it cannot be read.
        """
        from harness.images import read_image

        if conditions.sample_id is None:
            raise RestorationError("results are looked up by name, and this image has none")
        id, files = conditions.sample_id, self._files_of(conditions.set_name or "")
        found = named_for(id, files, self._pattern)
        if len(found) != 1:
            seen = f"has {', '.join(file.name for file in found)}" if found else "has no file"
            why = self._why_none(id, found, files)
            raise RestorationError(f"{self._folder} {seen} for {id}; expected one: {why}")
        try:
            return read_image(found[0], mode="rgb" if image.shape[0] == 3 else "grey")
        except ImageError as error:
            raise RestorationError(str(error)) from error

    def _why_none(self, id: str, found: list[Path], files: list[Path]) -> str:
        """What mends it that an image has no file, or several."""
        if found:
            return f"{len(found)} files; say which with pattern={{id}}_NAME.png"
        near = nearly_named(id, files)
        return f"there is {' and '.join(near)}" if near else "no file has a name like it"

    def _files_of(self, set_name: str) -> list[Path]:
        return self._files.get(self._folder / set_name) or self._files.get(self._folder) or []


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _digest(files: list[Path]) -> str:
    """SHA-256 over names, sizes and content: a changed result is scored again."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file}\0{file.stat().st_size}\0".encode(errors="surrogatepass"))
        digest.update(file.read_bytes())
    return digest.hexdigest()
