"""Where the images of a run lie in its folder."""

from __future__ import annotations

from pathlib import Path

from harness.results import Cell
from harness.storage.samples import safe_name


def preview_folder(set_name: str) -> Path:
    """Folder of a set's previews, relative to the run folder."""
    return Path("images") / safe_name(set_name)


def restored_stem(cell: Cell) -> Path:
    """Path of a restored image without its suffix, relative to the run folder."""
    return Path("restored") / safe_name(cell.restorer) / safe_name(cell.set) / safe_name(cell.image)


def previews(set_name: str, image: str, has_reference: bool) -> dict[str, str | None]:
    """Previews of a sample, relative to the run folder: `degraded`, and `reference` or `None`."""
    folder, name = str(preview_folder(set_name)), safe_name(image)
    reference = f"{folder}/{name}-reference.png" if has_reference else None
    return {"degraded": f"{folder}/{name}-degraded.png", "reference": reference}
