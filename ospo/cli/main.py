"""`ospo`: finds the command, and turns what goes wrong into one clear message and an exit code."""

import importlib
import sys
import traceback

import click

from ospo import __version__
from ospo.errors import OspoError
from ospo.text import printable

# Command -> module; a module is imported when its command runs, or when all of them are listed.
COMMANDS = {
    "scan": "ospo.cli.scan",
    "sbom": "ospo.cli.sbom",
    "findings": "ospo.cli.findings",
    "db": "ospo.cli.db",
    "config": "ospo.cli.config",
    "ecosystems": "ospo.cli.ecosystems",
    "completion": "ospo.cli.completion",
}

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


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
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; return the exit code."""
    try:
        outcome = cli.main(arguments, prog_name="ospo", standalone_mode=False)
        return outcome if isinstance(outcome, int) else 0
    except OspoError as error:
        _explain(error, arguments)
        return error.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        print("ospo: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        return _quiet_exit()


def _explain(error: OspoError, arguments: list[str]) -> None:
    print(f"ospo: {printable(error.message)}", file=sys.stderr)
    if error.hint:
        print(f"  hint: {printable(error.hint)}", file=sys.stderr)
    if "-vv" in arguments:
        traceback.print_exception(error)


def _quiet_exit() -> int:
    """The reader of stdout has seen enough (`ospo … | head`): no more output, and no complaint at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
