"""The lazy click group.

A command's file is imported when the command is asked for, and errors are caught once.
"""

import importlib
import sys

import click

from harness import __version__
from harness.errors import HarnessError

COMMANDS = {
    "baseline": "harness.cli.baseline:baseline",
    "cache": "harness.cli.cache:cache",
    "check": "harness.cli.check:check",
    "compare": "harness.cli.compare:compare",
    "correlate": "harness.cli.correlate:correlate",
    "degrade": "harness.cli.degrade:degrade",
    "history": "harness.cli.history:history",
    "list": "harness.cli.listing:list_",
    "merge": "harness.cli.merge:merge",
    "rank": "harness.cli.rank:rank",
    "report": "harness.cli.report:report",
    "restore": "harness.cli.restore:restore",
    "run": "harness.cli.run:run",
    "score": "harness.cli.score:score",
    "sets": "harness.cli.sets:sets",
    "train": "harness.cli.train:train",
    "zoo": "harness.cli.zoo:zoo",
}

# options of the group that may also stand after the command's name, where people write them
FLAGS = ("--debug", "--quiet", "--verbose")

INTERNAL_ERROR = 70
INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Imports one command."""
        module, _, attribute = COMMANDS.get(cmd_name, "").partition(":")
        command: click.Command | None = (
            getattr(importlib.import_module(module), attribute) if module else None
        )
        return command


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""
\b
Examples:
  restobench run -b quickstart
  restobench run -b quickstart -r bicubic -r my_model.pth --out runs/mine
  restobench rank runs/mine --by dri
  restobench list restorers
\b
--debug, --quiet and --verbose may stand anywhere.
\b
Exit codes: 0 good; 1 regression; 2 usage or bad input; 3 finished, some cells failed;
4 nothing ran; 70 internal error; 130 interrupted.
""",
)
@click.version_option(__version__, prog_name="restobench")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--quiet", is_flag=True, help="No progress and no tables; errors and exit codes only."
)
@click.option("--verbose", is_flag=True, help="A line for every cell.")
@click.pass_context
def cli(context: click.Context, /, **flags: bool) -> None:
    """Which image restorer is better, on what, by how much, and is the difference real?"""
    context.obj = flags


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits.

    This is the one place where errors become messages and exit codes.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    given.sort(key=lambda item: item not in FLAGS)  # stable: only the flags move
    try:
        code = cli.main(given, prog_name="restobench", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo(
            "interrupted; what is done is kept, and the same command goes on from there", err=True
        )
        code = INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        code = 0
    except HarnessError as error:
        if "--debug" in given:
            raise
        click.echo(f"error: {error}", err=True)
        code = error.exit_code
    except Exception as error:
        if "--debug" in given:
            raise
        what = f"{type(error).__name__}: {error}"
        click.echo(f"internal error: {what} (--debug shows where; please report it)", err=True)
        code = INTERNAL_ERROR
    sys.exit(code if isinstance(code, int) else 0)
