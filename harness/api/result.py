"""A run in Python: its tables as data frames, its figures, its reports."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from harness.api.arguments import (
    Shown,
    is_folder,
    path_of,
    require_shown,
    several,
    some,
)
from harness.api.frames import frame_of
from harness.errors import InputError
from harness.results import Difference, SetStanding
from harness.storage.store import load_run as read_run

if TYPE_CHECKING:
    import pandas as pd

    from harness.api.plots import Plots
    from harness.protocols.report import ReportData
    from harness.results import Comparison, RunData


_SHOWN = ("rank", "restorer", "mean", "ci_low", "ci_high", "n", "failures")


class Result:
    """A run as it was when it was opened.

    Args:
        folder: The run folder.
        temporary: Whether the folder goes when nobody holds the result any more.
        held_by: Who else holds the folder, and has to live as long.

    Attributes:
        data: Everything the run holds, as frozen rows.

    Raises:
        StoreError: No run there, or a damaged one.
    """

    def __init__(self, folder: Path, *, temporary: bool = False, held_by: object = None) -> None:
        self.folder, self._held_by = folder.resolve(), held_by
        self.data: RunData = read_run(self.folder)
        if temporary:
            weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @property
    def restorers(self) -> tuple[str, ...]:
        """The restorers that have run, by name."""
        return tuple(self.data.run.restorers)

    def leaderboard(self, *, set: str | None = None, metric: str | None = None) -> pd.DataFrame:
        """The leaderboards: a row for each set, metric and restorer, best first.

        Args:
            set: Only this set.
            metric: Only this metric.

        Returns:
            The columns of `restobench/rank/1` (docs/results-format.md); `set` is missing where a
            row is about the whole benchmark.

        Raises:
            InputError: The run has no such set or metric.
        """
        from harness.api import ranks

        ranks.require_known(self.data, metric, set)
        report = self._tables
        rows = [
            row
            for row in report.rows
            if set in (None, row["set"]) and metric in (None, row["metric"])
        ]
        return frame_of(rows, ("benchmark", "set", "metric", "restorer", "rank", "mean"))

    def scores(self) -> pd.DataFrame:
        """Every score: restorer, set, image, metric, value, spread (missing where unknown)."""
        from harness.results.columns import as_columns

        columns = as_columns(self.data.scores)
        names = dict(zip(("restorer", "set", "image", "metric"), columns.names, strict=True))
        import pandas as pd

        texts = {
            key: pd.Series([known[code] for code in codes.tolist()], dtype="str")
            for (key, known), codes in zip(names.items(), columns.codes, strict=True)
        }
        return pd.DataFrame({**texts, "value": columns.values, "spread": columns.spreads})

    def set_standings(self) -> pd.DataFrame:
        """How restorers stand by metrics of sets (`fid`, ...): the fields of `SetStanding`."""
        from harness.ranking.set_standings import set_standings

        columns = [item.name for item in fields(SetStanding)]
        return frame_of([asdict(row) for row in set_standings(self.data)], columns)

    def failures(self) -> pd.DataFrame:
        """Every failure: restorer, set, image, metric (missing: all), kind, message."""
        rows = [
            {**asdict(item.cell), "metric": item.metric, "kind": item.kind.value}
            | {"message": item.message}
            for item in self.data.failures
        ]
        return frame_of(rows, ("restorer", "set", "image", "metric", "kind", "message"))

    def versus(
        self, other: str | Path | Result, *, set: str | None = None, metric: str | None = None
    ) -> pd.DataFrame:
        """How far each restorer is from another, over their common images.

        Args:
            other: One of this run; or another result or its folder, each restorer of which is
                compared with the one of its name, or all with its only one.
            set: Only this set.
            metric: Only this metric.

        Returns:
            A row for each leaderboard and restorer: difference (restorer minus versus, in the
            metric's unit), ci_low, ci_high (95 %, paired), p (two-sided), n, verdict.

        Raises:
            InputError: There is no such restorer, set or metric.
            IncomparableError: The other run has other sets, images or rules; the message names
                what differs.
        """
        from harness.api import pairing, ranks

        ranks.require_known(self.data, metric, set)
        rows: Sequence[Difference]
        if not isinstance(other, str | Path | Result):
            raise InputError(f"other is {other!r:.60}; expected a restorer's name or a result")
        if not isinstance(other, Result) and other not in self.restorers and is_folder(other):
            other = Result(Path(other))
        if isinstance(other, Result):
            rows = pairing.against(self.data, other.data, set_name=set, metric=metric)
        else:
            rows = pairing.within(self.data, str(other), set_name=set, metric=metric)
        first = ("restorer", "versus", "set", "metric")
        columns = [*first, *(item.name for item in fields(Difference) if item.name not in first)]
        return frame_of([asdict(row) for row in rows], columns)

    @property
    def plot(self) -> Plots:
        """The report's own figures."""
        from harness.api.plots import Plots

        return Plots(lambda: self._report, lambda: self._tables)

    def report(self, folder: str | Path | None = None, *, format: str = "html") -> Path:
        """Writes a report.

        Args:
            folder: Where; default: `report` in the run folder.
            format: As of `restobench report`.

        Returns:
            The page or file to open.

        Raises:
            UnknownNameError: No such format.
            InputError: It cannot be written there.
        """
        return self.reports(folder, (format,))[0]

    def reports(
        self,
        folder: str | Path | None = None,
        formats: Sequence[str] = ("html",),
        *,
        baseline: str | Path | None = None,
        aliases: Sequence[str] = (),
        settings: str | Path | None = None,
        **shown: Unpack[Shown],
    ) -> list[Path]:
        """Writes several reports, with everything that `restobench report` can say.

        Args:
            folder: Where; or the file of a single format.
            formats: Of the reports.
            baseline: Also show the regression check against this file or run folder.
            aliases: As for `compare`.
            settings: As for `compare`.
            shown: As of `harness.reporting.assemble.assemble`.

        Returns:
            For each format, the page or file to open.

        Raises:
            InputError: No such format, or they cannot be written there.
        """
        from harness.reporting import assemble, write

        told = require_shown(shown)
        writers = write.report_writers(some(formats, "formats"))
        comparison = self._against(baseline, aliases, settings)
        report = assemble.assemble(self.data, self.folder, comparison=comparison, **told)
        out = None if folder is None else path_of(folder, "folder")
        return write.write_reports(report, writers, out)

    def _against(
        self, baseline: object, aliases: Sequence[str], settings: object
    ) -> Comparison | None:
        if baseline is None:
            if aliases or settings is not None:
                raise InputError("aliases and settings are those of a baseline, and none is given")
            return None
        from harness.regression import check, measured_run

        now = measured_run.measured_run(self.data, self.folder)
        chosen = None if settings is None else path_of(settings, "settings")
        source, new = path_of(baseline, "baseline"), several(aliases, "aliases")
        return check.check_against(now, source, aliases=new, settings=chosen)

    def baseline(self, path: str | Path) -> Path:
        """Writes what was measured into a file to commit, for `compare`.

        Raises:
            InputError: It cannot be written there.
            StoreError: The run is damaged: a baseline needs every row.
        """
        from harness.regression import baseline_file, measured_run

        target = path_of(path, "baseline")
        baseline_file.write_baseline(measured_run.load_measured(self.folder), target)
        return target

    @cached_property
    def _tables(self) -> ReportData:
        from harness.reporting.assemble import assemble

        return assemble(self.data, self.folder, tables_only=True)

    @cached_property
    def _report(self) -> ReportData:
        from harness.reporting.assemble import assemble

        return assemble(self.data, self.folder)

    def __repr__(self) -> str:
        run, images = self.data.run, len(self.data.samples)
        failed = f", {len(self.data.failures)} failures" if self.data.failures else ""
        return (
            f"<Result {run.benchmark}: {', '.join(self.restorers)} on {images} images{failed}; "
            f"{self.folder}>"
        )

    def _repr_html_(self) -> str:
        """The first leaderboard of each set, for notebooks; every name in it is escaped."""
        return "".join(self._html_tables())

    def _html_tables(self) -> Iterator[str]:
        from harness.api.ranks import first_boards

        for rows in first_boards(self._tables.rows):
            board = rows[0]
            unit, way = f" in {board['unit']}" if board["unit"] else "", board["higher_is_better"]
            better = "higher" if way else "lower"
            title = f"{board['set'] or 'all sets'}: {board['metric']}{unit}, {better} is better"
            shown = frame_of([{name: row[name] for name in _SHOWN} for row in rows], _SHOWN)
            yield f"<p>{escape(title)}</p>"
            yield shown.to_html(index=False, escape=True, na_rep="–")
