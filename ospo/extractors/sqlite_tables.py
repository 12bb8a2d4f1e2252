"""Plain tables of SQLite databases that nobody vouches for.

A database's schema is a program. The file is opened as bytes, never by a path; nothing but the tables asked
for is readable, and only if they are stored tables, so that no view, virtual table, trigger, generated column
or index of the file's own making is evaluated: https://www.sqlite.org/security.html. Format of the file:
https://www.sqlite.org/fileformat2.html
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

from ospo.errors import ParseError
from ospo.extractors.interface import File

_MAGIC = b"SQLite format 3\0"
_SCHEMA = "SELECT rootpage, sql FROM sqlite_schema WHERE name = ? COLLATE NOCASE"
_MESSAGE_MAX = 200
_STEPS_MAX = 100_000_000
"""Instructions of SQLite's machine: seconds, and ten times what the largest file that fits takes."""
_COLUMNS_MAX = 2000
"""SQLite admits no more: https://www.sqlite.org/limits.html#max_column"""
_ROW_MIN = 8
"""Bytes of the smallest row of two columns with its place on the page."""


def rows(file: File, tables: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield (table, values of its columns) for every row, one table after the other.

    The names of tables and columns are the caller's own, never from a file.

    Raises:
        ParseError: the database is damaged, lacks one of the tables, or is larger than `limits.memory_file`.
    """
    data = file.data
    if not data.startswith(_MAGIC):
        raise ParseError("is no SQLite database")
    # Without the log beside it, a database in the mode of write-ahead logging cannot be opened from memory.
    rollback = data[:18] + b"\1\1" + data[20:]
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            _open(connection, rollback, frozenset(tables))
            for table, columns in tables.items():
                _require_stored(connection, table)
                yield from _rows(connection, table, columns, len(data) // _ROW_MIN)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter from a message that quotes the file
        raise ParseError(f"is a damaged SQLite database: {str(error)[:_MESSAGE_MAX]}") from error


def _open(connection: sqlite3.Connection, data: bytes, tables: frozenset[str]) -> None:
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, len(data))
    connection.set_progress_handler(lambda: 1, _STEPS_MAX)
    for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON", "mmap_size = 0"):
        connection.execute(f"PRAGMA {pragma}")
    connection.deserialize(data)

    def allowed(action: int, name: str | None, _column: str | None, _file: str | None, by: str | None) -> int:
        """Admit reading the schema and the tables, and nothing that a view or trigger asks for."""
        reads = action == sqlite3.SQLITE_READ and (name == "sqlite_master" or name in tables)
        lists = action == sqlite3.SQLITE_PRAGMA and name == "table_xinfo"
        admitted = not by and (reads or lists or action == sqlite3.SQLITE_SELECT)
        return sqlite3.SQLITE_OK if admitted else sqlite3.SQLITE_DENY

    connection.set_authorizer(allowed)


def _require_stored(connection: sqlite3.Connection, table: str) -> None:
    """Refuse what is called like a table and is none, and columns that are computed: nothing stops either."""
    found = connection.execute(_SCHEMA, (table,)).fetchmany(2)
    stored = len(found) == 1 and found[0][0] and str(found[0][1]).upper().startswith("CREATE TABLE")
    if not stored:
        raise ParseError(f"is a SQLite database without a table {table}")
    for *_, hidden in connection.execute(f"PRAGMA table_xinfo({table})").fetchmany(_COLUMNS_MAX):
        if hidden:
            raise ParseError(f"is a SQLite database whose table {table} has computed columns")


def _rows(
    connection: sqlite3.Connection, table: str, columns: tuple[str, ...], most: int
) -> Iterator[tuple[str, tuple[object, ...]]]:
    names = ", ".join(columns)
    for number, row in enumerate(connection.execute(f"SELECT {names} FROM {table} NOT INDEXED")):  # noqa: S608
        if number >= most:
            raise ParseError(f"has rows of {table} that share pages")
        yield table, row
