"""The database as screens see it: a connection for each worker, and one for the rows on the screen."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from ospo.errors import OspoError, StoreError
from ospo.store import finding_queries
from ospo.store.database import connect, connect_read_only
from ospo.store.rows import FindingRow

_WORKER_SECONDS = 5.0
_SCREEN_SECONDS = 0.2
"""How long the screen may stand still while the file is locked."""
_STEPS = 20_000
"""SQLite's steps, about a millisecond, between two questions whether a query is still wanted."""


class Source:
    """Opens connections to one database; says what went wrong in the words of `StoreError`."""

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        self.path = path
        self.clock = clock
        """Tells the seconds since 1970."""

    @contextmanager
    def reading(self, unwanted: Callable[[], bool] = bool) -> Iterator[sqlite3.Connection]:
        """Open the database for one worker; a query ends with an error as soon as it is `unwanted`.

        Raises:
            StoreError: it cannot be opened or read.
        """
        with closing(connect_read_only(self.path, wait=_WORKER_SECONDS)) as connection:
            connection.set_progress_handler(unwanted, _STEPS)
            with _explained(self.path):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open the database, which is there already, for one worker that writes.

        Raises:
            StoreError: it cannot be opened, read or written.
        """
        connect_read_only(self.path, wait=_WORKER_SECONDS).close()
        with closing(connect(self.path, wait=_WORKER_SECONDS)) as connection, _explained(self.path):
            yield connection


class Pages:
    """Reads what is on the screen, on the thread of the screen: a page takes some milliseconds."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._connection: sqlite3.Connection | None = None

    def findings(self, ids: Sequence[int]) -> dict[int, FindingRow]:
        """Return findings by id; one that is gone is left out.

        Raises:
            StoreError: the database cannot be read.
        """
        with _explained(self._source.path):
            return finding_queries.findings_by_id(self._opened(), tuple(ids), now=self._source.clock())

    def version(self) -> int:
        """Return a number that changes when anybody else has written.

        Raises:
            StoreError: the database cannot be read.
        """
        with _explained(self._source.path):
            return finding_queries.data_version(self._opened())

    def close(self) -> None:
        """Let go of the file; whatever is asked next opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect_read_only(self._source.path, wait=_SCREEN_SECONDS)
        return self._connection


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _read_failure(path, error) from error


def _read_failure(path: Path, error: sqlite3.Error) -> OspoError:
    if "locked" in str(error):
        return StoreError(f"{path} is locked by another process", hint="it is tried again each second")
    return StoreError(f"cannot read {path}: {error}", hint="`ospo db check` tells what is damaged")
