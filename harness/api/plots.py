"""The figures of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack, cast

from harness.api.arguments import require_words, several
from harness.api.ranks import require_known
from harness.errors import InputError
from harness.plugins.kinds import figures
from harness.ranking.tables import metric_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from harness.protocols.report import ReportData


class Drawn(TypedDict, total=False):
    """Which image, and how its crops are drawn.

    Attributes:
        image: Its id; one that says much.
        metrics: Whose scores stand below; the first of the set.
        columns: Of crops.
        zoom: How many pixels wide one is drawn, at 300 dots an inch.
        smooth: Enlarges bicubically, and not pixel by pixel.
        whole: Whether the whole image stands beside the crops, with the region marked: yes.
        inset: Whether the region is also drawn enlarged within it.
    """

    image: str | None
    metrics: Sequence[str]
    columns: int | None
    zoom: int | None
    smooth: bool
    whole: bool
    inset: bool


class Crops(Drawn, total=False):
    """All of it.

    Attributes:
        region: Left, top, width and height in pixels of the restored image; where the restored
            images differ most.
        restorers: Which, in their order; `degraded` and `reference` among them stand where they
            are named, and else first and last. The best.
        labels: Name -> what is written in its place.
    """

    region: tuple[int, int, int, int] | None
    restorers: Sequence[str]
    labels: Mapping[str, str]


class Plots:
    """The figures that a report shows, as matplotlib has them: `figure.savefig("figure.pdf")`.

    pyplot knows nothing of them, so that none has to be closed.

    Args:
        report: Computes what is shown.
        tables: Computes the part of it that takes no time, which crops do with.
    """

    def __init__(self, report: Callable[[], ReportData], tables: Callable[[], ReportData]) -> None:
        self._report, self._tables = report, tables

    def __call__(
        self, name: str, *, set: str | None = None, metric: str | None = None
    ) -> list[Figure]:
        """Every figure of a kind that there is.

        Args:
            name: Of `list_figures`.
            set: Only those of this set.
            metric: Only those of this metric.

        Raises:
            UnknownNameError: No such kind.
            InputError: No such set or metric, or figures of this kind are of all metrics.
        """
        draw = figures.get(name)
        self._require(set, metric)
        if metric is not None and name == "agreement":
            raise InputError("agreement is that of all metrics: leave metric out")
        return list(draw(self._report(), set, metric))

    def _require(self, set_name: str | None, metric: str | None) -> None:
        """Refuses a set that the run does not have, and what is no quantity of it."""
        data = self._tables().data
        require_known(data, None, set_name)
        if metric is not None and metric not in metric_names(data):
            axes = {axis for item in self._report().trade_offs for axis in (item.x, item.y)}
            if metric not in axes:
                known = ", ".join([*metric_names(data), *sorted(axes - {*metric_names(data)})])
                raise InputError(f"the run has no metric {metric!r}; it has {known}")

    def distributions(self, *, set: str | None = None, metric: str | None = None) -> Figure:
        """Scores image by image, by the first metric and set unless they are given.

        Raises:
            InputError: There is too little to show: no restorer has three scores.
        """
        return self._first("distributions", set, metric)

    def critical_differences(self, *, set: str | None = None, metric: str | None = None) -> Figure:
        """Mean ranks, and bars over restorers that are not told apart.

        Raises:
            InputError: There are fewer than three restorers.
        """
        return self._first("critical-differences", set, metric)

    def trade_offs(self, *, set: str | None = None, metric: str | None = None) -> Figure:
        """Quality against cost, or perception against distortion.

        Args:
            set: Of this set.
            metric: With this quantity on an axis: a metric, `seconds`, `peak_mib`, `parameters`.

        Raises:
            InputError: There are fewer than two restorers.
        """
        return self._first("trade-offs", set, metric)

    def agreement(self, *, set: str | None = None) -> Figure:
        """Whether metrics agree.

        Raises:
            InputError: There are fewer than three metrics.
        """
        return self._first("agreement", set, None)

    def crops(self, *, set: str | None = None, **how: Unpack[Crops]) -> Figure:
        """One region of one image as each restorer shows it, with scores below.

        Args:
            set: The image's set, where several have one of that name.
            how: `image`, `region`, `restorers`, `metrics`, `labels`, `columns`, `zoom`, `smooth`,
                `whole` and `inset`: see `Crops`.

        Returns:
            A figure; its `savefig` takes `NAME.tex` too: a table of LaTeX and its pictures.

        Raises:
            InputError: What was asked for is not in the run, or its picture is not on this machine.
        """
        require_words(how, Crops.__optional_keys__)
        require_known(self._tables().data, None, set)
        if "restorers" in how:
            how["restorers"] = several(how["restorers"], "restorers")
        if "metrics" in how:
            how["metrics"] = several(how["metrics"], "metrics")
        draw = cast("Callable[..., Iterable[Figure]]", figures.get("crops"))
        for figure in draw(self._tables(), set, None, **how):
            return figure
        raise InputError("the run has no image to draw crops of")

    def _first(self, name: str, set_name: str | None, metric: str | None) -> Figure:
        for figure in figures.get(name)(self._report(), set_name, metric):
            return figure
        where, run = [item for item in (set_name, metric) if item], self._report().data.run
        raise InputError(
            f"too little to draw {' '.join([name, *where])} of: the run has {len(run.restorers)} "
            f"restorers, the sets {', '.join(run.plan.sets)} and the metrics "
            f"{', '.join(run.plan.metrics)}"
        )
