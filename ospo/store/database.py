"""Opening the database: its settings, its version, and the refusal of files that are not ours."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ospo.errors import StoreError

APPLICATION_ID = int.from_bytes(b"ospo", "big")
"""Stands in the header of every database of ours (https://www.sqlite.org/fileformat.html#application_id)."""

SCHEMA_VERSION = 3
"""How many migrations `ospo.store.schema` has, and what `PRAGMA user_version` says once they are applied."""

BUSY_SECONDS = 30.0
"""How long a writer waits for another one; the transaction of a scan takes a fraction of a second."""

# synchronous: in WAL mode NORMAL loses nothing when a process is killed; a power failure may take back the
# last scans but never damages the file. Scans can be repeated, and FULL would wait for the disk at each one.
# https://www.sqlite.org/pragma.html#pragma_synchronous
_SETTINGS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -16384",  # KiB
    "PRAGMA trusted_schema = OFF",  # the file may come from elsewhere
)

_ELSEWHERE = "name another database by --db or OSPO_DB"


def connect(path: Path, *, wait: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open the database for writing; create it, or bring its schema up to date, where that is due.

    The connection commits by itself: write inside `transaction`. It belongs to one thread. `wait` is how many
    seconds it waits for another writer.

    Raises:
        StoreError: the file cannot be used, is not ours, or was written by a newer ospo.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot create {path.parent}: {error.strerror}", hint=_ELSEWHERE) from error
    return _open(path, "rwc", _bring_up_to_date, wait)


def connect_read_only(path: Path, *, wait: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open an existing database for queries; a scan that is being written blocks none of them.

    `wait` is how many seconds a query waits where the whole file is locked, as while it is repaired.

    Raises:
        StoreError: there is none, the file cannot be used, is not ours, or has another schema version.
    """
    if not path.exists():
        raise StoreError(f"there is no database at {path}", hint="scan something first, or " + _ELSEWHERE)
    return _open(path, "ro", _require_current, wait)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock; commit at the end, roll back on any exception.

    Raises:
        StoreError: the database stays locked, the disk is full, or the file is damaged.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise write_failure(error) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Let several queries see the database as it is at one moment, whatever is written meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def schema_version(connection: sqlite3.Connection) -> int:
    """Return how many migrations have been applied to this database."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def write_failure(error: sqlite3.Error) -> StoreError:
    """Explain why SQLite could not write."""
    return StoreError(f"cannot write to the database: {error}", hint=_hint(error))


def _open(
    path: Path,
    mode: str,
    prepare: Callable[[sqlite3.Connection, Path], None],
    wait: float,
) -> sqlite3.Connection:
    """Connect, refuse what is not ours, apply the settings, then `prepare`; on failure nothing stays open."""
    address = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(address, uri=True, timeout=wait, isolation_level=None)
    except sqlite3.Error as error:
        raise _failure(path, error) from error
    try:
        _refuse_foreign(connection, path)
        for setting in _SETTINGS:
            connection.execute(setting)
        prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise _failure(path, error) from error
    except StoreError:
        connection.close()
        raise
    return connection


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    # Asked in this order: another process may create the tables in between, and it writes the id with them.
    if not _is_empty(connection) and _application(connection) != APPLICATION_ID:
        raise StoreError(f"{path} is the database of another program", hint=_ELSEWHERE)
    version = schema_version(connection)
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"{path} was written by a newer ospo: it has schema {version}, this one knows {SCHEMA_VERSION}",
            hint="update ospo, or " + _ELSEWHERE,
        )


def _application(connection: sqlite3.Connection) -> int:
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    return application


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _require_current(connection: sqlite3.Connection, path: Path) -> None:
    if schema_version(connection) < SCHEMA_VERSION:
        raise StoreError(f"{path} has an older schema", hint="the next `ospo scan` brings it up to date")


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Apply the migrations that are due, all in one transaction: killed halfway, nothing has changed."""
    connection.execute("PRAGMA temp_store = MEMORY")  # for the few rows that a writer stages
    if schema_version(connection) == SCHEMA_VERSION:
        return
    _switch_to_wal(connection)
    with transaction(connection):
        _refuse_foreign(connection, path)
        if schema_version(connection) < SCHEMA_VERSION:  # another process may have been first
            # 0.25 s of CPU to import, so only where it is needed.
            from sqlite_utils import Database

            from ospo.store.schema import migrations

            migrations.apply(Database(connection, execute_plugins=False))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Switch the journal; wait for others that do the same, which SQLite does not, lest two wait for ever."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
        time.sleep(0.02)


def _failure(path: Path, error: sqlite3.Error) -> StoreError:
    return StoreError(f"cannot use {path} as the database: {error}", hint=_hint(error))


def _hint(error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text:
        return "another process keeps it locked; try again when that has finished"
    if "full" in text:
        return "free space on the disk that holds the database"
    return _ELSEWHERE
