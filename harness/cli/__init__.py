"""The command line: a lazy click group, one file a command."""

from harness.cli.group import main

__all__ = ["main"]
