"""Opening the database: what is created, what is refused."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ospo.errors import StoreError
from ospo.store import database, schema


def test_creates_folder_and_file_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "ospo.db"
    connection = database.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA application_id").fetchone() == (database.APPLICATION_ID,)
    assert database.schema_version(connection) == database.SCHEMA_VERSION
    connection.close()
    assert [file.name for file in path.parent.iterdir()] == ["ospo.db"]


def test_schema_version_is_the_number_of_migrations(tmp_path: Path) -> None:
    import sqlite_utils

    database.connect(tmp_path / "ospo.db").close()
    store = sqlite_utils.Database(tmp_path / "ospo.db")
    assert len(schema.migrations.applied(store)) == database.SCHEMA_VERSION
    assert not schema.migrations.pending(store)
    store.close()


def test_settings_apply_to_every_connection(tmp_path: Path) -> None:
    database.connect(tmp_path / "ospo.db").close()
    for open_it in (database.connect, database.connect_read_only):
        connection = open_it(tmp_path / "ospo.db")
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
        assert connection.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
        connection.close()


def test_names_with_special_characters_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "50% ?mode=memory#ü.db"
    database.connect(path).close()
    database.connect_read_only(path).close()
    assert path.exists()


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "ospo.db").touch()
    database.connect(tmp_path / "ospo.db").close()
    connection = database.connect_read_only(tmp_path / "ospo.db")
    assert connection.execute("SELECT count(*) FROM artifact").fetchone() == (0,)
    connection.close()


def test_read_only_connection_cannot_write(tmp_path: Path) -> None:
    database.connect(tmp_path / "ospo.db").close()
    connection = database.connect_read_only(tmp_path / "ospo.db")
    with pytest.raises(StoreError, match="readonly"), database.transaction(connection):
        connection.execute("INSERT INTO build_step (command) VALUES ('RUN true')")
    connection.close()


def test_reading_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no database at") as caught:
        database.connect_read_only(tmp_path / "ospo.db")
    assert "--db" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_newer_schema_and_leaves_it_alone(tmp_path: Path) -> None:
    connection = database.connect(tmp_path / "ospo.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    for open_it in (database.connect, database.connect_read_only):
        with pytest.raises(StoreError, match="newer ospo: it has schema 99, this one knows 3") as caught:
            open_it(tmp_path / "ospo.db")
        assert "update ospo" in caught.value.hint


def test_refuses_an_older_schema_for_reading_only(tmp_path: Path) -> None:
    path = tmp_path / "ospo.db"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {database.APPLICATION_ID}")
    connection.close()
    with pytest.raises(StoreError, match="older schema"):
        database.connect_read_only(path)
    database.connect(path).close()
    database.connect_read_only(path).close()


def test_refuses_the_database_of_another_program_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmark (address TEXT)")
    connection.close()
    before = path.read_bytes()
    for open_it in (database.connect, database.connect_read_only):
        with pytest.raises(StoreError, match="another program"):
            open_it(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"[database]\n" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_refuses_what_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ospo.db"
    path.write_bytes(content)
    for open_it in (database.connect, database.connect_read_only):
        with pytest.raises(StoreError, match="cannot use"):
            open_it(path)
    assert path.read_bytes() == content


def test_refuses_a_folder_and_a_place_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot use"):
        database.connect(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot create"):
        database.connect(tmp_path / "file" / "ospo.db")


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    connection = database.connect(tmp_path / "ospo.db")
    with pytest.raises(KeyError), database.transaction(connection):
        connection.execute("INSERT INTO build_step (command) VALUES ('RUN true')")
        raise KeyError
    assert connection.execute("SELECT count(*) FROM build_step").fetchone() == (0,)
    connection.close()


def test_a_locked_database_is_said_to_be_locked(tmp_path: Path) -> None:
    holder = database.connect(tmp_path / "ospo.db")
    waiter = database.connect(tmp_path / "ospo.db")
    waiter.execute("PRAGMA busy_timeout = 10")
    with database.transaction(holder), pytest.raises(StoreError, match="locked") as caught:  # noqa: SIM117
        with database.transaction(waiter):
            pass
    assert "another process" in caught.value.hint
    waiter.close()
    holder.close()


def test_sqlite_utils_is_imported_only_for_a_migration(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from ospo.store import cache, database, writer\n"
        "database.connect(pathlib.Path(sys.argv[1])).close(); print('sqlite_utils' in sys.modules)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "ospo.db")]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)]
    assert runs == ["True\n", "False\n"]
