"""`ospo tui`: the terminal UI over the database of scans and findings."""

import gc
import getpass
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from ospo.cli.common import common, load_settings
from ospo.cli.stderr import put
from ospo.errors import OspoError, UsageError

if TYPE_CHECKING:
    from ospo.ui.app import OspoApp

_GARBAGE = 5000
"""Objects made between two looks for garbage: a millisecond of work."""
_SIGNALLED = 128
"""An exit code above it is that of a signal."""


@click.command("tui")
@common
def command(**flags: Any) -> int:
    """Look through all findings, read why each is one, and waive it.

    Everything has its command too: `ospo findings`, `ospo waive`, `ospo rules explain`.

    Exit codes: 0, whether there are findings or not; 2 usage or configuration, or no terminal.
    """
    app = app_of(flags)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the terminal UI needs a terminal", hint="`ospo findings` lists the same, for pipes and files too"
        )
    if os.environ.get("TERM", "dumb") == "dumb":
        raise UsageError("this terminal cannot move its cursor (TERM=dumb)", hint="use `ospo findings`")
    # What is imported stays. Looking for garbage every 100,000 objects, as other commands do, halts a screen
    # for 0.1 s each time.
    gc.freeze()
    gc.set_threshold(_GARBAGE)
    app.run()
    code = app.return_code or 0
    if code > _SIGNALLED:
        put(sys.stderr, "ospo: interrupted\n")
    elif code:
        # Textual has told what happened, and its own code for it is 1: "a finding".
        raise OspoError("internal error in the terminal UI", hint="please report it, with what is above")
    return code


def app_of(flags: dict[str, Any]) -> "OspoApp":
    """Make the app for the settings that hold.

    Raises:
        UsageError: the configuration is wrong.
    """
    settings = load_settings(flags, quiet=True)

    from ospo.ui.app import OspoApp

    return OspoApp(settings.database, approver=_user())


def _user() -> str:
    """Return who is likely to approve."""
    for name in ("GIT_AUTHOR_EMAIL", "EMAIL"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""
