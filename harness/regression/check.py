"""A run held against a baseline that the user names: what `compare`, reports and tests do."""

from collections.abc import Sequence
from pathlib import Path

from harness.regression.baseline_file import load_baseline
from harness.regression.comparison import compare
from harness.regression.measured_run import MeasuredRun, rename
from harness.regression.tolerances import read_settings
from harness.results import Comparison


def check_against(
    now: MeasuredRun,
    source: Path,
    *,
    aliases: Sequence[str] = (),
    settings: Path | None = None,
    name: str | None = None,
) -> Comparison:
    """Judges a run against a baseline.

    Args:
        now: The run.
        source: The baseline: a file, or a run folder.
        aliases: `NEW=OLD`: restorers that were renamed since.
        settings: A TOML file that says what counts as a regression.
        name: What the user called the baseline; default: its path.

    Raises:
        HarnessError: One of the files is not what it should be.
    """
    chosen = read_settings(settings) if settings else None
    return compare(
        now, rename(load_baseline(source), aliases), chosen, str(source) if name is None else name
    )
