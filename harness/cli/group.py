"""The lazy click group.

A command's file is imported when the command is asked for, and errors are caught once.
"""

import gc
import importlib
import os
import select
import sys
from contextlib import nullcontext, suppress

import click

from harness import __version__
from harness.cli import output
from harness.errors import HarnessError, SeveralError, describe_error
from harness.plugins.importing import leave, nobody_leaves

COMMANDS = {
    "baseline": "harness.cli.baseline:baseline",
    "cache": "harness.cli.cache:cache",
    "check": "harness.cli.check:check",
    "collect": "harness.cli.collect:collect",
    "compare": "harness.cli.compare:compare",
    "correlate": "harness.cli.correlate:correlate",
    "degrade": "harness.cli.degrade:degrade",
    "figure": "harness.cli.figure:figure",
    "history": "harness.cli.history:history",
    "list": "harness.cli.listing:list_",
    "merge": "harness.cli.merge:merge",
    "rank": "harness.cli.rank:rank",
    "report": "harness.cli.report:report",
    "restore": "harness.cli.restore:restore",
    "run": "harness.cli.run:run",
    "score": "harness.cli.score:score",
    "sets": "harness.cli.sets:sets",
    "study": "harness.cli.study:study",
    "train": "harness.cli.train:train",
    "votes": "harness.cli.votes:votes",
    "wrap": "harness.cli.wrap:wrap",
    "zoo": "harness.cli.zoo:zoo",
}

# options of the group that may also stand after the command's name, where people write them
FLAGS = ("--debug", "--quiet", "--verbose")

INTERNAL_ERROR = 70
INTERRUPTED = 130
CLOSED_PIPE = 141
_UNUSABLE = "sqlite3.OperationalError"  # by name: not every command pays for the import


class _SystemError(Exception):
    """An `OSError` on its way past click, which would make a closed pipe exit code 1."""


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

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            raise _SystemError from error


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
4 nothing ran; 70 internal error; 130 interrupted; 141 nobody reads the output any more.
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
    """Runs the command line and exits."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _open_standard()
    with suppress(AttributeError):  # it has been replaced, as in a test
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    given.sort(key=lambda item: item not in FLAGS)  # stable: only the flags move
    alone = arguments is None  # the process is the command's
    try:
        with nobody_leaves() if alone else nullcontext():
            code = _run(given, alone)
    except BrokenPipeError:  # nobody hears what went wrong
        _is_closed()
        code = CLOSED_PIPE
    except OSError:  # nor here: the disk is full that errors are written to
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = HarnessError.exit_code
    gc.freeze()  # nothing is searched for cycles that ends with the process: 0.4 s of an exit
    code = code if isinstance(code, int) else 0
    if alone:
        leave(code)
    sys.exit(code)


def _open_standard() -> None:
    """Opens what a daemon has closed, or the next file would be written to as if it were output."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        with suppress(OSError):
            os.fstat(number)
            continue
        nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
        os.set_inheritable(nowhere, True)
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(nowhere, "r" if number == 0 else "w", closefd=False))


def _run(given: list[str], alone: bool) -> object:
    """Runs a command; here alone errors become messages and exit codes."""
    try:
        with output.documents_alone(for_good=alone) if "--json" in given else nullcontext():
            code = cli.main(given, prog_name="restobench", standalone_mode=False)
        sys.stdout.flush()
        return code
    except click.exceptions.Abort:
        click.echo(
            "interrupted; what is done is kept, and the same command goes on from there", err=True
        )
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (Exception, SystemExit) as error:
        return _told(error, debug="--debug" in given)


def _told(error: BaseException, *, debug: bool) -> int:
    """Says what went wrong; the exit code."""
    cause = error.__cause__ if isinstance(error, _SystemError) else error
    # click itself leaves where it cannot print a page of help
    if isinstance(cause, BrokenPipeError | SystemExit) and _is_closed():
        return CLOSED_PIPE
    if debug and cause is not None and not isinstance(cause, SystemExit):
        raise cause
    match cause:
        case SeveralError() if len(cause.each) > 1:  # in one line not all of them would be read
            for what in cause.each:
                output.say(f"error: {what}")
            output.say(f"error: {cause.message}")
            return cause.exit_code
        case HarnessError():
            output.say(f"error: {describe_error(cause)}")
            return cause.exit_code
        case OSError():  # a folder in the way, a full disk, no permission, too many open files
            place = f"{cause.filename}: " if cause.filename else ""
            output.say(f"error: {place}{cause.strerror or cause} (--debug shows where)")
            return HarnessError.exit_code
        case RuntimeError() if str(cause).startswith("Symlink loop"):  # of `Path.resolve`
            output.say(f"error: {cause}")
            return HarnessError.exit_code
        case SystemExit():
            what = f"a plugin left in the middle of the work (sys.exit({cause.code!r}))"
            output.say(f"error: {what}; it must raise an error instead")
            return HarnessError.exit_code
        case _ if f"{type(cause).__module__}.{type(cause).__name__}" == _UNUSABLE:
            output.say(f"error: a store cannot be used: {cause} (--debug shows where)")
            return HarnessError.exit_code
    what = describe_error(error)
    output.say(f"internal error: {what} (--debug shows where; please report it)")
    return INTERNAL_ERROR


def _is_closed() -> bool:
    """Whether nobody reads what is printed any more; if so, nothing is printed at exit either."""
    pipes = select.poll()
    for descriptor in {1, 2, output.descriptor()}:
        pipes.register(descriptor, 0)
    closed = [descriptor for descriptor, event in pipes.poll(0) if event & select.POLLERR]
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for descriptor in closed:
            os.dup2(nowhere, descriptor)
    return bool(closed)
