"""`ospo db`: where the database is, what it holds, whether it is whole. None of these creates one."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ospo.cli.common import common, load_settings, table_or_json
from ospo.cli.output import json_text, show
from ospo.cli.table import table
from ospo.errors import StoreError
from ospo.text import one_line


@click.group("db")
def command() -> None:
    """Look after the database that holds scans and findings."""


@command.command("path")
@common
def show_path(**flags: Any) -> None:
    """Print the path of the database, whether it exists or not."""
    click.echo(one_line(str(_path(flags))))


@command.command("info")
@table_or_json
@common
def info(format_: str, **flags: Any) -> None:
    """Count what the database holds."""
    from ospo.store.maintenance import statistics

    path = _path(flags)
    with _opened(path) as connection:
        values = {"path": str(path)} | asdict(statistics(connection))
    if format_ == "json":
        show(json_text(values))
        return
    rows = [(name.replace("_", " "), _shown(value)) for name, value in values.items()]
    click.echo(table(("WHAT", "VALUE"), rows))


@command.command("check")
@table_or_json
@common
def check(format_: str, **flags: Any) -> int:
    """Read the whole database and tell what is damaged; exit code 3 when something is."""
    from ospo.store.maintenance import integrity

    path = _path(flags)
    with _opened(path) as connection:
        damages = integrity(connection)
    if format_ == "json":
        show(json_text({"path": str(path), "damages": damages}))
    else:
        click.echo("\n".join(map(one_line, damages or (f"{path} is whole",))))
    return StoreError.exit_code if damages else 0


@command.command("vacuum")
@common
def vacuum(**flags: Any) -> None:
    """Give the space of what was deleted back; needs as much again while it runs."""
    from ospo.store import maintenance
    from ospo.store.database import connect

    path = _path(flags)
    with _opened(path) as connection:
        before = maintenance.statistics(connection).bytes
    with _explained(path, connect(path)) as connection:
        maintenance.vacuum(connection)
        after = maintenance.statistics(connection).bytes
    click.echo(f"{one_line(str(path))}: {before:,} bytes before, {after:,} bytes now")


def _path(flags: dict[str, Any]) -> Path:
    return load_settings(flags, quiet=flags["quiet"]).database


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the database for reading.

    Raises:
        StoreError: there is none, it is not ours, or what is asked for is damaged.
    """
    from ospo.store.database import connect_read_only

    with _explained(path, connect_read_only(path)) as connection:
        yield connection


@contextmanager
def _explained(path: Path, connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Close the connection in the end, and explain what SQLite cannot read."""
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"cannot read {path}: {error}", hint="`ospo db check` tells what is damaged"
        ) from error
    finally:
        connection.close()


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
