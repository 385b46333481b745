"""What Slurm's queue holds of this user's jobs, and taking jobs out of it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from harness.errors import InputError

ASK_SECONDS = 60.0
AT_ONCE = 200
"""Ids in one command."""


def queued() -> set[str] | None:
    """Ids of this user's jobs that wait or run, tasks of arrays one by one.

    Returns:
        `None` where the queue does not answer: nobody knows, then.
    """
    try:
        found = _call("squeue", "--me", "--noheader", "--array", "--format=%i")
    except (OSError, subprocess.SubprocessError):
        return None
    return {line.strip() for line in found.splitlines() if line.strip()}


def cancel(ids: Sequence[str]) -> None:
    """Takes jobs out of the queue; those that are gone are no error.

    Raises:
        InputError: The queue does not answer.
    """
    try:
        for start in range(0, len(ids), AT_ONCE):
            _call("scancel", "--quiet", *ids[start : start + AT_ONCE])
    except (OSError, subprocess.SubprocessError) as error:
        raise InputError(f"jobs could not be ended: scancel: {error}") from error


def _call(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, timeout=ASK_SECONDS, check=True
    ).stdout
