"""Layer facts that need not be computed again: one SQLite file that may be deleted at any time.

The cache never fails a scan: whatever is wrong with it is a warning and a miss. Facts decide a gate, so the
file is used only when nobody but its owner can have written it, and an entry only when its checksum is right
(SQLite notices damage to its own structure, not to the values it keeps).
"""

import hashlib
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ospo.limits import GiB

DEFAULT_LIMIT = 2 * GiB
"""Bytes that the file may take."""

_VERSION = 1
_BUSY_SECONDS = 5.0
_TOUCH_SECONDS = 3600
"""How stale the time of the last use may get: a hit is to be a read, not a write."""

# An integer key, because rows of many kilobytes make a WITHOUT ROWID table slow: https://www.sqlite.org/withoutrowid.html
_TABLE = """
CREATE TABLE layer_facts (
  id INTEGER PRIMARY KEY,
  blob_digest TEXT NOT NULL,
  facts_version TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  checksum BLOB NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (blob_digest, facts_version)
)
"""

_PUT = """
INSERT INTO layer_facts (blob_digest, facts_version, used_at, checksum, data) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (blob_digest, facts_version) DO UPDATE SET
  used_at = excluded.used_at, checksum = excluded.checksum, data = excluded.data
"""

# Entries of another facts version help nobody but another installation of ospo: they go first.
_OLDEST_FIRST = "SELECT id, length(data) FROM layer_facts ORDER BY facts_version = ?, used_at, id"


class FactsCache:
    """What layers hold, by (blob digest, facts version). Threads and processes may share the file."""

    def __init__(
        self,
        path: Path,
        *,
        limit: int = DEFAULT_LIMIT,
        warn: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._limit = limit
        self._warn = warn
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._start()

    def get(self, blob_digest: str, facts_version: str) -> bytes | None:
        """Return what `put` was given, or None.

        The digest must have been computed from the blob's bytes, never be one that somebody claims.
        """
        return self._attempt(lambda connection: _get(connection, blob_digest, facts_version, self._now()))

    def put(self, blob_digest: str, facts_version: str, data: bytes) -> None:
        """Keep the facts of a layer; where that exceeds the limit, what was not used for longest goes."""
        if len(data) > self._limit:
            return
        self._attempt(
            lambda connection: _put(connection, blob_digest, facts_version, data, self._now(), self._limit)
        )

    def close(self) -> None:
        """Release the file; from then on every `get` is a miss."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _now(self) -> int:
        return int(self._clock())

    def _attempt(self, work: Callable[[sqlite3.Connection], bytes | None]) -> bytes | None:
        with self._lock:
            if self._connection is None:
                return None
            try:
                return work(self._connection)
            except sqlite3.OperationalError as error:  # locked, full, read-only: no use in trying on
                self._stop(error)
            except sqlite3.DatabaseError as error:
                self._start_again(error)
        return None

    def _start(self) -> None:
        try:
            _require_private(self._path)
            self._connection = _connect(self._path)
        except (OSError, sqlite3.OperationalError) as error:
            self._stop(error)
        except sqlite3.DatabaseError as error:
            self._start_again(error)

    def _start_again(self, damage: sqlite3.DatabaseError) -> None:
        """Replace a damaged file by an empty one."""
        self._warn(f"the cache {self._path} is damaged and starts again empty: {damage}")
        try:
            if self._connection is not None:
                self._connection.close()
            for path in _files(self._path):
                path.unlink(missing_ok=True)
            _require_private(self._path)
            self._connection = _connect(self._path)
        except (OSError, sqlite3.Error) as error:
            self._stop(error)

    def _stop(self, error: Exception) -> None:
        why = os.strerror(error.errno).lower() if isinstance(error, OSError) and error.errno else error
        self._warn(f"the cache {self._path} is not used: {why}")
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _files(path: Path) -> tuple[Path, ...]:
    """Name the files that SQLite keeps for one database in WAL mode."""
    return (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))


def _require_private(path: Path) -> None:
    """Create folder and file where they are missing, and refuse what others could have written.

    Raises:
        OSError: they cannot be created, belong to another user, or others may write to them.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    _refuse_shared(path.parent, path.parent.stat())
    for file in _files(path):
        with suppress(FileNotFoundError):
            _refuse_shared(file, file.lstat())


def _refuse_shared(path: Path, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise PermissionError(f"{path} is a symbolic link")
    if status.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to another user; choose another folder by OSPO_CACHE_DIR")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"others may write to {path}; take that away by `chmod go-w`")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("PRAGMA journal_mode = WAL")
        # A power failure may damage the file; it is made anew then.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA trusted_schema = OFF")
        if version == 0:
            _create_table(connection)
        elif version != _VERSION:
            raise sqlite3.DatabaseError(f"it has version {version}, not {_VERSION}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _create_table(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 0:  # no other process was first
        connection.execute(_TABLE)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
    connection.execute("COMMIT")


def _get(connection: sqlite3.Connection, digest: str, version: str, now: int) -> bytes | None:
    row = connection.execute(
        "SELECT id, data, checksum, used_at FROM layer_facts WHERE blob_digest = ? AND facts_version = ?",
        (digest, version),
    ).fetchone()
    if row is None:
        return None
    data: bytes = row[1]
    if _checksum(digest, version, data) != row[2]:
        raise sqlite3.DatabaseError(f"the checksum of {digest} is wrong")
    if now - row[3] > _TOUCH_SECONDS:
        connection.execute("UPDATE layer_facts SET used_at = ? WHERE id = ?", (now, row[0]))
    return data


def _put(
    connection: sqlite3.Connection, digest: str, version: str, data: bytes, now: int, limit: int
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(_PUT, (digest, version, now, _checksum(digest, version, data), data))
        _evict(connection, version, limit)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _evict(connection: sqlite3.Connection, version: str, limit: int) -> None:
    """Delete until nine tenths of the limit are used, so that not every `put` has to."""
    used = _bytes_used(connection)
    if used <= limit:
        return
    excess = used - limit * 9 // 10
    for row_id, size in connection.execute(_OLDEST_FIRST, (version,)).fetchall():
        connection.execute("DELETE FROM layer_facts WHERE id = ?", (row_id,))
        excess -= size
        if excess <= 0:
            return


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _checksum(digest: str, version: str, data: bytes) -> bytes:
    return hashlib.sha256(b"\0".join((digest.encode(), version.encode(), data))).digest()
