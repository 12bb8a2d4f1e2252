"""A database of the first version is brought up to date with all that it holds."""

import sqlite3
from pathlib import Path

import pytest
import sqlite_utils
from made_results import finding, result
from sqlite_utils import Migrations

from ospo.errors import StoreError
from ospo.model import State
from ospo.store import database, maintenance, schema, writer
from ospo.store.finding_queries import finding_detail, finding_id, findings

FIRST_SEEN, SEEN = 1_700_000_000, 1_700_000_100


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database as the first version wrote it: only its migration applied, two findings in it."""
    path = tmp_path / "ospo.db"
    store = sqlite_utils.Database(path)
    first = Migrations("ospo")
    first(name="0001-spine")(lambda db: db.executescript(schema._TABLES + schema._VIEWS))
    first.apply(store)
    store.execute(f"PRAGMA application_id = {database.APPLICATION_ID}")
    store.execute("PRAGMA user_version = 1")
    store.conn.executescript(
        f"""
        INSERT INTO target VALUES (1, 'registry.example/app:1', 'image', 'registry.example/app', 1, 2);
        INSERT INTO artifact VALUES (1, 'sha256:{"1".rjust(64, "0")}', 'linux/amd64', 'image', '', '', '',
          '[]', NULL, 'f1', 1, 1, 0);
        INSERT INTO observation VALUES (1, 1, 1, 1);
        INSERT INTO current_artifact VALUES (1, 'linux/amd64', 1, 'app:1', '', 1);
        INSERT INTO finding VALUES
          (1, 'registry.example/app a', 'unknown-license', 'medium', 'registry.example/app', 'a', 'm', 'f',
           'open', {FIRST_SEEN}, {SEEN}),
          (2, 'registry.example/app b', 'unknown-license', 'medium', 'registry.example/app', 'b', 'm', 'f',
           'waived', {FIRST_SEEN}, {SEEN});
        INSERT INTO finding_occurrence VALUES (1, 1, 1, 1, 1, 1), (2, 1, 1, 1, 1, 1);
        INSERT INTO finding_event VALUES (1, 1, 1, 'opened', 'a'), (2, 2, 1, 'opened', 'b');
        """
    )
    store.close()
    return path


def test_reading_alone_changes_nothing(old: Path) -> None:
    with pytest.raises(StoreError, match="older schema"):
        database.connect_read_only(old)


def test_what_was_found_is_still_there(old: Path) -> None:
    database.connect(old).close()
    connection = database.connect_read_only(old)
    assert database.schema_version(connection) == database.SCHEMA_VERSION == 3
    assert maintenance.integrity(connection) == ()
    rows = findings(connection)
    assert [(row.subject, row.state, row.outcome, row.enforcement) for row in rows] == [
        ("a", State.OPEN, "fail", "audit"),
        ("b", State.OPEN, "fail", "audit"),
    ]
    detail = finding_detail(connection, finding_id(connection, "registry.example/app a"))
    assert detail is not None
    assert (detail.rule, detail.waiver) == (None, None)
    assert [event.event for event in detail.events] == ["opened"]
    assert connection.execute("SELECT count(*) FROM v_open_findings").fetchone() == (2,)
    connection.close()


def test_the_next_evaluation_goes_on_where_the_old_one_ended(old: Path) -> None:
    connection = database.connect(old)
    writer.save(connection, result(), [finding("a")])
    assert maintenance.integrity(connection) == ()
    rows = connection.execute("SELECT subject, state, enforcement, first_seen FROM finding").fetchall()
    assert rows == [("a", "open", "enforce", FIRST_SEEN), ("b", "fixed", "audit", FIRST_SEEN)]
    connection.close()


def test_a_new_database_and_one_brought_up_to_date_have_the_same_tables(old: Path, tmp_path: Path) -> None:
    def described(path: Path) -> list[tuple[str, ...]]:
        database.connect(path).close()
        connection = sqlite3.connect(path)
        rows = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        ).fetchall()
        connection.close()
        return rows

    assert described(old) == described(tmp_path / "new.db")


def test_killed_halfway_nothing_has_changed(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Migrations("ospo")
    broken(name="0001-spine")(lambda db: None)
    broken(name="0002-deciding")(lambda db: db.executescript(schema._DECIDING + "SELECT nonsense;"))
    with monkeypatch.context() as patched:
        patched.setattr(schema, "migrations", broken)
        with pytest.raises(StoreError):
            database.connect(old)
    connection = sqlite3.connect(old)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "waiver" not in names
    database.connect(old).close()
