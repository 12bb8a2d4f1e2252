"""`ospo`: finds the command, and turns what goes wrong into one clear message and an exit code."""

import gc
import importlib
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from ospo import __version__
from ospo.cli.stderr import VERBOSITY, explain, put, silence
from ospo.errors import OspoError, UsageError
from ospo.text import one_line, printable

# Command -> module; a module is imported when its command runs, or when all of them are listed.
COMMANDS = {
    "scan": "ospo.cli.scan",
    "sbom": "ospo.cli.sbom",
    "findings": "ospo.cli.findings",
    "waive": "ospo.cli.waive",
    "rules": "ospo.cli.rules",
    "tui": "ospo.cli.tui",
    "db": "ospo.cli.db",
    "config": "ospo.cli.config",
    "ecosystems": "ospo.cli.ecosystems",
    "completion": "ospo.cli.completion",
}

_USAGE = 2
_FAILED = 3
_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
_SIGNALLED = 128
"""Added to the number of a signal, as shells report what it ended."""


class _Stopped(BaseException):
    """A signal asks to end; passes everything that handles errors, so that each `finally` cleans up."""

    def __init__(self, signal_: int) -> None:
        super().__init__()
        self.signal = signal_


class _Commands(click.Group):
    """Loads commands by name, in the order of their use rather than of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all command names."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or return None for an unknown one."""
        del ctx
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is typed, or say which one resembles it."""
        if args[0] in COMMANDS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from ospo.text import closest

        meant = closest(args[0], COMMANDS)
        suggestion = f"did you mean `ospo {meant}`? " if meant else ""
        raise UsageError(
            f"there is no command {args[0][:60]!r}", hint=f"{suggestion}`ospo --help` lists the commands"
        )

    def invoke(self, ctx: click.Context) -> object:
        """Run a command where its `-vv` is still known, and before click makes code 1 of a closed pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            silence(sys.stdout)
            return _SIGNALLED + signal.SIGPIPE
        except Exception as error:
            if ctx.meta.get(VERBOSITY, 0) > 1:
                import traceback

                put(sys.stderr, printable("".join(traceback.format_exception(error))))
            raise


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="ospo", message="%(prog)s %(version)s")
def cli() -> None:
    """What is in every image and stack you run, under which licences, and what could not be checked.

    Exit codes: 0 clean; 1 a finding at or above --fail-on; 2 usage or configuration; 3 could not be
    checked completely; 4 target not found or unreadable. Results go to stdout, all else to stderr.
    """


def main() -> None:
    """Run the command line and exit."""
    # What a command makes lives until its end: looking for garbage every 700 objects cost 0.07 s of 0.45.
    gc.set_threshold(100_000)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by `>&-`
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 - for as long as the process
    caught = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # see nohup(1)
    for number in caught:
        signal.signal(number, _stop)
    try:
        code = run(sys.argv[1:])
        for number in caught:
            signal.signal(number, signal.SIG_DFL)
    except _Stopped as stopped:
        put(sys.stderr, "ospo: interrupted\n")
        # Everything is cleaned up; layers that are being read elsewhere are not waited for.
        os._exit(_SIGNALLED + stopped.signal)
    sys.exit(code)


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
    raise _Stopped(number)


def run(arguments: list[str]) -> int:
    """Run one command line; return the exit code."""
    try:
        outcome = cli.main(arguments, prog_name="ospo", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except OspoError as error:
        explain(error)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return _USAGE
    except click.ClickException as error:
        explain(_of_click(error))
        return _USAGE
    except OSError as error:
        silence(sys.stdout)
        reason = error.strerror or str(error)
        explain(
            OspoError(
                f"the system refuses: {reason}", hint="see that no disk is full; -vv tells where it was"
            )
        )
        return _FAILED
    except Exception as error:  # noqa: BLE001 - Python's own exit code for it is 1, "a finding"
        explain(_unexpected(error))
        return _FAILED


def _of_click(error: click.ClickException) -> UsageError:
    """Tell a mistake on the command line as all others are told."""
    text = " ".join(error.format_message().split()).removesuffix(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "ospo"
    return UsageError(text[:1].lower() + text[1:], hint=f"`{command} --help` tells how it is used")


def _unexpected(error: Exception) -> OspoError:
    return OspoError(
        f"internal error: {type(error).__name__}: {one_line(str(error))[:200]}",
        hint="this is a mistake in ospo: please report it, with what -vv adds",
    )
