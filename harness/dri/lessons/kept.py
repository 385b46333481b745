"""Files of a run's folder, which somebody may have damaged."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import InputError


@contextmanager
def kept_by_the_run(path: Path) -> Iterator[None]:
    """Reads what the run has written.

    Args:
        path: The file that is read in the block.

    Raises:
        InputError: It is not what the run has written.
    """
    try:
        yield
    except Exception as error:  # torch and pandas raise many types for what they cannot read
        why = f"{type(error).__name__}: {' '.join(str(error).split()):.100}"
        raise InputError(
            f"{path} is damaged, or of another training ({why}): delete it and run again"
        ) from error
