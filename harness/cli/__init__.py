"""The commands, one a file: they read options, call a room, print."""

from harness.cli.group import main

__all__ = ["main"]
