"""The crop figure: which pictures, from where, and drawn by matplotlib pixel by pixel."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.errors import InputError
from harness.protocols.report import ReportData
from reports.crops.grid import Grid, Region
from reports.crops.layout import CropFigure, How, draw
from reports.crops.pictures import chosen_image, crops_of


def crops(
    report: ReportData,
    set_name: str | None = None,
    metric: str | None = None,
    /,
    *,
    image: str | None = None,
    region: tuple[int, int, int, int] | None = None,
    restorers: Sequence[str] = (),
    metrics: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    **how: Any,
) -> Iterator[CropFigure]:
    """Draws one region of one image as each restorer shows it, with scores below.

    The arguments are those of `harness.api.plots.Crops`; `metric` counts where `metrics` are none,
    and `how` has the fields of `How`.

    Yields:
        One figure, whose `savefig` takes `.tex` too; none of a run without images.

    Raises:
        InputError: What was asked for is not in the run, or its picture is not on this machine.
    """
    key = chosen_image(report, set_name, image)
    if key is None:
        return
    own = None if region is None else _region(region)
    _require_named(report, labels or {})
    found = crops_of(report, key, own, restorers, metrics or ([metric] if metric else ()))
    named = [crop.renamed((labels or {}).get(crop.name, crop.name)) for crop in found.crops]
    yield draw(Grid(key, found.region, found.frame, tuple(named), found.metrics), How(**how))


def _region(said: Sequence[int]) -> Region:
    numbers = [getattr(number, "__index__", lambda: None)() for number in said]
    if len(numbers) != 4 or None in numbers:
        raise InputError(f"region is {said!r:.60}; expected left, top, width and height in pixels")
    return Region(*map(int, said))


def _require_named(report: ReportData, labels: Mapping[str, str]) -> None:
    known = [*report.data.run.restorers, "degraded", "reference"]
    if unknown := [name for name in labels if name not in known]:
        raise InputError(f"labels are for {unknown[0]!r}; expected some of {', '.join(known)}")
