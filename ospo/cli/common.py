"""Options that every command has, and what they lead to: the settings, the database, the time."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from ospo.cli.stderr import VERBOSITY, note
from ospo.config import Settings, load
from ospo.errors import UsageError
from ospo.model import Severity

_F = Callable[..., Any]

# Option -> the setting that it overrides.
_SETTINGS = {
    "db": "database",
    "offline": "offline",
    "rules": "rules",
    "waivers": "waivers",
    "fail_on": "scan.fail_on",
    "strict": "scan.strict",
    "allow_incomplete": "scan.allow_incomplete",
    "workers": "scan.workers",
}


def _keep_verbosity(context: click.Context, parameter: click.Parameter, value: int) -> int:
    del parameter
    context.meta[VERBOSITY] = value
    return value


_OPTIONS = (
    click.option(
        "--config",
        "config_file",
        metavar="PATH",
        help="Read this configuration and no other. Environment: OSPO_CONFIG.",
    ),
    click.option("--db", metavar="PATH", help="Use this database. Environment: OSPO_DB."),
    click.option("--offline", is_flag=True, default=None, help="Never open a network connection."),
    click.option("-q", "--quiet", is_flag=True, help="No progress and no notes on stderr, only errors."),
    click.option(
        "-v",
        "--verbose",
        count=True,
        callback=_keep_verbosity,
        help="List every problem; -vv adds the traceback to an error.",
    ),
)


def common(command: _F) -> _F:
    """Add the options that every command has; settings are loaded by `settings`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_READING = (
    click.option("--platform", metavar="OS/ARCH", help="Take this platform of a multi-platform image."),
    click.option(
        "--all-platforms", is_flag=True, help="Take every platform; {platform} in a PATH stands for its name."
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, 64),
        metavar="N",
        help="Read so many layers at the same time.",
    ),
    click.option("--no-cache", is_flag=True, help="Read every layer again, and remember none."),
)

_GATING = (
    click.option("--strict", is_flag=True, default=None, help="Exit 3 on any problem, blocking or not."),
    click.option(
        "--allow-incomplete", is_flag=True, default=None, help="Do not exit 3 when parts were not checked."
    ),
)

fail_on = click.option(
    "--fail-on",
    type=click.Choice([*map(str, Severity), "none"]),
    help="Exit 1 on a finding of an enforced rule, of this severity or worse.",
)
"""The option of commands that judge by findings."""


def gating(command: _F) -> _F:
    """Add the options that say what an incomplete check means."""
    for option in reversed(_GATING):
        command = option(command)
    return command


def reading(command: _F) -> _F:
    """Add the options of commands that read a target."""
    command = gating(command)
    for option in reversed(_READING):
        command = option(command)
    return command


_DECIDING = (
    click.option(
        "--rules",
        multiple=True,
        metavar="PATH",
        help="Rules of your own: a file or folder, beside the bundled rules; repeatable.",
    ),
    click.option(
        "--waivers", metavar="FILE", help="Accept the findings that this file waives, each until its expiry."
    ),
)


def deciding(command: _F) -> _F:
    """Add the options of commands that judge."""
    for option in reversed(_DECIDING):
        command = option(command)
    return command


table_or_json = click.option(
    "-o",
    "--output",
    "format_",
    type=click.Choice(["table", "json"]),
    default="table",
    help="For people or for programs.",
)
"""The option of commands that print a list; it arrives as `format_`."""


def load_settings(flags: Mapping[str, Any], *, scanned: str = "", quiet: bool = False) -> Settings:
    """Load the settings; what the user typed wins. Keys of `flags` that are no settings are left alone.

    `scanned` is the reference to be read: a configuration inside a scanned folder does not count.

    Raises:
        UsageError: the configuration is wrong.
    """
    from ospo.sources.detect import local_path

    typed = {setting: flags[flag] for flag, setting in _SETTINGS.items() if flags.get(flag) not in (None, ())}
    explicit = Path(flags["config_file"]) if flags.get("config_file") else None
    settings = load(explicit, typed, local_path(scanned) if scanned else None)
    for text in settings.notes:
        note(text, quiet=quiet)
    return settings


def now() -> str:
    """Return the time that results carry: SOURCE_DATE_EPOCH if it is set, else the clock's.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number. https://reproducible-builds.org/specs/source-date-epoch/
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"SOURCE_DATE_EPOCH is {epoch!r}, not a number of seconds", hint="unset it, or set it to a number"
        ) from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def today() -> date:
    """Return the day on which waivers are looked at, in UTC: SOURCE_DATE_EPOCH revives no expired one.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number.
    """
    return max(date.fromisoformat(now()[:10]), datetime.now(UTC).date())
