"""`ospo config`: which settings hold here, and where each comes from."""

import os
from collections.abc import Iterator
from functools import reduce
from typing import Any

import click

from ospo.cli.common import common, load_settings, table_or_json
from ospo.cli.output import json_text, show
from ospo.cli.stderr import note
from ospo.cli.table import table
from ospo.config import SETTINGS, Settings, unknown_variables
from ospo.config.registries import KEYS
from ospo.config.values import Origin, dotted, read_size, show_size
from ospo.registry_settings import RegistrySettings


@click.command("config")
@click.argument("what", type=click.Choice(["show", "path"]), default="show")
@table_or_json
@common
def command(what: str, format_: str, quiet: bool, **flags: Any) -> None:
    """Show the settings that hold here, each with where it comes from.

    `ospo config path` shows where a configuration file was looked for, nearest first. Secrets are never
    shown: settings name the environment variables that hold them.
    """
    settings = load_settings(flags, quiet=quiet)
    remarks = unknown_variables(os.environ, settings)
    for remark in remarks:
        note(remark, quiet=quiet)
    if format_ == "json":
        show(_json(settings, what, (*settings.notes, *remarks)))
    elif what == "path":
        click.echo(table(("FILE", "STATE"), [(str(one.path), one.state) for one in settings.considered]))
    else:
        rows = [(key, shown(key, value), str(origin)) for key, value, origin in _listed(settings)]
        click.echo(table(("SETTING", "VALUE", "FROM"), rows))


def _json(settings: Settings, what: str, notes: tuple[str, ...]) -> str:
    document: dict[str, object] = {"notes": notes}
    if what == "path":
        document["files"] = [{"path": str(one.path), "state": one.state} for one in settings.considered]
    else:
        document["settings"] = {
            key: {"value": value, "from": origin.kind, "where": origin.where}
            for key, value, origin in _listed(settings)
        }
    return json_text(document)


def _listed(settings: Settings) -> Iterator[tuple[str, object, Origin]]:
    """Every setting with value and origin; of registries only what is configured."""
    for key in SETTINGS:
        yield key, reduce(getattr, key.split("."), settings), settings.origin(key)
    for key, value in _of_registries(settings.registry):
        yield key, value, settings.origin(key)


def _of_registries(registry: RegistrySettings) -> Iterator[tuple[str, object]]:
    users = {host: user for host, (user, _) in registry.credentials.items()}
    passwords = {host: password for host, (_, password) in registry.credentials.items()}
    values = {
        "ca_file": registry.ca_files,
        "insecure": dict.fromkeys(registry.insecure, True),
        "mirrors": registry.mirrors,
        "password_env": passwords,
        "token_hosts": registry.token_hosts,
        "username_env": users,
    }
    for host in sorted(set().union(*values.values())):
        yield from ((dotted("registry", host, key), values[key][host]) for key in KEYS if host in values[key])


def shown(key: str, value: object) -> str:
    """Write a value as a file would, without quotes: sizes with their unit."""
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case int() if SETTINGS[key].read is read_size:
            return show_size(value)
        case tuple():
            return ", ".join(map(str, value))
    return str(value)
