"""The pictures of a study, out of the run and the samples that are on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import ImageError, InputError

if TYPE_CHECKING:
    from harness.images import Image
    from harness.people.study import Study
    from harness.results import Restored, RunData

Key = tuple[str, str]
"""Set and image."""


class StudyPictures:
    """The pictures of a study as PNG files under opaque names, without any metadata.

    Args:
        run: The run folder.
        data: The run.
        cells: Its restored images by set and image.
        study: The key.
        side: Pixels of the square windows that are shown; 0: whole images.
        beside: `reference`, `degraded`, or an empty string.

    Attributes:
        wanted: Set, image and name of what is shown.
        shown: Set and image.
    """

    def __init__(
        self,
        run: Path,
        data: RunData,
        cells: Mapping[Key, Mapping[str, Restored]],
        study: Study,
        side: int,
        beside: str,
    ) -> None:
        from harness.people.study import seen_pictures
        from harness.reporting.images import SampleImages

        self.wanted = {item for session in study.sessions for item in seen_pictures(session)}
        self.shown = sorted({item[:2] for item in self.wanted})
        self._run, self._cells, self._study = run, cells, study
        self._side, self._beside = side, beside
        self._samples = SampleImages(data, run)

    def has(self, key: Key, kind: str) -> bool:
        """Whether the degraded image or reference is on this machine."""
        return self._samples(*key, kind) is not None

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        """Name and PNG of each; the images of one sample are in memory at a time."""
        from harness.images import to_uint8
        from harness.people.pictures import cut, differing_window
        from harness.png import encode_png

        for key in self.shown:
            restored = {name: self._read(item) for name, item in self._cells[key].items()}
            frame = next(iter(restored.values())).shape[1:]
            window = differing_window(list(restored.values()), self._side or max(frame))
            for name, image in self._of(key, restored):
                pixels = to_uint8(cut(image, window, (frame[0], frame[1])))
                yield self._study.opaque(*key, name), encode_png(pixels)

    def _of(self, key: Key, restored: Mapping[str, Image]) -> Iterator[tuple[str, Image]]:
        from harness.people.pictures import spoil
        from harness.people.study import CLEAR, SPOILT

        names = {name for *where, name in self.wanted if tuple(where) == key}
        for name in sorted(names & restored.keys()):
            yield name, restored[name]
        if names & {CLEAR, SPOILT}:
            found = self._samples(*key, "reference")
            clear = self._load(found.path) if found else next(iter(restored.values()))
            yield CLEAR, clear
            yield SPOILT, spoil(clear)
        if beside := self._beside:
            sample = self._samples(*key, beside)
            if sample is None:
                raise InputError(f"the {beside} of {key[1]} is gone: resume the run")
            yield f"={beside}", self._load(sample.path)

    def _read(self, item: Restored) -> Image:
        from harness.storage.images.arrays import ImageFile

        path = (self._run / item.path).resolve()
        if not path.is_relative_to(self._run.resolve()):
            raise InputError(f"{item.path!r} leads out of the run; mend the run")
        try:
            return ImageFile(path, item.sha256, item.checksum).read()
        except ImageError as error:
            raise InputError(f"{error}: resume the run, which makes it again") from None

    def _load(self, path: Path) -> Image:
        from harness.storage.images.arrays import load_array

        return load_array(path)
