"""Where the degraded images and references of a run lie on this machine."""

from pathlib import Path

from harness.protocols.report import FoundImage
from harness.results import RunData, SampleRecord
from harness.storage.images.samples import find_image
from harness.storage.places import preview


class SampleImages:
    """Finds samples: the previews of an earlier version in the run folder, or the shared cache.

    Args:
        data: The run.
        run_folder: Its folder.
    """

    def __init__(self, data: RunData, run_folder: Path) -> None:
        self._samples, self._folder = data.samples, run_folder
        self.missed: list[tuple[str, str, str]] = []
        """Set, image and kind of what was asked for and is nowhere."""

    def __call__(self, set_name: str, image: str, kind: str) -> FoundImage | None:
        """As `harness.protocols.report.FindImage`."""
        if (path := self._preview(set_name, image, kind)) is not None:
            return FoundImage(path, exact=False)
        sample = self._samples.get((set_name, image), SampleRecord())
        hashes = {"degraded": sample.degraded_sha256, "reference": sample.reference_sha256}
        if (found := find_image(hashes[kind] or "")) is not None:
            return FoundImage(found.path, exact=True)
        self.missed.append((set_name, image, kind))
        return None

    def _preview(self, set_name: str, image: str, kind: str) -> Path | None:
        path = (self._folder / preview(set_name, image, kind)).resolve()
        # a run may come from elsewhere: a link that leads out of it is none of its files
        return path if path.is_file() and path.is_relative_to(self._folder.resolve()) else None
