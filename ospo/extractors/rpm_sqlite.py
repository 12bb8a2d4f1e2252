"""SQLite databases, in which rpm keeps packages since Fedora 33 and RHEL 9 (`rpmdb.sqlite`).

The file is hostile, and its schema is a program. It is opened as bytes, never by a path; nothing but the one
table is readable, and only if it is a plain table, so that no view, virtual table, generated column or index
of the file's own making is evaluated: https://www.sqlite.org/security.html. Format of the file:
https://www.sqlite.org/fileformat2.html, of the table:
https://github.com/rpm-software-management/rpm/blob/rpm-4.18.x/lib/backend/sqlite.c
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from ospo.errors import ParseError
from ospo.extractors.interface import File
from ospo.extractors.rpm_wal import applied

NAME = "rpmdb.sqlite"
LOG = NAME + "-wal"
MAGIC = b"SQLite format 3\0"

_SCHEMA = "SELECT rootpage, sql FROM sqlite_schema WHERE name = 'Packages' COLLATE NOCASE"
_COLUMNS = "table_xinfo"
_BLOBS = "SELECT blob FROM Packages NOT INDEXED"
_MESSAGE_MAX = 200
_MEMORY_FILES = 8
"""How many times `limits.memory_file` a database may have: it is one file, and full systems have 120 MB."""
_STEPS_MAX = 50_000_000
"""Instructions of SQLite's machine: seconds, and a hundred times what the largest system takes."""


def blobs(file: File) -> Iterator[bytes | ParseError]:
    """Yield the header of each package.

    Raises:
        ParseError: the database is damaged, is not rpm's, or is larger than eight times `limits.memory_file`.
    """
    most = _MEMORY_FILES * file.limits.memory_file
    if file.size > most:
        raise ParseError(
            f"{file.size} bytes are more than {_MEMORY_FILES} times limits.memory_file ({most})",
            hint="raise [limits] memory_file in ospo.toml if the file is genuine",
        )
    data = file.read(0, file.size)
    try:
        data = applied(data, file.sibling(LOG) or b"", most)
    except ParseError as error:
        yield error
    # What is in the mode of write-ahead logging cannot be opened from memory.
    rollback = data[:18] + b"\1\1" + data[20:]
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            yield from _rows(connection, rollback)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter from a message that quotes the file
        raise ParseError(f"is a damaged SQLite database: {str(error)[:_MESSAGE_MAX]}") from error


def _rows(connection: sqlite3.Connection, data: bytes) -> Iterator[bytes | ParseError]:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, len(data))
    connection.set_progress_handler(lambda: 1, _STEPS_MAX)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.deserialize(data)
    connection.set_authorizer(_allowed)
    if not _is_table(connection.execute(_SCHEMA).fetchmany(2)) or _computes(connection):
        raise ParseError("is a SQLite database without a plain table Packages")
    unread = len(data)
    for (blob,) in connection.execute(_BLOBS):
        if not isinstance(blob, bytes):
            yield ParseError("has a row that is no blob")
            continue
        unread -= len(blob)
        if unread < 0:
            raise ParseError("has rows that share pages")
        yield blob


def _is_table(found: list[tuple[object, object]]) -> bool:
    """Tell whether what is called Packages is a stored table: virtual tables and views have no root page.

    A view under that name would be expanded before anything can refuse it.
    """
    return len(found) == 1 and bool(found[0][0]) and str(found[0][1]).upper().startswith("CREATE TABLE")


def _computes(connection: sqlite3.Connection) -> bool:
    """Tell whether a column of the table is an expression: it may take forever within a single step."""
    return any(hidden for *_, hidden in connection.execute(f"PRAGMA {_COLUMNS}('Packages')"))


def _allowed(action: int, name: str | None, _column: str | None, _file: str | None, inner: str | None) -> int:
    """Admit reading the schema and the table, and nothing that a view or trigger asks for."""
    reads = action == sqlite3.SQLITE_READ and name in ("sqlite_master", "Packages")
    asks = action == sqlite3.SQLITE_PRAGMA and name == _COLUMNS
    allowed = not inner and (reads or asks or action == sqlite3.SQLITE_SELECT)
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY
